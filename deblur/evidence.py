"""How well each filter explains a picture's spectrum, the picture's own part fitted."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deblur.blur import BLURS
from deblur.degrade import LEVEL, Degradation
from deblur.image import Picture, is_8bit
from deblur.kernels import Psf

GARMENT_SIDE = 32  # px; up to here a picture is taken for a garment, beyond for a photograph
MAX_SIDE = 513  # px; of a larger picture the middle tells enough, and the cosine transform of 2ⁿ + 1 values is quick
CELLS = 24  # a photograph's spectrum is averaged over so many cells a side, a garment's is taken as it is
SAMPLES = 3  # points a side of a cell at which a blur's gain is taken
TILTS = (-0.3, 0.3)  # how much steeper or flatter a picture's spectrum may fall than the mean one, as powers of the frequency
TILT_SPREAD = 0.3
QUIET_SIDE = 5  # frequencies a side over which the power is averaged in search of the quietest
QUIET_SHARES = (0.03, 0.15, 0.4, 0.8, 1.3, 2.0)  # of the quietest power, tried as noise
FINER = np.geomspace(0.4, 2.5, 13)  # times the noise variance that fits best, tried at the end
FLOAT_NOISE = 1e-13  # variance of what float32 rounds away
TINY = 1e-15
UNBLURRED = Degradation.from_psf(np.ones((1, 1)))
CAUSES = (*BLURS, UNBLURRED.blur)  # of what is seen in a picture

Values = dict[str, Any]
Candidate = tuple[str, Values]
Spectrum = NDArray[np.float64]  # flat, (frequencies,)


@dataclass(frozen=True)
class Prior:
    """What is known of spectra before the picture is seen, of garments or of photographs.

    Attributes:
        power: Mean power spectrum of sharp pictures, (side, side) from frequency 0 to π.
        spread: Variance of one picture's log power around the mean one, beyond chance.
        nonlinear: The filters without a PSF that are tried, with their values.
        gains: What each of them leaves of the power on average, (len(nonlinear), side, side).
    """

    power: NDArray[np.float64]
    spread: float
    nonlinear: tuple[Candidate, ...]
    gains: NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """For each candidate, (candidates,): its log-likelihood at best, and the noise variance and the tilt that give it."""

    likelihood: NDArray
    noise: NDArray
    tilt: NDArray

    def or_better(self, other: "Fit") -> "Fit":
        """The better of two for each candidate."""
        wins = other.likelihood > self.likelihood
        return Fit(*(np.where(wins, theirs, ours) for ours, theirs in zip(astuple(self), astuple(other), strict=True)))


class Evidence:
    """How well each candidate explains a picture's spectrum.

    Attributes:
        plane: The picture, (H, W).
        candidates: What was tried.
        fit: How well each explains the picture.
    """

    def __init__(self, plane: Picture, prior: Prior) -> None:
        self.plane = plane
        self.power, count = spectrum(self.plane)
        self.grid = self.plane.shape if max(self.plane.shape) <= GARMENT_SIDE else (CELLS * SAMPLES,) * 2
        self.prior = resized(prior.power, self.power.shape).ravel()
        self.certainty = 1 / (2 / np.maximum(count, TINY) + prior.spread)
        self.least = LEVEL**2 / 12 if is_8bit(plane) else FLOAT_NOISE
        self.candidates = linear_candidates() + prior.nonlinear
        measured = [resized(gain, self.power.shape).ravel() for gain in prior.gains]
        self.gains = np.concatenate([linear_gains(self.grid), np.maximum(measured, TINY).astype(np.float32)])
        self.fit = self._fit()

    def best(self, name: str) -> tuple[Values, float]:
        """The values of a filter that explain the picture best, refined between the candidates, and the noise's variance."""
        own = [place for place, (other, _) in enumerate(self.candidates) if other == name]
        place = own[int(np.argmax(self.fit.likelihood[own]))]
        values, gain, noise, tilt = self.candidates[place][1], self.gains[place], self.fit.noise[place], self.fit.tilt[place]
        near = list(neighbours(name, values))
        if len(near) > 1:
            gains = gains_of([(name, others) for others in near], self.grid)
            chosen = int(self._likelihood(gains, np.full(len(near), noise), tilt).likelihood.argmax())
            values, gain = near[chosen], gains[chosen]
        finer = np.maximum(FINER * noise, self.least)
        chosen = int(self._likelihood(np.repeat(gain[None], len(finer), axis=0), finer, tilt).likelihood.argmax())
        return values, float(finer[chosen] - self.least)

    def _noises(self) -> list[float]:
        """The quietest part of the spectrum bounds the noise from above, the rounding from below."""
        quiet = float(np.percentile(cv2.blur(self.power, (QUIET_SIDE, QUIET_SIDE)), 5))
        return [self.least, *(self.least + quiet * share for share in QUIET_SHARES if quiet * share > 0.1 * self.least)]

    def _fit(self) -> Fit:
        """Fit level, noise and tilt to each candidate: first the noise without a tilt, then the tilt with that noise."""
        count = len(self.gains)
        best = Fit(np.full(count, -np.inf), np.zeros(count), np.zeros(count))
        for noise in self._noises():
            best = best.or_better(self._likelihood(self.gains, np.full(count, noise), 0.0))
        for tilt in TILTS:
            best = best.or_better(self._likelihood(self.gains, best.noise, tilt))
        return best

    def _likelihood(self, gains: NDArray, noise: NDArray, tilt: float) -> Fit:
        seen, trust = self.power.ravel().astype(np.float32), self.certainty.ravel().astype(np.float32)
        shape = gains * (self.prior * self._steepness(tilt)).astype(np.float32)
        floor = noise[:, None].astype(np.float32)
        level = np.ones((len(gains), 1), np.float32)  # of this picture against the mean one: a few steps of scoring
        for _ in range(3):
            own = shape / (shape + floor / level)  # share of the picture in what is expected
            weight = own @ trust
            level *= np.maximum((own * own / shape) @ (trust * seen) / np.maximum(weight, 1e-6), 0.05 * level[:, 0])[:, None] / level
        expected = level * shape + floor
        likelihood = -(np.log(expected) + seen / expected) @ trust - 0.5 * (tilt / TILT_SPREAD) ** 2
        return Fit(likelihood, noise, np.full(len(gains), tilt))

    def _steepness(self, tilt: float) -> Spectrum:
        down, across = (np.pi * (np.arange(side) + 0.5) / side for side in self.power.shape)
        return (np.hypot(down[:, None], across) / 2).ravel() ** tilt


