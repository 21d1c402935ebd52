"""What physics does for the universal network."""

import numpy as np
import pytest

from deblur import physics
from deblur.condition import CONDITION, expected_error
from deblur.degrade import Degradation
from deblur.metrics import mse
from deblur.networks import Agreement

from .conftest import photograph

ASYMMETRIC = np.arange(1.0, 16.0).reshape(3, 5)


def test_the_second_round_reads_the_first_ones_answer():
    degradation = Degradation("defocus", noise=0.01)
    blurred = degradation.apply(photograph((28, 31)))
    planes, vector = physics.hand_over(blurred, degradation)
    answer = photograph((28, 31), seed=1)
    again, changed = physics.hand_back(planes, vector, answer[..., None], degradation)
    np.testing.assert_array_equal(again[0, ..., 0], answer)
    np.testing.assert_array_equal(again[0, ..., 1], blurred)
    moved = (planes[0, ..., 0] - answer) / expected_error(degradation, blurred.shape)
    np.testing.assert_allclose(again[0, ..., 2], moved, rtol=1e-5)
    assert dict(zip(CONDITION, changed - vector, strict=True)) == {name: float(name == "again") for name in CONDITION}


@pytest.mark.parametrize("blur", ["median", "bilateral"])
def test_without_a_psf_both_rounds_read_what_is_unexplained(blur):
    degradation = Degradation(blur, noise=0.01)
    blurred = degradation.apply(photograph((28, 31)))
    planes, vector = physics.hand_over(blurred, degradation)
    answer = photograph((28, 31), seed=1)
    again, _ = physics.hand_back(planes, vector, answer[..., None], degradation)
    for read in (planes, again):
        lacks = blurred - degradation.reblur(read[0, ..., 0])
        np.testing.assert_allclose(read[0, ..., 2] * expected_error(degradation, blurred.shape), lacks, atol=0.5 / 255 + 1e-5)
    np.testing.assert_array_equal(again[0, ..., 0], answer)


def test_the_bilateral_is_reversed_for_all_colours_at_once_and_each_garment_alone():
    degradation = Degradation("bilateral")
    blurred = degradation.apply(photograph((33, 28, 3)))
    together, alone = (physics.hand_over(blurred, degradation, colours=colours)[0] for colours in (True, False))
    one, _ = physics.hand_over(np.ascontiguousarray(blurred[..., 1]), degradation)
    np.testing.assert_array_equal(alone[1], one[0])
    lacks = blurred - degradation.reblur(np.ascontiguousarray(np.moveaxis(together[..., 0], 0, 2)))
    error = expected_error(degradation, blurred.shape)
    np.testing.assert_allclose(np.moveaxis(together[..., 2], 0, 2) * error, lacks, atol=1e-5)
    assert np.abs(together - alone).max() > 0.01


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_reversing_the_bilateral_begins_nearer_to_the_sharp_picture(noise):
    sharp, degradation = photograph((64, 71)), Degradation("bilateral", noise=noise)
    blurred = degradation.apply(sharp)
    begun = physics.hand_over(blurred, degradation)[0][0, ..., 0]
    assert mse(begun, sharp) < 0.9 * mse(blurred, sharp)


def test_the_last_answer_is_settled_where_that_explains_much_more():
    sharp, quiet, noisy = photograph((48, 53)), Degradation("bilateral"), Degradation("bilateral", noise=0.1)
    guess = (0.7 * sharp + 0.3 * quiet.apply(sharp)).astype(np.float32)[..., None]
    settled = physics.settle(guess, quiet.apply(sharp)[..., None], quiet)
    assert mse(settled[..., 0], sharp) < 0.7 * mse(guess[..., 0], sharp)
    np.testing.assert_array_equal(physics.settle(guess, noisy.apply(sharp)[..., None], noisy), guess)
    for other in (Degradation("gaussian"), Degradation("bilateral", storage="jpeg")):
        np.testing.assert_array_equal(physics.settle(guess, quiet.apply(sharp)[..., None], other), guess)


def test_what_cannot_be_reversed_is_held_back():
    blurred, guess = photograph((33, 28)), photograph((33, 28), seed=1)
    settled = physics.settle(guess[..., None], blurred[..., None], Degradation("median"))[..., 0]
    np.testing.assert_allclose(settled, 0.9 * guess + 0.1 * blurred, atol=1e-6)


