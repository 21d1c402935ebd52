"""Draw your shake: a painted path of the hand becomes a PSF."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deblur import kernels
from deblur.image import shrink
from deblur.kernels import Psf
from deblur.params import Choice
from deblur.reasons import InputError

MAX_SIDE = 31  # px, as far as the other filters reach
STRENGTH = Choice("strength", "medium", ("light", "medium", "strong"))
SIDES = {"light": 7, "medium": 13, "strong": 23}  # px that the path may span
STEPS_PER_PIXEL = 16  # of the light that a path leaves


def path_psf(points: Sequence[tuple[float, float]], side: int | None = None) -> Psf:
    """Turn a path into a PSF: light spread evenly along straight lines from point to point, each spot shared among the pixels around it.

    The centre of the light lies in the middle, so that the blurred picture stays where it was.

    Args:
        points: (row, column) in px, in the order they were painted; one alone leaves a point.
        side: Scale the path to this many px on its longer side, 2 to `MAX_SIDE`; left as it is if left out.

    Raises:
        ValueError: There is no point, one is not finite, the path is longer than `MAX_SIDE` px on a side, or `side` is out of range.
    """
    path = np.asarray(points, np.float64)
    if path.ndim != 2 or path.shape[1:] != (2,) or not len(path) or not np.isfinite(path).all():
        raise InputError("bad_path", "path of shape {shape}: expected at least one finite (row, column). Paint a line.", shape=path.shape)
    _check_side(side)
    extent = float(np.ptp(path, axis=0).max())
    if side is not None and extent > 0:
        path, extent = path * ((side - 1) / extent), side - 1.0
    if extent > MAX_SIDE - 1:
        raise InputError(
            "path_too_long", "a path of {extent:.3g} px: expected at most {limit} px on a side. Give a side to scale it to.", extent=extent + 1, limit=MAX_SIDE
        )
    spots, light = _spots(path)
    spots -= light @ spots / light.sum()
    reach = int(np.ceil(np.abs(spots).max())) + 1
    psf = np.zeros((2 * reach + 1,) * 2)
    corner = np.floor(spots).astype(np.int64)
    part = spots - corner
    for down, right in np.ndindex(2, 2):
        share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1]) * light
        np.add.at(psf, (corner[:, 0] + down + reach, corner[:, 1] + right + reach), share)
    return kernels.check_psf(_trimmed(psf))


def mask_psf(mask: NDArray, side: int = MAX_SIDE) -> Psf:
    """Turn a painted picture into a PSF: what is painted becomes light, its bounding box is reduced to `side` px by averaging.

    Args:
        mask: (H, W), at least 0: 0 where nothing is painted.
        side: Longest side in px, 2 to `MAX_SIDE`.

    Raises:
        ValueError: Nothing is painted, a value is negative or not finite, or `side` is out of range.
    """
    _check_side(side)
    if mask.ndim != 2 or not np.isfinite(mask).all() or not mask.any() or mask.min() < 0:
        raise InputError("empty_mask", "mask of shape {shape}: expected (height, width), painted somewhere and nowhere negative. Paint a path.", shape=mask.shape)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    small = shrink(np.ascontiguousarray(box / box.max()), side).astype(np.float64)
    places = np.indices(small.shape).reshape(2, -1)
    middle = np.rint(places @ small.reshape(-1) / small.sum()).astype(int)
    reach = [max(at, size - 1 - at) for at, size in zip(middle, small.shape, strict=True)]
    psf = np.zeros([2 * far + 1 for far in reach])
    top, left = (far - at for far, at in zip(reach, middle, strict=True))
    psf[top : top + small.shape[0], left : left + small.shape[1]] = small
    return kernels.check_psf(psf)


def camera_shake(strength: str = STRENGTH.default, seed: int | np.random.Generator = 0) -> Psf:
    """Draw the path of an unsteady hand; the same seed gives the same one.

    Raises:
        ValueError: The strength is none of `STRENGTH.options`.
    """
    return kernels.shake(np.random.default_rng(seed), SIDES[STRENGTH.check(strength)])


def _spots(path: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points along the path, (count, 2), and the light each stands for, (count,)."""
    places, light = [path[:1]], [np.full(1, 1e-9)]  # a path without length is still a point
    for start, stop in pairwise(path):
        length = float(np.hypot(*(stop - start)))
        count = max(1, int(np.ceil(length * STEPS_PER_PIXEL)))
        places.append(start + (np.arange(count) + 0.5)[:, None] / count * (stop - start))
        light.append(np.full(count, length / count))
    return np.concatenate(places), np.concatenate(light)


def _trimmed(psf: NDArray[np.float64]) -> NDArray[np.float64]:
    while min(psf.shape) > 2 and not (psf[0].any() or psf[-1].any() or psf[:, 0].any() or psf[:, -1].any()):
        psf = psf[1:-1, 1:-1]
    return psf


def _check_side(side: int | None) -> None:
    if side is not None and not 2 <= side <= MAX_SIDE:
        raise InputError("bad_side", "side = {side}: expected 2 to {limit} px.", side=side, limit=MAX_SIDE)
