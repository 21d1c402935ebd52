"""A closer look at a motion blur: its length and angle from the power at every frequency, where `evidence` averages it and cannot tell an angle from its mirror image."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deblur.blur import BLURS
from deblur.condition import waves
from deblur.degrade import Degradation
from deblur.evidence import GARMENT_SIDE, Prior
from deblur.image import Picture
from deblur.kernels import Psf
from deblur.params import Param

SIDE = 257  # px; of a larger picture the middle tells enough
SMEAR = np.array([1.0, 4.0, 1.0]) / 6  # of the power at each frequency, over this and its neighbours, by the window
LOBE = 2  # steps of the frequency over which the window smears the mean
TURNS = (-4, 0, 4)  # degrees from the first angle tried with every length
NEAR, NEAR_TURNS = 1, 5  # px and degrees around the best of these that are tried last
FINER = np.geomspace(0.4, 2.5, 13)  # times the noise variance that is tried at the end


class Streak(NamedTuple):
    """A motion, and how well it explains a picture; the better of two compares greater."""

    likelihood: float
    length: int
    angle: int
    variance: float  # of noise and rounding together


def refined(plane: Picture, prior: Prior, length: int, angle: int, least: float, variance: float) -> Streak:
    """Look closer at a motion: in a photograph at every length and the angles around the one given or its mirror image, in a garment at these two alone.

    The picture's border is faded out by a window, so that what moved in over it is not taken for noise; then the blur's zeros are seen to their places.

    Args:
        plane: (H, W) in [0, 1].
        prior: For pictures of its kind.
        length: px, the best so far.
        angle: Degrees, the best so far up to its sign.
        least: Variance of rounding alone.
        variance: Of noise and rounding, the best so far.

    Source: Whittle 1953 (likelihood of a spectrum); Cannon 1976 (a blur is known by the zeros of the spectrum); Hann's window.
    """
    seen = _Windowed(plane, prior)
    variances = sorted({least, variance})
    best = seen.best([(length, angle), (length, -angle)], variances)
    if max(plane.shape) <= GARMENT_SIDE:
        return best._replace(variance=variance)
    best = seen.best(product(_lengths(), (best.angle + turn for turn in TURNS)), variances)
    turns = range(best.angle - NEAR_TURNS, best.angle + NEAR_TURNS + 1)
    best = seen.best(product(_lengths(best.length - NEAR, best.length + NEAR), turns), variances)
    return seen.best([(best.length, best.angle)], np.maximum(FINER * best.variance, least))


def _lengths(low: int = 0, high: int = SIDE) -> range:
    """Those from `low` to `high` that the slider offers."""
    (offered,) = (param for param in BLURS["motion"].params if param.name == "length")
    assert isinstance(offered, Param)
    return range(max(low, int(offered.low)), min(high, int(offered.high)) + 1)


class _Windowed:
    def __init__(self, plane: Picture, prior: Prior) -> None:
        top, left = (max(0, (side - SIDE) // 2) for side in plane.shape)
        middle = plane[top : top + SIDE, left : left + SIDE].astype(np.float64)
        window = np.outer(*(np.hanning(side + 2)[1:-1] for side in middle.shape))
        power = np.abs(fft.rfft2((middle - np.average(middle, weights=window)) * window)) ** 2 / np.sum(window**2)  # of white noise: its variance
        self.down, self.across = (2 * np.pi * steps(side) for steps, side in zip((fft.fftfreq, fft.rfftfreq), middle.shape, strict=True))
        self.tell = np.hypot(self.down[:, None] * middle.shape[0], self.across * middle.shape[1]) > 2 * np.pi * LOBE
        cells = [np.minimum((np.abs(steps) / np.pi * count).astype(int), count - 1) for steps, count in zip((self.down, self.across), prior.power.shape, strict=True)]
        self.power, self.prior = power[self.tell].astype(np.float32), prior.power[np.ix_(*cells)].astype(np.float32)

    def best(self, motions: Iterable[tuple[int, int]], variances: Iterable[float]) -> Streak:
        return max(streak for length, angle in motions for streak in self._tried(length, angle % 180, variances))

    def _tried(self, length: int, angle: int, variances: Iterable[float]) -> Iterator[Streak]:
        psf = Degradation("motion", {"length": length, "angle": angle}).psf
        assert psf is not None
        shape = cv2.sepFilter2D(self._gain(psf) * self.prior, -1, SMEAR, SMEAR)[self.tell]
        for variance in variances:
            yield Streak(self._likelihood(shape, np.float32(variance)), length, angle, float(variance))

    def _gain(self, psf: Psf) -> NDArray[np.float32]:
        rows, columns = (waves(steps, side) for steps, side in zip((self.down, self.across), psf.shape, strict=True))
        return (np.abs(rows @ psf @ columns.T) ** 2).astype(np.float32)

    def _likelihood(self, shape: NDArray[np.float32], variance: np.float32) -> float:
        level = float(np.median(self.power / (shape + variance))) / np.log(2)
        expected = level * shape + variance
        for _ in range(3):  # of scoring
            own = shape / expected
            level *= float((own * self.power / expected).sum() / own.sum())
            expected = level * shape + variance
        return -float((np.log(expected) + self.power / expected).sum())
