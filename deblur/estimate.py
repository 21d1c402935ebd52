"""Which blur did this picture suffer? From the blurred picture alone, by the likelihood of its spectrum."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import special

from deblur.degrade import LEVEL, NOISE, Degradation
from deblur.evidence import CAUSES, GARMENT_SIDE, Evidence, Prior, caused
from deblur.image import Picture, as_picture, is_8bit
from deblur.reasons import InputError
from deblur.streak import refined, sense

KNOWLEDGE = Path(__file__).parent / "spectra.npz"  # made by `python -m deblur.evaluate_estimate fit`, which also writes its card beside it
MIN_SIDE = 8  # px
CHANCE = 0.02  # confidence from which a motion in a photograph is worth half a second more


@dataclass(frozen=True)
class Estimate:
    """A guess.

    Attributes:
        degradation: Filter, values, noise and storage; that of the guess that nothing blurred the picture has a PSF of a single pixel, and its `blurs` is False.
        confidence: From 0 to 1; those of one picture sum to 1.
    """

    degradation: Degradation
    confidence: float


@dataclass(frozen=True)
class Odds:
    """Logistic regression from clues to causes: standardise by `centre` and `scale`, (clues,), expand, multiply by `weights`."""

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]

    def __call__(self, clues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each of `CAUSES`."""
        return special.softmax(expand((clues - self.centre) / self.scale) @ self.weights, axis=-1)


@lru_cache(maxsize=2)
def knowledge(kind: str) -> tuple[Prior, Odds]:
    """Read what was fitted for "garment" or "photograph"."""
    with np.load(KNOWLEDGE) as stored:
        own = {name.removeprefix(f"{kind}_"): stored[name] for name in stored.files if name.startswith(kind)}
    nonlinear = tuple((name, values) for name, values in json.loads(str(own["nonlinear"])))
    return Prior(own["power"], float(own["spread"]), nonlinear, own["gains"]), Odds(own["centre"], own["scale"], own["weights"])


def estimate(blurred: Picture) -> list[Estimate]:
    """Rank what may have blurred a picture: one guess for each filter and one that it is not blurred, best first.

    A blur multiplies the power of each cosine by the square of its gain, and noise adds the same to all. So each candidate predicts the
    spectrum up to brightness, tilt and noise, which are fitted; how likely that is, with a few clues that tell median and bilateral
    filters from convolutions, decides. Assumes one blur for the whole picture, white noise, and a picture like those it was fitted on:
    garments up to 32 px, photographs beyond.

    Args:
        blurred: (H, W) or (H, W, 3), float32 in [0, 1], both sides at least 8 px; in colour the green channel is read.

    Raises:
        ValueError: The picture is refused, too small, or of a single value.

    Source: Whittle 1953 (likelihood of a spectrum); Cannon 1976 (a blur is known by the zeros of the spectrum).
    """
    picture = as_picture(blurred)
    plane = picture if picture.ndim == 2 else np.ascontiguousarray(picture[:, :, 1])
    if min(plane.shape) < MIN_SIDE or float(np.ptp(plane)) < LEVEL:
        raise InputError(
            "nothing_to_estimate", "picture of {height}×{width} px with values from {low:.3g} to {high:.3g}: expected at least {needed}×{needed} px "
            "and something to see. Choose another picture.",
            height=plane.shape[0], width=plane.shape[1], low=float(plane.min()), high=float(plane.max()), needed=MIN_SIDE,
        )
    prior, odds = knowledge("garment" if max(plane.shape) <= GARMENT_SIDE else "photograph")
    evidence = Evidence(plane, prior)
    storage = "8-bit" if is_8bit(plane) else "float"
    guesses = []
    for name, confidence in zip(CAUSES, odds(clues(evidence)), strict=True):
        values, variance = evidence.best(name)
        if name == "motion":
            values = values | {"angle": sense(plane, prior, **values, variance=variance + evidence.least)}
            if confidence > CHANCE and max(plane.shape) > GARMENT_SIDE:  # a window leaves too little of a garment
                streak = refined(plane, prior, values["angle"], evidence.least, variance + evidence.least)
                values, variance = {"length": streak.length, "angle": streak.angle}, streak.variance - evidence.least
        noise = min(round(variance**0.5, 4), NOISE.high)
        guesses.append(Estimate(caused(name, values).with_(noise=noise, storage=storage), float(confidence)))
    return sorted(guesses, key=lambda guess: -guess.confidence)


def likeliest_blur(guesses: list[Estimate]) -> Degradation:
    """The first of these guesses that blurs."""
    return next(guess.degradation for guess in guesses if guess.degradation.blurs)


def clues(evidence: Evidence) -> NDArray[np.float64]:
    """What tells the filters apart: the evidence for each cause, its candidates equally likely beforehand, the noise, and the texture; (clues,)."""
    names = np.array([name for name, _ in evidence.candidates])
    likelihood = evidence.fit.likelihood - evidence.fit.likelihood.max()
    by_cause = [special.logsumexp(likelihood[names == name]) - np.log(np.sum(names == name)) for name in CAUSES]
    noise = np.log10(evidence.fit.noise[likelihood.argmax()])
    return np.concatenate([-np.log1p(-np.minimum(by_cause, 0)), [noise], texture(evidence.plane)])


def texture(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    """Five numbers by which medians and bilateral filters differ from convolutions: tails of differences, ties, what medians change."""
    down, across = np.diff(plane, axis=0).ravel().astype(np.float64), np.diff(plane, axis=1).ravel().astype(np.float64)
    steps = np.concatenate([down, across])
    mean_step = np.abs(steps).mean() + 1e-6
    square = np.mean(steps**2) + 1e-12
    inside = (plane[:, 1:] > 3 * LEVEL) & (plane[:, 1:] < 1 - 3 * LEVEL)
    ties = np.mean(np.abs(np.diff(plane, axis=1))[inside] < LEVEL / 2) if inside.any() else 0.0
    changed = [np.abs(cv2.medianBlur(plane, size) - plane).mean() for size in (3, 5)]
    return np.array([
        np.log(np.mean(steps**4) / square**2 + 1e-3), np.log(np.abs(steps).max() / np.sqrt(square) + 1e-3), np.log(ties + 0.01),
        *(np.log(change / mean_step + 1e-3) for change in changed),
    ])


def expand(clues: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, the clues and their products two by two; the last axis grows."""
    clues = np.clip(clues, -3, 3)
    first, second = np.triu_indices(clues.shape[-1])
    return np.concatenate([np.ones((*clues.shape[:-1], 1)), clues, clues[..., first] * clues[..., second]], axis=-1)
