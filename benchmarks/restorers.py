"""How long every restorer takes: ms for a garment, s for a megapixel, grey and in colour.

    python -m benchmarks.restorers                      # all
    python -m benchmarks.restorers universal wiener     # some
    python -m benchmarks.restorers --noise universal    # on noise instead: no picture takes longer

The garment is the first one of the test split, the megapixel scikit-image's camera man, in colour its astronaut, both mirrored to 1000 px a side. Each is
run once before it is timed; the shortest of three runs, or of a second's worth, counts. `motion` has no symmetry, so that its inverse is found step by step.
"""

import argparse
import time

import numpy as np

from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import Picture, from_bytes
from deblur.restore import RESTORERS, Restorer

SIDE = 1000  # px
SHAPES = ((28, 28), (SIDE, SIDE), (SIDE, SIDE, 3))  # of what is timed
DEGRADATIONS = {"gaussian": Degradation("gaussian", {"size": 9, "sigma": 2}), "motion": Degradation("motion"), "median": Degradation("median"), "bilateral": Degradation("bilateral")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="restorers (default all)")
    parser.add_argument("--noise", action="store_true", help="on noise instead of pictures")
    options = parser.parse_args()
    names = options.names or list(RESTORERS)
    if unknown := set(names) - set(RESTORERS):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(RESTORERS)}")
    garment, grey, colour = map(noise, SHAPES) if options.noise else pictures()
    print("| restorer | blur | garment, ms | 1 megapixel grey, s | colour, s |\n| --- | --- | --- | --- | --- |")
    for name in names:
        restorer = RESTORERS[name]
        accepted = {blur: degradation for blur, degradation in DEGRADATIONS.items() if restorer.accepts(degradation, garment.shape) is None}
        garments = {blur: seconds(restorer, degradation, garment) for blur, degradation in accepted.items()}  # as on the page: before anything large
        for blur, degradation in accepted.items():
            large = [seconds(restorer, degradation, picture) for picture in (grey, colour)]
            print(f"| {name} | {blur} | {1000 * garments[blur]:.1f} | {large[0]:.2f} | {large[1]:.2f} |", flush=True)


def pictures() -> list[Picture]:
    """A garment and a megapixel in grey and in colour."""
    from skimage import data

    mirrored = (np.pad(photo, [(0, SIDE - len(photo))] * 2 + [(0, 0)] * (photo.ndim - 2), "symmetric") for photo in (data.camera(), data.astronaut()))
    return [from_bytes(picture) for picture in (load_fashion_mnist("test")[0][0], *mirrored)]


def noise(shape: tuple[int, ...]) -> Picture:
    """Of this shape."""
    return np.random.default_rng(0).random(shape, np.float32)


def seconds(restorer: Restorer, degradation: Degradation, sharp: Picture) -> float:
    """The shortest of three runs or of what fits into a second, after one that is not counted."""
    blurred = degradation.apply(sharp)
    taken: list[float] = []
    while len(taken) < 4 or sum(taken) < 1:
        start = time.perf_counter()
        restorer.restore(blurred, degradation)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


if __name__ == "__main__":
    main()
