"""A closer look at a motion blur: its length and angle from the power at every frequency, where `evidence` averages it and cannot tell an angle from its mirror image."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deblur.blur import BLURS
from deblur.condition import waves
from deblur.degrade import Degradation
from deblur.evidence import FINER, Prior
from deblur.image import Picture
from deblur.params import Param

SIDE = 257  # px; of a larger picture the middle tells enough
SMEAR = np.array([1.0, 4.0, 1.0]) / 6  # what Hann's window makes of the power at one frequency: shares for its neighbours and itself
LOBE = 2  # steps of the frequency over which the window smears the mean
TURNS = (-4, 0, 4)  # degrees from the first angle tried with every length
NEAR, NEAR_TURNS = 1, 5  # px and degrees around the best of these that are tried last
LADDER, LONG_LADDER = 3, 20  # noise variances tried with every motion, and with the last one

(_LENGTH,) = (param for param in BLURS["motion"].params if param.name == "length" and isinstance(param, Param))
LENGTHS = range(int(_LENGTH.low), int(_LENGTH.high) + 1)


class Streak(NamedTuple):
    """A motion, and how well it explains a picture; the better of two compares greater."""

    likelihood: float
    length: int
    angle: int
    variance: float  # of noise and rounding together


def sense(plane: Picture, prior: Prior, length: int, angle: int, variance: float) -> int:
    """Tell a motion's angle from its mirror image.

    Args:
        plane: (H, W) in [0, 1].
        prior: For pictures of its kind.
        length: px.
        angle: Degrees, right up to its sign.
        variance: Of noise and rounding.
    """
    return _Windowed(plane, prior).best([(length, angle), (length, -angle)], [variance]).angle


def refined(plane: Picture, prior: Prior, angle: int, least: float, most: float) -> Streak:
    """Find the motion that best explains a photograph's spectrum, at any length and near this angle.

    The border is faded out by a window, so that what moved in over it is not taken for noise; then the blur's zeros are seen in their places.

    Args:
        plane: (H, W) in [0, 1].
        prior: For photographs.
        angle: Degrees, near the right one.
        least: Variance of rounding alone.
        most: Of noise and rounding, not much less than the right one.

    Source: Whittle 1953 (likelihood of a spectrum); Cannon 1976 (a blur is known by the zeros of the spectrum); Hann's window.
    """
    seen = _Windowed(plane, prior)
    variances = _ladder(least, most, LADDER)
    best = seen.best(product(LENGTHS, (angle + turn for turn in TURNS)), variances)
    near = [length for length in LENGTHS if abs(length - best.length) <= NEAR]
    best = seen.best(product(near, range(best.angle - NEAR_TURNS, best.angle + NEAR_TURNS + 1)), variances)
    motion = [(best.length, best.angle)]
    best = seen.best(motion, _ladder(least, most * FINER[-1], LONG_LADDER))
    return seen.best(motion, list(np.maximum(FINER * best.variance, least)))


def _ladder(least: float, most: float, count: int) -> list[float]:
    return list(np.geomspace(least, max(least, most), count))


class _Windowed:
    """A picture's power at every frequency that is not the mean's, and what a motion leaves of the power expected there."""

    def __init__(self, plane: Picture, prior: Prior) -> None:
        top, left = (max(0, (side - SIDE) // 2) for side in plane.shape)
        middle = plane[top : top + SIDE, left : left + SIDE].astype(np.float64)
        self.shape = middle.shape
        window = np.outer(*(np.hanning(side + 2)[1:-1] for side in self.shape))
        power = np.abs(fft.rfft2((middle - np.average(middle, weights=window)) * window)) ** 2 / np.sum(window**2)  # of white noise: its variance
        down, across = np.rint(fft.fftfreq(self.shape[0], 1 / self.shape[0])), np.arange(power.shape[1])
        self.turns = tuple(2 * np.pi * steps / side for steps, side in zip((down, across), self.shape, strict=True))
        self.told = np.hypot(down[:, None], across) > LOBE
        cells = (np.minimum((np.abs(turns) / np.pi * count).astype(int), count - 1) for turns, count in zip(self.turns, prior.power.shape, strict=True))
        self.power, self.prior = power[self.told].astype(np.float32), prior.power[np.ix_(*cells)]

    def best(self, motions: Iterable[tuple[int, int]], variances: Sequence[float]) -> Streak:
        tried = ((length, angle % 180, self.expected(length, angle % 180)) for length, angle in motions)
        return max(Streak(self._likelihood(shape, variance), length, angle, variance) for length, angle, shape in tried for variance in variances)

    def expected(self, length: int, angle: int) -> NDArray[np.float32]:
        """What a motion leaves of a picture's power, smeared by the window, but for its level; flat, over the frequencies that are told."""
        psf = Degradation("motion", {"length": length, "angle": angle}).psf
        assert psf is not None
        down, across = (waves(turns, side) for turns, side in zip(self.turns, psf.shape, strict=True))
        return smeared((np.abs(down @ psf @ across.T) ** 2 * self.prior).astype(np.float32), self.shape[1])[self.told]

    def _likelihood(self, shape: NDArray[np.float32], variance: float) -> float:
        noise = np.float32(variance)
        level = float(np.median(self.power / (shape + noise))) / np.log(2)
        expected = level * shape + noise
        for _ in range(3):  # towards the likeliest level
            own = shape / expected
            level *= float((own * self.power / expected).sum() / own.sum())
            expected = level * shape + noise
        return -float((np.log(expected) + self.power / expected).sum())


def smeared(power: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Spread the power of a real picture `width` px wide as Hann's window does; (H, width // 2 + 1) as of `rfft2`, which leaves out one of each two equal halves."""
    opposite = np.roll(power[::-1], 1, axis=0)  # at the frequencies of the other sign
    wide = np.hstack([opposite[:, 1:2], power, opposite[:, -1:] if width % 2 else opposite[:, -2:-1]])
    return cv2.sepFilter2D(np.vstack([wide[-1:], wide, wide[:1]]), -1, SMEAR, SMEAR)[1:-1, 1:-1]
