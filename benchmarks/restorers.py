"""How long every restorer takes: ms for a garment, s for a megapixel, grey and in colour.

    python -m benchmarks.restorers                      # all
    python -m benchmarks.restorers universal wiener     # some

Each is run once before it is timed; the shortest of three runs, or of a second's worth, counts. `motion` has no symmetry, so that its inverse is found step by step.
"""

import argparse
import time

import numpy as np

from deblur.degrade import Degradation
from deblur.restore import RESTORERS, Restorer

GARMENT, SIDE = (28, 28), 1000
DEGRADATIONS = {"gaussian": Degradation("gaussian", {"size": 9, "sigma": 2}), "motion": Degradation("motion"), "median": Degradation("median"), "bilateral": Degradation("bilateral")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="restorers (default all)")
    names = parser.parse_args().names or list(RESTORERS)
    if unknown := set(names) - set(RESTORERS):
        parser.error(f"{', '.join(unknown)}: expected some of {', '.join(RESTORERS)}")
    print("| restorer | blur | garment, ms | 1 megapixel grey, s | colour, s |\n| --- | --- | --- | --- | --- |")
    for name in names:
        restorer = RESTORERS[name]
        accepted = {blur: degradation for blur, degradation in DEGRADATIONS.items() if restorer.accepts(degradation, GARMENT) is None}
        garments = {blur: seconds(restorer, degradation, GARMENT) for blur, degradation in accepted.items()}  # as on the page: before anything large
        for blur, degradation in accepted.items():
            grey, colour = (seconds(restorer, degradation, shape) for shape in ((SIDE, SIDE), (SIDE, SIDE, 3)))
            print(f"| {name} | {blur} | {1000 * garments[blur]:.1f} | {grey:.2f} | {colour:.2f} |", flush=True)


def seconds(restorer: Restorer, degradation: Degradation, shape: tuple[int, ...]) -> float:
    """The shortest of three runs or of what fits into a second, after one that is not counted, on a picture of noise."""
    blurred = degradation.apply(np.random.default_rng(0).random(shape, np.float32))
    taken: list[float] = []
    while len(taken) < 4 or sum(taken) < 1:
        start = time.perf_counter()
        restorer.restore(blurred, degradation)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


if __name__ == "__main__":
    main()
