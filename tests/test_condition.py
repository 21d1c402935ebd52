"""What the universal network is told."""

import subprocess
import sys

import numpy as np
import pytest

from deblur import condition
from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.metrics import mse
from deblur.physics import PLANES, hand_over

from .conftest import photograph


def test_the_order_is_frozen():
    """Trained weights read these by place: a new entry goes to the end, none is moved or renamed."""
    assert PLANES == ("inverse", "blurred", "smoother")
    assert condition.CONDITION[:18] == (
        "log_error", "log_noise", "salt_pepper", "float", "jpeg", "jpeg_loss", "linear", "median", "bilateral",
        "psf_rows", "psf_columns", "psf_peak", "psf_symmetric", "median_size", "diameter", "sigma_color", "sigma_space", "again",
    )  # fmt: skip


def test_the_values_are_frozen():
    degradation = Degradation("motion", {"length": 9, "angle": 30}, noise=0.01, storage="jpeg", quality=80)
    planes, vector = hand_over(photograph((28, 28)), degradation)
    known = dict(zip(condition.CONDITION, vector, strict=True))
    np.testing.assert_allclose(vector, [-2.430572, 1.041393, 0, 0, 1, 0.4, 1, 0, 0, 0.854207, 1.189505, 0.320387, 0, 0, 0, 0, 0, 0], atol=2e-6)
    assert known["log_error"] == pytest.approx(np.log(condition.expected_error(degradation, (28, 28))))
    np.testing.assert_allclose(planes[0, 3, 4], [0.6119, 0.5294, 0.0652], atol=2e-4)


def test_a_network_gets_the_entries_it_names():
    degradation = Degradation("median", {"size": 7})
    vector = hand_over(photograph((28, 28)), degradation, ("median_size", "linear", "median"))[1]
    np.testing.assert_allclose(vector, [0.7, 0, 1])


@pytest.mark.parametrize("blur", BLURS)
def test_every_filter_is_told_apart_and_of_order_one(blur):
    degradation = Degradation(blur, noise=0.02)
    planes, vector = hand_over(photograph((33, 28, 3)), degradation)
    assert planes.shape == (3, 33, 28, 3)
    assert planes.dtype == vector.dtype == np.float32
    assert np.abs(vector).max() < 10
    assert np.isfinite(planes).all()
    kinds = {name: value for name, value in zip(condition.CONDITION, vector, strict=True) if name in ("linear", "median", "bilateral")}
    assert kinds == {"linear": blur not in kinds, "median": blur == "median", "bilateral": blur == "bilateral"}


def test_the_disk_that_is_called_bilateral_is_linear():
    _, vector = hand_over(photograph((28, 28)), Degradation("bilateral", {"scale": "0-1"}))
    assert dict(zip(condition.CONDITION, vector, strict=True))["linear"] == 1


@pytest.mark.parametrize("storage", ["8-bit", "float"])
@pytest.mark.parametrize("blur", ["gaussian", "defocus", "average"])
def test_the_expected_error_is_the_size_of_the_error(blur, storage):
    degradation = Degradation(blur, storage=storage, noise=0.0 if storage == "float" else 0.01)
    sharp = photograph((64, 64))
    planes, _ = hand_over(degradation.apply(sharp), degradation)
    ratio = condition.expected_error(degradation, (64, 64)) / mse(planes[0, ..., 0], sharp) ** 0.5
    assert 1 / 5 < ratio < 5


def test_needs_no_keras():
    code = "import sys, deblur.condition, deblur.stream, deblur.universal, deblur.restore; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
