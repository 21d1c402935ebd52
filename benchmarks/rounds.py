"""What a more exact inverse and more rounds of the network bring, on pictures that the universal network was not trained on: PSNR, dB.

    python -m benchmarks.rounds --photos FOLDER    # the folder it was trained with: its last 20 photographs are held out

The inverse and the agreement with the data are found in steps, until what they leave is small beside the noise (`physics.ENOUGH`), but no more
than `physics.NUM_ITER_QUIET` says; the first table is without noise, in 8 bits.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deblur import kernels, physics, stream, universal, weights
from deblur.data import load_fashion_mnist, validation_split
from deblur.degrade import Degradation
from deblur.image import from_bytes

SIDE, GARMENTS = 160, 200
ENOUGH = (0.1, 0.03, 0.01, physics.ENOUGH, 0.001)  # of the noise variance, may be left
ROUNDS = (1, 2, 3, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    photos = stream.load_photos(parser.parse_args().photos)[-stream.HELD_PHOTOS :]
    pictures = np.stack([stream.middle(photo, SIDE) for photo in photos], axis=-1)
    _, (held, _) = validation_split(*load_fashion_mnist("train"))
    garments = np.stack([from_bytes(image) for image in held[:GARMENTS]], axis=-1)
    shakes = {f"shake {side}": Degradation.from_psf(kernels.shake(np.random.default_rng(seed), side), 0.0) for seed, side in ((3, 9), (4, 15), (5, 23))}
    long = {f"motion {length}": Degradation("motion", {"length": length, "angle": 30}) for length in (3, 9, 21)} | shakes
    print(table("photographs, left of the noise", [f"{share:g}" for share in ENOUGH], {name: [with_share(pictures, each, share) for share in ENOUGH] for name, each in long.items()}))
    settings = {label(each): each for each in (*stream.SETTINGS, *stream.VALIDATED)}
    for name, stack in (("garments", garments), ("photographs", pictures)):
        print(table(f"{name}, rounds", list(map(str, ROUNDS)), {setting: [with_rounds(stack, each, rounds) for rounds in ROUNDS] for setting, each in (settings | long).items()}))


def with_share(sharp: NDArray, degradation: Degradation, share: float) -> float:
    usual = physics.ENOUGH
    physics.ENOUGH = share
    try:
        return reached(sharp, degradation)
    finally:
        physics.ENOUGH = usual


def with_rounds(sharp: NDArray, degradation: Degradation, rounds: int) -> float:
    usual = universal.ROUNDS, universal.ROUNDS_LARGE
    universal.ROUNDS = universal.ROUNDS_LARGE = rounds
    try:
        return reached(sharp, degradation)
    finally:
        universal.ROUNDS, universal.ROUNDS_LARGE = usual


def reached(sharp: NDArray, degradation: Degradation) -> float:
    """Mean PSNR over pictures (H, W, N)."""
    rng = np.random.default_rng(0)
    blurred = np.stack([degradation.apply(sharp[..., place], rng) for place in range(sharp.shape[2])], axis=-1)
    restored = universal.restore_with(weights.load(universal.NAME), blurred, degradation)
    return float(np.mean(-10 * np.log10(np.mean((restored - sharp) ** 2, axis=(0, 1)))))


def label(degradation: Degradation) -> str:
    return " ".join(map(str, (degradation.blur, *degradation.values.values(), degradation.storage, degradation.noise)))


def table(title: str, columns: list[str], rows: dict[str, list[float]], places: int = 2) -> str:
    lines = [f"| {title} | {' | '.join(columns)} |", "| --- " + "| --: " * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(f'{value:.{places}f}' for value in values)} |" for name, values in rows.items())]) + "\n"


if __name__ == "__main__":
    main()
