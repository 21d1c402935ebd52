"""Choose the default strengths of the restorers.

    python -m deblur.tune --photos FOLDER     # a few minutes on two cores

Prints the mean PSNR that every strength of `TUNING` reaches on seeded degradations with a PSF, of validation garments and, from
FOLDER/train, of training photographs. The defaults in `deblur.restore` are the best compromise of the two columns.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deblur import metrics
from deblur.data import load_fashion_mnist, validation_split
from deblur.degrade import Degradation, draw
from deblur.evaluate_restorers import TUNING, middle
from deblur.image import Picture, from_bytes, read_image, to_grey
from deblur.restore import RESTORERS

LINEAR = ("gaussian", "average", "motion", "defocus")
SIDE = 97  # px of a photograph's middle

Case = tuple[Picture, Picture, Degradation]  # sharp, blurred, how


def cases(pictures: list[Picture], max_reach: int, seed: int) -> Iterator[Case]:
    """Blur each picture once, by the sliders' ranges."""
    rng = np.random.default_rng(seed)
    for sharp in pictures:
        degradation = draw(rng, LINEAR, max_reach=max_reach, max_noise=0.05, storages=("8-bit", "float"))
        yield sharp, degradation.apply(sharp, rng), degradation


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Choose the default strengths of the restorers.")
    parser.add_argument("--photos", type=Path, required=True, help="folder that holds train")
    parser.add_argument("--count", type=int, default=120, help="garments; a third as many photographs (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    held = validation_split(*load_fashion_mnist("train"))[1][0]
    garments = [from_bytes(held[place]) for place in rng.choice(len(held), options.count, replace=False)]
    paths = sorted((options.photos / "train").glob("*.jpg"))
    photographs = [middle(to_grey(read_image(paths[place])), SIDE) for place in rng.choice(len(paths), options.count // 3, replace=False)]
    columns = [list(cases(garments, 7, options.seed)), list(cases(photographs, 15, options.seed))]
    print("| restorer | strength | garments, dB | photographs, dB |\n| --- | --- | --: | --: |")
    print("| nothing | |", " | ".join(f"{np.mean([metrics.psnr(blurred, sharp) for sharp, blurred, _ in some]):.2f}" for some in columns), "|")
    for name, strengths in TUNING.items():
        for strength in strengths:
            reached = [
                np.mean([metrics.psnr(RESTORERS[name].restore(blurred, degradation, **strength), sharp) for sharp, blurred, degradation in some])
                for some in columns
            ]
            print(f"| {name} | {strength} |", " | ".join(f"{value:.2f}" for value in reached), "|", flush=True)


if __name__ == "__main__":
    main()
