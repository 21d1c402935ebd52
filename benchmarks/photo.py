"""Time and memory that the Photo tab's work takes: a colour photograph of 1, 4 and 12 megapixels.

    python -m benchmarks.photo                              # Wiener and the universal network
    python -m benchmarks.photo --megapixels 1 4 wiener      # some

Each case runs in a process of its own, so that the peak of its memory is its own. On a shared machine the processor's seconds are the
figure to trust.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from deblur.degrade import Degradation
from deblur.photo import restore_by_colour

DEGRADATION = Degradation("gaussian", {"size": 9, "sigma": 2})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["wiener", "universal"], help="restorers")
    parser.add_argument("--megapixels", nargs="+", type=float, default=[1, 4, 12])
    parser.add_argument("--one", action="store_true", help="measure in this process")
    asked = parser.parse_args()
    if asked.one:
        measure(asked.names[0], asked.megapixels[0])
        return
    print("| restorer | megapixels | s | processor s | peak memory, GB |\n| --- | --: | --: | --: | --: |", flush=True)
    for name in asked.names:
        for megapixels in asked.megapixels:
            subprocess.run([sys.executable, "-m", "benchmarks.photo", name, "--megapixels", str(megapixels), "--one"], check=True)


def measure(name: str, megapixels: float) -> None:
    """Restore a photograph with random grain, colour by colour, and print its row."""
    height = round((megapixels * 750_000) ** 0.5)
    sharp = np.random.default_rng(0).random((height, height * 4 // 3, 3), np.float32)
    blurred = DEGRADATION.apply(sharp)
    del sharp
    list(restore_by_colour(blurred[:64, :64], DEGRADATION, name))  # Keras and weights
    wall, own = time.perf_counter(), time.process_time()
    for _ in restore_by_colour(blurred, DEGRADATION, name):
        pass
    wall, own = time.perf_counter() - wall, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {name} | {megapixels:g} | {wall:.1f} | {own:.1f} | {peak:.2f} |", flush=True)


if __name__ == "__main__":
    main()
