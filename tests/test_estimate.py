"""Guessing the blur from the blurred picture."""

import hashlib
import json

import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.estimate import KNOWLEDGE, estimate, likeliest_blur
from deblur.evidence import CAUSES, UNBLURRED, caused, gain, linear_candidates, spectrum
from deblur.image import from_bytes
from deblur.metrics import psnr
from deblur.restore import RESTORERS

from .conftest import photograph

GARMENTS = from_bytes(load_fashion_mnist("test")[0][:8])
PLAIN = [
    Degradation("gaussian", {"size": 9, "sigma": 1.7}),
    Degradation("average", {"size": 5}),
    Degradation("defocus", {"radius": 3.0}),
    Degradation("motion", {"length": 9, "angle": 30}),
    Degradation("motion", {"length": 9, "angle": 140}),
]


def test_ranks_every_filter_with_confidences_that_sum_to_one(picture):
    guesses = estimate(Degradation("average", {"size": 5}).apply(picture))
    assert sorted(guess.degradation.blur for guess in guesses if guess.degradation.blurs) == sorted(BLURS)
    assert len(guesses) == len(BLURS) + 1  # that nothing blurred it is the one more
    confidences = [guess.confidence for guess in guesses]
    assert sum(confidences) == pytest.approx(1)
    assert confidences == sorted(confidences, reverse=True)


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Half the sum of the differences of two PSFs laid on each other: 0 the same, 1 nothing in common."""
    side = max(*first.shape, *second.shape)
    laid = [np.pad(psf, [((side - length) // 2,) * 2 for length in psf.shape]) for psf in (first, second)]
    return float(np.abs(laid[0] - laid[1]).sum() / 2)


@pytest.mark.parametrize("truth", PLAIN, ids=lambda degradation: f"{degradation.blur} {degradation.values}")
def test_finds_a_plain_blur_on_most_garments(truth):
    psfs = [estimate(truth.apply(garment))[0].degradation.psf for garment in GARMENTS]
    near = [psf is not None and apart(psf, truth.psf) < 0.35 for psf in psfs]
    assert np.mean(near) >= (0.5 if truth.blur == "motion" else 0.75)  # a slanted motion is not diagonal in cosines


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_says_when_nothing_is_blurred(noise):
    sharp = [*GARMENTS, photograph((193, 150)), photograph((160, 193, 3), seed=3)]
    guesses = [estimate(UNBLURRED.with_(noise=noise).apply(picture)) for picture in sharp]
    assert np.mean([not found[0].degradation.blurs for found in guesses]) >= 0.8
    assert all(likeliest_blur(found).blurs for found in guesses)
    assert sum(found[0].degradation.blurs for found in (estimate(truth.apply(sharp[-1])) for truth in PLAIN)) == len(PLAIN)


def test_restoring_with_the_guess_helps():
    truth = Degradation("gaussian", {"size": 9, "sigma": 1.7})
    gains = []
    for garment in GARMENTS:
        blurred = truth.apply(garment)
        guess = estimate(blurred)[0].degradation
        if RESTORERS["wiener"].accepts(guess, blurred.shape) is None:
            gains.append(psnr(RESTORERS["wiener"].restore(blurred, guess), garment) - psnr(blurred, garment))
    assert np.median(gains) > 2


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_measures_the_noise(noise):
    sharp = photograph((120, 130))
    guess = estimate(Degradation("gaussian", {"size": 15, "sigma": 3}, noise=noise).apply(sharp))[0]
    assert guess.degradation.noise == pytest.approx(noise, rel=0.3)


def test_storage_is_seen():
    sharp = photograph((60, 60))
    assert estimate(Degradation("average").apply(sharp))[0].degradation.storage == "8-bit"
    assert estimate(Degradation("average", storage="float").apply(sharp))[0].degradation.storage == "float"


def test_white_noise_has_a_flat_spectrum():
    power, count = spectrum(np.random.default_rng(0).normal(0, 1, (301, 280)))
    assert power.shape == count.shape
    assert count.sum() == 301 * 280 - 1
    np.testing.assert_allclose(power, 1, atol=0.5)
    small = np.mean([spectrum(noise)[0] for noise in np.random.default_rng(1).normal(0, 1, (4000, 9, 10))], axis=0)
    np.testing.assert_allclose(small.ravel()[1:], 1, atol=0.15)


def test_the_gain_is_what_a_blur_does_to_the_spectrum():
    sharp = np.random.default_rng(0).random((20, 23))
    psf = Degradation("defocus", {"radius": 2.0}).psf
    before, after = (spectrum(plane)[0].ravel()[1:] for plane in (sharp, BLURS["defocus"].in_float(sharp, radius=2.0)))
    np.testing.assert_allclose(after, before * gain(psf, (20, 23))[1:], rtol=1e-6, atol=1e-12)


def test_every_candidate_is_one_the_sliders_offer():
    for name, values in linear_candidates():
        if name != UNBLURRED.blur:
            assert caused(name, values) == Degradation(name, values, storage="float")


@pytest.mark.parametrize(
    "bad", [np.zeros((28, 28)), np.full((50, 50), 0.3), np.zeros((1, 40)), np.zeros((0, 4)), np.full((20, 20), np.nan), "picture"], ids=repr
)
def test_nothing_to_see_is_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        estimate(bad)


@pytest.mark.parametrize("shape", [(8, 200), (33, 32, 3), (700, 40)])
def test_any_shape_will_do(shape):
    guesses = estimate(photograph(shape))
    assert all(np.isfinite(guess.confidence) for guess in guesses)


def test_the_card_describes_the_file():
    card = json.loads(KNOWLEDGE.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(KNOWLEDGE.read_bytes()).hexdigest()
    assert card["causes"] == list(CAUSES)