def test_what_was_not_seen_is_nothing_to_agree_with():
    degradation = Degradation.from_psf(ASYMMETRIC, noise=0.01)
    seen = np.zeros((40, 47))
    seen[8:-8, 6:-6] = 1
    guess, blurred = photograph((40, 47), seed=1), degradation.apply(photograph((40, 47)))
    other = np.where(seen > 0, blurred, 1 - blurred)
    agreed = physics.agree(guess, blurred, degradation, seen)
    np.testing.assert_allclose(physics.agree(guess, other, degradation, seen), agreed, atol=1e-6)
    far = np.s_[:3]  # further than the PSF reaches from all that was seen
    np.testing.assert_allclose(agreed[far], guess[far], atol=1e-3)
    inside = np.s_[14:-14, 14:-14]
    np.testing.assert_allclose(agreed[inside], physics.agree(guess, blurred, degradation)[inside], atol=0.01)


def test_much_noise_is_not_raised_by_reversing():
    blurred = Degradation("bilateral", noise=0.1).apply(photograph((40, 47)))
    np.testing.assert_array_equal(physics.hand_over(blurred, Degradation("bilateral", noise=0.1))[0][0, ..., 0], blurred)


SYMMETRIC = [Degradation(), Degradation("defocus"), Degradation("average", {"size": 5}, noise=0.02), Degradation("median")]
SLANTING = [Degradation("motion", {"length": 7, "angle": 30}), Degradation.from_psf(ASYMMETRIC, noise=0.01)]


def trained_through(guess, sharp, blurred, degradation):
    """What `networks.Agreement` makes of a guess."""
    kept, added = physics.agreement(sharp[..., None], blurred[..., None], degradation)
    return np.asarray(Agreement()(guess[None, ..., None], kept, added))[0, ..., 0]


@pytest.mark.parametrize("degradation", SYMMETRIC)
def test_training_moves_the_picture_as_restoring_does(degradation):
    sharp = photograph((28, 33))
    blurred, guess = degradation.apply(sharp), photograph((28, 33), seed=1)
    np.testing.assert_allclose(trained_through(guess, sharp, blurred, degradation), physics.agree(guess, blurred, degradation), atol=1e-5)


@pytest.mark.parametrize("degradation", SLANTING)
def test_a_slanting_psf_is_right_at_the_sharp_picture_and_away_from_the_border(degradation):
    sharp = photograph((64, 71))
    blurred = degradation.apply(sharp)
    guess = np.clip(sharp + 0.05 * np.random.default_rng(0).standard_normal(sharp.shape), 0, 1).astype(np.float32)
    np.testing.assert_allclose(trained_through(sharp, sharp, blurred, degradation), physics.agree(sharp, blurred, degradation), atol=1e-5)
    missed = trained_through(guess, sharp, blurred, degradation) - physics.agree(guess, blurred, degradation)
    assert np.abs(missed[16:-16, 16:-16]).mean() < 0.05 * np.abs(guess - physics.agree(guess, blurred, degradation)).mean()


@pytest.mark.parametrize("degradation", SLANTING)
def test_waves_are_weighed_as_on_the_endless_mirrored_picture(degradation):
    """By a plain Fourier transform of the picture beside its mirror images."""
    picture = photograph((20, 17)).astype(np.float64)
    kept, _ = physics.agreement(picture[..., None], picture[..., None], degradation)
    height, width = 38, 32
    mirrored = np.pad(picture, [(0, 18), (0, 15)], mode="reflect")
    weight = degradation.noise_variance / (physics.TRUST * expected_error(degradation, picture.shape) ** 2)
    shares = weight / (np.abs(np.fft.fft2(degradation.psf, (height, width))) ** 2 + weight)
    expected = np.real(np.fft.ifft2(shares * np.fft.fft2(mirrored)))[:20, :17]
    np.testing.assert_allclose(physics.weigh(picture[..., None], np.moveaxis(kept, 0, 2).astype(float))[..., 0], expected, atol=1e-5)


@pytest.mark.parametrize("degradation", [Degradation(), Degradation.from_psf(ASYMMETRIC)], ids=["symmetric", "asymmetric"])
def test_agreeing_brings_the_blur_closer_and_leaves_the_truth(degradation):
    sharp = photograph((40, 33))
    blurred = degradation.apply(sharp)
    assert mse(physics.agree(sharp, blurred, degradation), sharp) < 1e-4  # the noise that it lets in
    agreed = physics.agree(blurred, blurred, degradation)
    assert mse(degradation.reblur(agreed), blurred) < mse(degradation.reblur(blurred), blurred) / 4
