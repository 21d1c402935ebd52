"""A closer look at a motion."""

import numpy as np
import pytest
from scipy import fft
from skimage import data

from deblur import streak
from deblur.degrade import Degradation
from deblur.estimate import estimate, knowledge
from deblur.evidence import Evidence
from deblur.image import from_bytes

PHOTO = from_bytes(data.camera()[100:330, 120:380])


def guessed(sharp: np.ndarray, truth: Degradation) -> Degradation:
    return next(guess.degradation for guess in estimate(truth.apply(sharp)) if guess.degradation.blur == "motion")


@pytest.mark.parametrize(
    ("length", "angle", "noise", "storage"),
    [(28, 33, 0.0, "8-bit"), (21, 171, 0.0, "8-bit"), (24, 109, 0.003, "8-bit"), (13, 30, 0.01, "8-bit"), (26, 2, 0.005, "float"), (17, 90, 0.0, "float")],
)
def test_a_long_motion_of_a_photograph_is_measured_to_the_pixel(length, angle, noise, storage):
    guess = guessed(PHOTO, Degradation("motion", {"length": length, "angle": angle}, noise=noise, storage=storage))
    assert abs(guess.values["length"] - length) <= 1
    assert (guess.values["angle"] - angle + 1) % 180 <= 2
    assert guess.noise == pytest.approx(noise, abs=0.001)


@pytest.mark.parametrize("shape", [(60, 250), (180, 130), (230, 260, 3), (300, 400)])
def test_pictures_of_any_shape_are_measured(shape):
    sharp = from_bytes(data.camera()[50 : 50 + shape[0], 50 : 50 + shape[1]])
    sharp = np.stack([sharp, sharp[::-1], sharp], axis=-1) if len(shape) == 3 else sharp  # green, which is read, is another picture
    guess = guessed(sharp, Degradation("motion", {"length": 11, "angle": 30}, noise=0.003))
    assert abs(guess.values["length"] - 11) <= 1
    assert abs(guess.values["angle"] - 30) <= 3


@pytest.mark.parametrize("angle", [25, 45, 70, 115, 150])
@pytest.mark.parametrize("chance", [0, 1])
def test_an_angle_is_told_from_its_mirror_image_however_unlikely_a_motion(monkeypatch, angle, chance):
    monkeypatch.setattr("deblur.estimate.CHANCE", chance)
    guess = guessed(PHOTO, Degradation("motion", {"length": 9, "angle": angle}))
    assert abs(guess.values["angle"] - angle) <= 4


@pytest.mark.parametrize("shape", [(8, 200), (8, 8), (33, 32), (700, 40)])
def test_small_and_thin_pictures_give_numbers(shape):
    plane = np.random.default_rng(0).random(shape, np.float32)
    prior, _ = knowledge("photograph")
    found = streak.refined(plane, prior, 30, Evidence(plane, prior).least, 1e-3)
    assert all(np.isfinite(found))
    assert found.length in streak.LENGTHS and 0 <= found.angle < 180


@pytest.mark.parametrize("shape", [(16, 21), (15, 20), (9, 9), (8, 8)])
def test_power_is_spread_as_around_a_circle(shape):
    power = np.abs(fft.fft2(np.random.default_rng(0).random(shape))) ** 2
    spread = sum(np.roll(power, (down, across), (0, 1)) * streak.SMEAR[1 + down] * streak.SMEAR[1 + across] for down in (-1, 0, 1) for across in (-1, 0, 1))
    half = shape[1] // 2 + 1
    np.testing.assert_allclose(streak.smeared(power[:, :half].astype(np.float32), shape[1]), spread[:, :half], rtol=1e-5)


def test_the_smear_is_what_the_window_does_to_white_noise_with_a_gap():
    side = 64
    rng = np.random.default_rng(0)
    kept = np.ones((side, side // 2 + 1), np.float32)
    kept[:, 20] = 0  # a frequency that is missing
    window = np.outer(np.hanning(side + 1)[:-1], np.hanning(side + 1)[:-1])
    powers = [np.abs(fft.rfft2(fft.irfft2(fft.rfft2(rng.normal(size=(side, side))) * kept) * window)) ** 2 / np.sum(window**2) for _ in range(200)]
    measured = np.mean(powers, axis=0)[:, 15:26].mean(axis=0)
    np.testing.assert_allclose(measured, streak.smeared(kept, side)[5, 15:26], atol=0.05)