def spectrum(plane: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of the type-I cosines, where white noise has its variance everywhere, and how many were averaged; the mean counts nothing.

    Returns:
        (H, W) for a garment, (CELLS, CELLS) for a photograph, both.
    """
    if max(plane.shape) > MAX_SIDE:
        top, left = (max(0, (side - MAX_SIDE) // 2) for side in plane.shape)
        plane = plane[top : top + MAX_SIDE, left : left + MAX_SIDE]
    power = fft.dctn(plane.astype(np.float64), type=1) ** 2 / np.outer(*(_white(side) for side in plane.shape))
    count = np.ones(power.shape)
    power[0, 0] = count[0, 0] = 0
    if max(plane.shape) <= GARMENT_SIDE:
        return power, count
    down, across = (np.arange(side) * CELLS // side for side in plane.shape)
    cells = (down[:, None] * CELLS + across).ravel()
    counts, sums = (np.bincount(cells, values.ravel(), CELLS**2).reshape(CELLS, CELLS) for values in (count, power))
    return sums / np.maximum(counts, 1), counts.astype(np.float64)


def _white(side: int) -> NDArray[np.float64]:
    """Variance of each type-I cosine coefficient of white noise of variance 1, (side,)."""
    variance = np.full(side, 2.0 * (side - 2))
    variance[[0, -1]] = 4.0 * (side - 2) + 2
    return variance


def resized(spectrum: NDArray, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Interpolate a spectrum from 0 to π to another number of frequencies."""
    return spectrum if spectrum.shape == shape else cv2.resize(spectrum, shape[::-1], interpolation=cv2.INTER_LINEAR)


def gain(psf: Psf, grid: tuple[int, ...]) -> Spectrum:
    """Square of a blur's gain for cosines, both senses of a slanted one averaged; flat, over frequencies or cells."""
    small = max(grid) <= GARMENT_SIDE
    turns = [np.pi * (np.arange(side) / (side - 1) if small else (np.arange(side) + 0.5) / side) for side in grid]
    down, across = (np.exp(-1j * np.outer(turn, np.arange(side) - side // 2)) for turn, side in zip(turns, psf.shape, strict=True))
    there = down @ psf
    square = (np.abs(there @ across.T) ** 2 + np.abs(there @ across.conj().T) ** 2) / 2
    if small:
        return square.ravel()
    return square.reshape(CELLS, SAMPLES, CELLS, SAMPLES).mean(axis=(1, 3)).ravel()


@lru_cache(maxsize=1)
def linear_candidates() -> tuple[Candidate, ...]:
    """The convolutions tried: the ranges of the sliders in steps that the spectrum can tell apart."""
    sizes = range(3, 32, 2)
    widths = (0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0, 5.5, 8.0)
    lengths = (*range(2, 16), 17, 20, 23, 26, 29, 31)
    steps = np.arange(1.0, 15.1, 0.5)
    return (
        *(("gaussian", {"size": size, "sigma": 0.0}) for size in sizes),
        *(("gaussian", {"size": size, "sigma": width}) for size, width in product(sizes, widths) if size <= 6 * width + 2),
        *(("average", {"size": size}) for size in sizes),
        *(("bilateral", {"diameter": size, "sigma_color": 75.0, "sigma_space": 75.0, "scale": "0-1"}) for size in range(3, 16, 2)),
        *(("motion", {"length": length, "angle": angle}) for length in lengths for angle in range(0, 91, 6 if length > 5 else 15)),
        *(("defocus", {"radius": float(step)}) for step in steps),
        (UNBLURRED.blur, {}),
    )


@lru_cache(maxsize=4)
def linear_gains(grid: tuple[int, ...]) -> NDArray[np.float32]:
    """The gains of all of them, (candidates, frequencies)."""
    return gains_of(linear_candidates(), grid)


def caused(name: str, values: Values) -> Degradation:
    """The degradation of a candidate, without noise and with no storage to look at."""
    return UNBLURRED if name == UNBLURRED.blur else Degradation(name, values, storage="float")


def gains_of(candidates: Iterable[Candidate], grid: tuple[int, ...]) -> NDArray[np.float32]:
    """The gains of convolutions, (candidates, frequencies), nowhere quite 0."""
    psfs = (caused(name, values).psf for name, values in candidates)
    return np.maximum([gain(psf, grid) for psf in psfs if psf is not None], TINY).astype(np.float32)


def neighbours(name: str, values: Values) -> Iterable[Values]:
    """The values around a candidate's, itself included, in the steps of the sliders."""
    if name == "motion":
        for length, angle in product(range(-2, 3), range(-5, 6)):
            if 2 <= values["length"] + length <= 31 and 0 <= values["angle"] + angle <= 90:
                yield {"length": values["length"] + length, "angle": values["angle"] + angle}
    elif name == "gaussian" and values["sigma"]:
        for factor in np.geomspace(0.8, 1.25, 9):
            yield values | {"sigma": min(round(float(values["sigma"] * factor), 2), 8.0)}
    else:
        yield values
