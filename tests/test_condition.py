"""What the universal network reads."""

import subprocess
import sys

import numpy as np
import pytest

from deblur import condition, spectral
from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.metrics import mse

from .conftest import photograph

ASYMMETRIC = np.arange(1.0, 16.0).reshape(3, 5)


def test_the_order_is_frozen():
    """Trained weights read these by place: a new entry goes to the end, none is moved or renamed."""
    assert condition.PLANES == ("inverse", "blurred", "smoother")
    assert condition.CONDITION[:17] == (
        "log_error", "log_noise", "salt_pepper", "float", "jpeg", "jpeg_loss", "linear", "median", "bilateral",
        "psf_rows", "psf_columns", "psf_peak", "psf_symmetric", "median_size", "diameter", "sigma_color", "sigma_space",
    )  # fmt: skip


def test_the_values_are_frozen():
    degradation = Degradation("motion", {"length": 9, "angle": 30}, noise=0.01, storage="jpeg", quality=80)
    planes, vector = condition.hand_over(photograph((28, 28)), degradation)
    known = dict(zip(condition.CONDITION, vector, strict=True))
    np.testing.assert_allclose(vector, [-2.430572, 1.041393, 0, 0, 1, 0.4, 1, 0, 0, 0.854207, 1.189505, 0.320387, 0, 0, 0, 0, 0], atol=2e-6)
    assert known["log_error"] == pytest.approx(np.log(condition.expected_error(degradation, (28, 28))))
    np.testing.assert_allclose(planes[0, 3, 4], [0.6119, 0.5294, 0.0652], atol=2e-4)


def test_a_network_gets_the_entries_it_names():
    degradation = Degradation("median", {"size": 7})
    vector = condition.hand_over(photograph((28, 28)), degradation, ("median_size", "linear", "median"))[1]
    np.testing.assert_allclose(vector, [0.7, 0, 1])


@pytest.mark.parametrize("blur", BLURS)
def test_every_filter_is_told_apart_and_of_order_one(blur):
    degradation = Degradation(blur, noise=0.02)
    planes, vector = condition.hand_over(photograph((33, 28, 3)), degradation)
    assert planes.shape == (3, 33, 28, 3)
    assert planes.dtype == vector.dtype == np.float32
    assert np.abs(vector).max() < 10
    assert np.isfinite(planes).all()
    kinds = {name: value for name, value in zip(condition.CONDITION, vector, strict=True) if name in ("linear", "median", "bilateral")}
    assert kinds == {"linear": blur not in kinds, "median": blur == "median", "bilateral": blur == "bilateral"}


def test_the_disk_that_is_called_bilateral_is_linear():
    _, vector = condition.hand_over(photograph((28, 28)), Degradation("bilateral", {"scale": "0-1"}))
    assert dict(zip(condition.CONDITION, vector, strict=True))["linear"] == 1


@pytest.mark.parametrize("storage", ["8-bit", "float"])
@pytest.mark.parametrize("blur", ["gaussian", "defocus", "average"])
def test_the_expected_error_is_the_size_of_the_error(blur, storage):
    degradation = Degradation(blur, storage=storage, noise=0.0 if storage == "float" else 0.01)
    sharp = photograph((64, 64))
    planes, _ = condition.hand_over(degradation.apply(sharp), degradation)
    ratio = condition.expected_error(degradation, (64, 64)) / mse(planes[0, ..., 0], sharp) ** 0.5
    assert 1 / 5 < ratio < 5


@pytest.mark.parametrize("degradation", [Degradation(), Degradation("defocus"), Degradation("average", {"size": 5}, noise=0.02), Degradation("median")])
def test_training_moves_the_picture_as_restoring_does(degradation):
    sharp = photograph((28, 33))
    blurred, guess = degradation.apply(sharp), photograph((28, 33), seed=1)
    kept, added = (part[0, ..., 0] for part in condition.agreement(blurred[..., None], degradation))
    moved = spectral.fft.idctn(kept * spectral.fft.dctn(guess, type=1), type=1) + added
    np.testing.assert_allclose(np.clip(moved, 0, 1), condition.agree(guess, blurred, degradation), atol=1e-5)


@pytest.mark.parametrize("degradation", [Degradation(), Degradation.from_psf(ASYMMETRIC)], ids=["symmetric", "asymmetric"])
def test_agreeing_brings_the_blur_closer_and_leaves_the_truth(degradation):
    sharp = photograph((40, 33))
    blurred = degradation.apply(sharp)
    assert mse(condition.agree(sharp, blurred, degradation), sharp) < 1e-4  # the noise that it lets in
    agreed = condition.agree(blurred, blurred, degradation)
    assert mse(degradation.reblur(agreed), blurred) < mse(degradation.reblur(blurred), blurred) / 4


def test_needs_no_keras():
    code = "import sys, deblur.condition, deblur.stream, deblur.universal, deblur.restore; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
