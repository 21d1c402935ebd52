"""What a border costs: photographs blurred with all that lay around them, restored as if mirrored, and as unknown.

    python -m benchmarks.border --photos FOLDER     # FOLDER holds photographs; the middles of the first eight count

Each is blurred by a hand shake with nothing mirrored (valid convolution), given noise and stored in 8 bits. "seen mirrored" is what the same
restorer reaches where the border really was mirrored, "taken for unknown" what it loses there by not knowing that.
"""

import argparse
from pathlib import Path

import numpy as np

from deblur import kernels
from deblur.degrade import Degradation
from deblur.image import Picture, read_image, to_grey
from deblur.metrics import psnr
from deblur.restore import RESTORERS

SIDE, SHAKES, NOISES, NAMES = 192, (13, 23), (0.0, 0.01, 0.03), ("wiener", "total_variation", "universal")
BORDERS = ("mirrored", "unknown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    paths = sorted(parser.parse_args().photos.glob("*.jpg"))[:8]
    pictures = [to_grey(read_image(path)) for path in paths]
    print("| shake, px | noise | restorer | as mirrored | as unknown | seen mirrored | taken for unknown |\n| --: | --: | --- | --: | --: | --: | --: |")
    for side in SHAKES:
        psf = kernels.shake(np.random.default_rng(side), side)
        for noise in NOISES:
            degradation = Degradation.from_psf(psf, noise)
            for name in NAMES:
                figures = np.mean([measured(picture, degradation, name) for picture in pictures], axis=0)
                print(f"| {side} | {noise:g} | {name} | {' | '.join(f'{figure:.2f}' for figure in figures)} |", flush=True)


def measured(picture: Picture, degradation: Degradation, name: str) -> list[float]:
    """PSNR in dB of the four cases."""
    reach = max(degradation.psf.shape) // 2 + 1  # type: ignore[union-attr]
    top, left = ((length - SIDE) // 2 for length in picture.shape)
    around = np.ascontiguousarray(picture[top - reach : top + SIDE + reach, left - reach : left + SIDE + reach])
    sharp = np.ascontiguousarray(around[reach:-reach, reach:-reach])
    camera = np.ascontiguousarray(degradation.apply(around)[reach:-reach, reach:-reach])
    return [
        psnr(RESTORERS[name].restore(blurred, degradation.with_(border=border)), sharp)
        for blurred in (camera, degradation.apply(sharp)) for border in BORDERS
    ]


if __name__ == "__main__":
    main()
