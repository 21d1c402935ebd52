"""Linear blurs as products of spectra, under the border that the filters use (mirrored without repeating the edge, reflect-101)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deblur.kernels import Psf

Filter = Callable[[NDArray, NDArray], NDArray]  # (spectrum of the blur H, squared frequency in (radians/px)²) -> spectrum of the answer


def is_doubly_symmetric(psf: Psf) -> bool:
    """Say whether the PSF equals itself mirrored left-right and mirrored up-down, to rounding."""
    return bool(np.allclose(psf, psf[::-1], atol=1e-9) and np.allclose(psf, psf[:, ::-1], atol=1e-9))


def filter_with(picture: NDArray, psf: Psf, answer: Filter) -> NDArray[np.float64]:
    """Multiply the picture's spectrum by what `answer` makes of the blur's.

    Exact for a doubly symmetric PSF: under reflect-101 the type-I cosine transform turns such a blur into a product. For any other PSF
    the picture is mirrored far enough out for the seam to fade, and the Fourier transform is used: not exact near the border.

    Args:
        picture: (H, W) or (H, W, 3), both sides at least 2 px.
        psf: Odd sides, sum 1.
    """
    if is_doubly_symmetric(psf):
        return _by_cosines(picture, psf, answer)
    return _by_fourier(picture, psf, answer)


def _by_cosines(picture: NDArray, psf: Psf, answer: Filter) -> NDArray[np.float64]:
    height, width = picture.shape[:2]
    rows, columns = np.pi * np.arange(height) / (height - 1), np.pi * np.arange(width) / (width - 1)
    reach_down, reach_right = psf.shape[0] // 2, psf.shape[1] // 2
    over_rows = np.cos(np.outer(rows, np.arange(-reach_down, reach_down + 1)))
    over_columns = np.cos(np.outer(columns, np.arange(-reach_right, reach_right + 1)))
    blur = over_rows @ psf @ over_columns.T
    factor = answer(blur, rows[:, None] ** 2 + columns[None, :] ** 2)
    spectrum = fft.dctn(picture.astype(np.float64), type=1, axes=(0, 1))
    return fft.idctn(spectrum * _over_channels(factor, picture), type=1, axes=(0, 1))


def _by_fourier(picture: NDArray, psf: Psf, answer: Filter) -> NDArray[np.float64]:
    margins = [(min(4 * side, size - 1), min(4 * side, size - 1)) for side, size in zip(psf.shape, picture.shape[:2], strict=True)]
    wide = np.pad(picture.astype(np.float64), margins + [(0, 0)] * (picture.ndim - 2), mode="reflect")
    wide = _fade_seam(wide, margins)
    shape = wide.shape[:2]
    kernel = np.zeros(shape)
    kernel[: psf.shape[0], : psf.shape[1]] = psf
    kernel = np.roll(kernel, (-(psf.shape[0] // 2), -(psf.shape[1] // 2)), axis=(0, 1))
    rows, columns = 2 * np.pi * fft.fftfreq(shape[0]), 2 * np.pi * fft.rfftfreq(shape[1])
    factor = answer(fft.rfft2(kernel), rows[:, None] ** 2 + columns[None, :] ** 2)
    spectrum = fft.rfft2(wide, axes=(0, 1)) * _over_channels(factor, wide)
    answered = fft.irfft2(spectrum, shape, axes=(0, 1))
    (top, _), (left, _) = margins
    return answered[top : top + picture.shape[0], left : left + picture.shape[1]]


def _fade_seam(wide: NDArray, margins: list[tuple[int, int]]) -> NDArray:
    """Blend the outermost half of each margin towards the opposite side, so that the periodic continuation has no jump."""
    for axis, (margin, _) in enumerate(margins):
        depth = max(1, margin // 2)
        share = (0.5 * (np.arange(depth) + 0.5) / depth).reshape([-1 if place == axis else 1 for place in range(wide.ndim)])
        first, last = np.split(wide, [depth], axis)[0], np.flip(np.split(wide, [wide.shape[axis] - depth], axis)[1], axis)
        seam = 0.5 * (first[tuple(slice(0, 1) if place == axis else slice(None) for place in range(wide.ndim))] + last[tuple(slice(0, 1) if place == axis else slice(None) for place in range(wide.ndim))])
        weight = 1 - 2 * share
        new_first, new_last = weight * seam + (1 - weight) * first, weight * seam + (1 - weight) * last
        middle = np.split(wide, [depth, wide.shape[axis] - depth], axis)[1]
        wide = np.concatenate([new_first, middle, np.flip(new_last, axis)], axis)
    return wide


def _over_channels(factor: NDArray, picture: NDArray) -> NDArray:
    return factor if picture.ndim == 2 else factor[..., None]
