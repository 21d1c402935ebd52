"""Restoring with known hand shakes on published pictures, which no network here has seen, to compare with published figures: PSNR in dB, seconds.

    python -m benchmarks.published --kernels Levin09.mat --set12 FOLDER --levin FOLDER

* Levin09.mat, the eight kernels of Levin, Weiss, Durand, Freeman 2009, and Set12 (01.png to 12.png): `kernels/` and `testsets/set12` of
  https://github.com/cszn/DPIR
* the 32 pictures of the same authors, each really blurred (im1.png to im4.png and im1_kernel1_img.png to im4_kernel8_img.png, in one folder):
  `datasets/levin` and `datasets/levin/gt` of https://github.com/csdwren/SelfDeblur

Set12 is blurred by valid convolution, given noise (seeded) and stored in 8 bits; the whole blurred picture counts, and beside it its inside alone. The
real pictures are compared as their authors do: 15 px from the border are left out, and the best shift by quarters of a pixel is taken. Their noise
is 1.5/255 as measured by Kruse, Rother, Schmidt 2017.
"""

import argparse
import time
from pathlib import Path

import cv2
import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from deblur.degrade import UNKNOWN, Degradation
from deblur.image import Picture, clip, read_image, to_grey
from deblur.kernels import Psf
from deblur.metrics import psnr
from deblur.restore import RESTORERS

NOISES, REAL_NOISE = (2.55, 7.65), 1.5  # of 255
INSIDE = 16  # px
LEFT_OUT, SHIFTS = 15, 5  # px: what is looked at, moved, stays inside the picture
PUBLISHED = {  # FDN: Kruse, Rother, Schmidt 2017; EPLL: Zoran, Weiss 2011; IRCNN: Zhang, Zuo, Gu, Zhang 2017; VEM: Nan, Quan, Ji 2020
    "Set12, noise 2.55": "VEM 31.93, FDN 31.43, IRCNN 30.53",
    "Set12, noise 7.65": "VEM 28.47, FDN 27.89, IRCNN 27.09",
    "Levin 2009, real": "FDN 35.09, EPLL 34.75",
}
NAMES = ("wiener", "total_variation", "universal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", type=Path, required=True)
    parser.add_argument("--set12", type=Path)
    parser.add_argument("--levin", type=Path)
    options = parser.parse_args()
    if not (options.set12 or options.levin):
        parser.error("nothing to restore: expected --set12, --levin, or both")
    kernels = read_kernels(options.kernels)
    print("| pictures | restorer | PSNR | inside | seconds each | published |\n| --- | --- | --: | --: | --: | --- |")
    for name in NAMES:
        if options.set12:
            for noise in NOISES:
                print(row(f"Set12, noise {noise}", name, synthetic(options.set12, kernels, noise / 255, name)), flush=True)
        if options.levin:
            print(row("Levin 2009, real", name, real(options.levin, kernels, name)), flush=True)


def row(pictures: str, name: str, figures: NDArray) -> str:
    whole, inside, seconds = figures
    inner = "–" if np.isnan(inside) else f"{inside:.2f}"
    return f"| {pictures} | {name} | {whole:.2f} | {inner} | {seconds:.2f} | {PUBLISHED[pictures]} |"


def read_kernels(path: Path) -> list[Psf]:
    with h5py.File(path) as file:
        return [np.asarray(file[place]).T for place in np.asarray(file["kernels"]).ravel()]


def synthetic(folder: Path, kernels: list[Psf], noise: float, name: str) -> NDArray:
    """Mean PSNR, PSNR inside, and seconds."""
    figures = []
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        sharp = to_grey(read_image(path))
        for place, psf in enumerate(kernels):
            rng = np.random.default_rng((number, place))
            degradation = Degradation.from_psf(psf, noise, border=UNKNOWN)
            blurred = degradation.spoil(clip(fftconvolve(sharp, psf, mode="valid")), rng)
            restored, seconds = restore(blurred, degradation, name)
            reach = psf.shape[0] // 2
            seen = sharp[reach:-reach, reach:-reach]
            figures.append((psnr(restored, seen), psnr(*(picture[INSIDE:-INSIDE, INSIDE:-INSIDE] for picture in (restored, seen))), seconds))
    return np.mean(figures, axis=0)


def real(folder: Path, kernels: list[Psf], name: str) -> NDArray:
    """The same for the pictures that a camera blurred."""
    figures = []
    for picture in range(1, 5):
        sharp = to_grey(read_image(folder / f"im{picture}.png"))
        for place, psf in enumerate(kernels, 1):
            blurred = to_grey(read_image(folder / f"im{picture}_kernel{place}_img.png"))
            turned = psf[::-1, ::-1]  # these were kept as correlation has them
            restored, seconds = restore(blurred, Degradation.from_psf(turned, REAL_NOISE / 255, border=UNKNOWN), name)
            best = best_shift(restored, sharp)
            figures.append((best, np.nan, seconds))
    return np.mean(figures, axis=0)


def restore(blurred: Picture, degradation: Degradation, name: str) -> tuple[Picture, float]:
    start = time.perf_counter()
    return RESTORERS[name].restore(blurred, degradation), time.perf_counter() - start


def best_shift(restored: Picture, sharp: Picture) -> float:
    """PSNR at the best shift: first by whole pixels, then by quarters around it."""
    inner = slice(LEFT_OUT, -LEFT_OUT)

    def at(down: float, across: float) -> float:
        moved = cv2.warpAffine(restored, np.array([[1, 0, across], [0, 1, down]], float), sharp.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return psnr(moved[inner, inner], sharp[inner, inner])

    whole, quarters = range(-SHIFTS, SHIFTS + 1), np.arange(-0.75, 0.76, 0.25)
    _, down, across = max((at(first, second), first, second) for first in whole for second in whole)
    return max(at(down + first, across + second) for first in quarters for second in quarters)


if __name__ == "__main__":
    main()
