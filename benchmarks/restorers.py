"""How long every restorer takes: ms for a garment, s for a megapixel, grey and in colour.

    python -m benchmarks.restorers                      # all
    python -m benchmarks.restorers universal wiener     # some

Each is run once before it is timed; the shortest of three runs, or of a second's worth, counts. `motion` has no symmetry, so that its inverse is found step by step.
"""

import argparse
import time

import numpy as np

from deblur.degrade import Degradation
from deblur.image import Picture
from deblur.restore import RESTORERS, Restorer

SIDE = 1000
DEGRADATIONS = {"gaussian": Degradation("gaussian", {"size": 9, "sigma": 2}), "motion": Degradation("motion"), "median": Degradation("median"), "bilateral": Degradation("bilateral")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="restorers (default all)")
    names = parser.parse_args().names or list(RESTORERS)
    if unknown := set(names) - set(RESTORERS):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(RESTORERS)}")
    rng = np.random.default_rng(0)
    print("| restorer | blur | garment, ms | 1 megapixel grey, s | colour, s |\n| --- | --- | --- | --- | --- |")
    for name in names:
        accepted = {blur: degradation for blur, degradation in DEGRADATIONS.items() if RESTORERS[name].accepts(degradation, (28, 28)) is None}

        def measured(degradation: Degradation, *shape: int, name: str = name) -> float:
            return seconds(RESTORERS[name], degradation.apply(rng.random(shape, np.float32)), degradation)

        garments = {blur: measured(degradation, 28, 28) for blur, degradation in accepted.items()}  # as on the page: before anything large
        for blur, degradation in accepted.items():
            grey, colour = measured(degradation, SIDE, SIDE), measured(degradation, SIDE, SIDE, 3)
            print(f"| {name} | {blur} | {1000 * garments[blur]:.1f} | {grey:.2f} | {colour:.2f} |", flush=True)


def seconds(restorer: Restorer, blurred: Picture, degradation: Degradation) -> float:
    """The shortest of three runs or of what fits into a second, after one that is not counted."""
    taken: list[float] = []
    while len(taken) < 4 or sum(taken) < 1:
        start = time.perf_counter()
        restorer.restore(blurred, degradation)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


if __name__ == "__main__":
    main()
