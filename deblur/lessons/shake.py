"""Draw your shake: a painted path of the hand becomes a PSF, which is undone knowing it, almost knowing it, and not knowing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deblur import kernels, metrics
from deblur.degrade import Degradation
from deblur.estimate import estimate
from deblur.image import Picture, shrink
from deblur.kernels import Psf
from deblur.params import Choice, Param
from deblur.reasons import InputError, Reason
from deblur.restore import RESTORERS

MAX_SIDE = 31  # px, as far as the other filters reach
MAX_POINTS = 2000  # of a path
STRENGTH = Choice("strength", "medium", ("light", "medium", "strong"))
SIDES = {"light": 7, "medium": 13, "strong": 23}  # px that the path may span
SEED = Param("seed", 0, 0, 9999, 1)  # of a ready-made shake
TURN = Param("turn", 10, 0, 90, 5, "degrees")  # by how much the almost right PSF is off
STEPS_PER_PIXEL = 16  # of the light that a path leaves


def path_psf(points: Sequence[tuple[float, float]], side: int | None = None) -> Psf:
    """Turn a path into a PSF: light spread evenly along straight lines from point to point, each spot shared among the pixels around it.

    The centre of the light lies in the middle, so that the blurred picture stays where it was.

    Args:
        points: (row, column) in px, in the order they were painted; one alone leaves a point.
        side: Scale the path to this many px on its longer side, 2 to `MAX_SIDE`; left as it is if left out.

    Raises:
        ValueError: There is no point or more than `MAX_POINTS`, one is not finite, the path is longer than `MAX_SIDE` px on a side, or `side` is
            out of range.
    """
    if len(points) > MAX_POINTS:
        raise InputError("too_many_points", "a path of {count} points: expected at most {limit}. Paint a shorter line.", count=len(points), limit=MAX_POINTS)
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
    return _gathered(spots - light @ spots / light.sum(), light)


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


def camera_path(strength: str = STRENGTH.default, seed: int | np.random.Generator = 0) -> NDArray[np.float64]:
    """The path behind `camera_shake` of the same seed: where the hand was at equal intervals of time, (steps, 2), px down and right of the middle.

    Raises:
        ValueError: The strength is none of `STRENGTH.options`.
    """
    return kernels.shake_path(np.random.default_rng(seed), SIDES[STRENGTH.check(strength)])


def turned(psf: Psf, degrees: float) -> Psf:
    """Turn a PSF counter-clockwise about its middle; the light of each pixel is shared among the four around its new place."""
    radians = np.deg2rad(degrees)
    rows, columns = (places.reshape(-1) - size // 2 for places, size in zip(np.indices(psf.shape), psf.shape, strict=True))
    spots = np.stack([rows * np.cos(radians) - columns * np.sin(radians), rows * np.sin(radians) + columns * np.cos(radians)], axis=1)
    lit = psf.reshape(-1) > 0
    return _gathered(np.round(spots[lit], 9), psf.reshape(-1)[lit])


@dataclass(frozen=True)
class Attempt:
    """One way to undo a shake.

    Attributes:
        believed: The degradation that the restorer was told.
        restored: What it made of that; None where it refused.
        reason: Why it refused.
        psnr: Of the restored picture.
        gain: dB over doing nothing.
        confidence: Of the estimate, where there was one.
    """

    believed: Degradation | None
    restored: Picture | None = None
    reason: Reason | None = None
    psnr: float | None = None
    gain: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Undone:
    """A shaken picture and what became of it with the right PSF, with one that is turned, and with the filter the picture seems to have suffered, if any."""

    right: Attempt
    turned: Attempt
    estimated: Attempt


def undo(sharp: Picture, blurred: Picture, degradation: Degradation, restorer: str, turn: float = TURN.default) -> Undone:
    """Restore a shaken picture three times; the restorer's own parameters keep their defaults.

    Args:
        sharp: The truth.
        blurred: What `degradation` made of it.
        degradation: With a PSF.
        restorer: A key of `RESTORERS`.
        turn: By how many degrees the almost right PSF is turned.
    """
    psf = degradation.psf
    assert psf is not None, "a shake is a convolution"
    almost = degradation.with_(custom=turned(psf, turn))
    first, second = (_attempt(sharp, blurred, believed, restorer) for believed in (degradation, almost))
    try:
        likeliest = estimate(blurred)[0]
    except InputError as refusal:
        return Undone(first, second, Attempt(None, reason=refusal.reason))
    return Undone(first, second, _attempt(sharp, blurred, likeliest.degradation, restorer, likeliest.confidence))


def _attempt(sharp: Picture, blurred: Picture, believed: Degradation, restorer: str, confidence: float | None = None) -> Attempt:
    try:
        restored = RESTORERS[restorer].restore(blurred, believed)
    except InputError as refusal:
        return Attempt(believed, reason=refusal.reason, confidence=confidence)
    before, after = metrics.psnr(blurred, sharp), metrics.psnr(restored, sharp)
    return Attempt(believed, restored, None, after, 0.0 if before == after else after - before, confidence)


def _gathered(spots: NDArray[np.float64], light: NDArray[np.float64]) -> Psf:
    """Light at places between the pixels, (count, 2) px down and right of the middle, shared among the four pixels around each."""
    reach = int(np.ceil(np.abs(spots).max())) + 1
    psf = np.zeros((2 * reach + 1,) * 2)
    corner = np.floor(spots).astype(np.int64)
    part = spots - corner
    for down, right in np.ndindex(2, 2):
        share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1]) * light
        np.add.at(psf, (corner[:, 0] + down + reach, corner[:, 1] + right + reach), share)
    return kernels.check_psf(_trimmed(psf))


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
