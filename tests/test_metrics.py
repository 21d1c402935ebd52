"""The measures, against scikit-image and the formulas."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import metrics as reference

from deblur import metrics

from .conftest import photograph


@pytest.fixture
def noisy(picture):
    return np.clip(picture + np.random.default_rng(0).normal(0, 0.1, picture.shape), 0, 1).astype(np.float32)


def test_equal_scikit_image(picture, noisy):
    assert metrics.mse(noisy, picture) == pytest.approx(reference.mean_squared_error(noisy, picture), rel=1e-6)
    assert metrics.psnr(noisy, picture) == pytest.approx(reference.peak_signal_noise_ratio(picture, noisy, data_range=1), abs=1e-5)


def structural_similarity(picture: np.ndarray, sharp: np.ndarray) -> float:
    """Wang et al. 2004, eq. 13, one channel: an 11×11 Gaussian window of sigma 1.5, where it fits into the picture."""

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]

    one, other = picture.astype(float), sharp.astype(float)
    mean_one, mean_other = mean(one), mean(other)
    variance_one, variance_other = mean(one**2) - mean_one**2, mean(other**2) - mean_other**2
    covariance = mean(one * other) - mean_one * mean_other
    light = (2 * mean_one * mean_other + 0.01**2) / (mean_one**2 + mean_other**2 + 0.01**2)
    return float((light * (2 * covariance + 0.03**2) / (variance_one + variance_other + 0.03**2)).mean())


def test_structural_similarity_is_the_formula(picture, noisy):
    channels = [(picture, noisy)] if picture.ndim == 2 else [(picture[..., place], noisy[..., place]) for place in range(3)]
    expected = np.mean([structural_similarity(one, other) for one, other in channels])
    assert 0.2 < expected < 0.98
    assert metrics.ssim(noisy, picture) == pytest.approx(expected, abs=1e-6)


def test_error_is_the_share_of_the_energy():
    sharp = np.array([[3.0, 4.0]]) / 10
    assert metrics.error(np.zeros((1, 2)), sharp) == pytest.approx(100)
    assert metrics.error(sharp * 0.9, sharp) == pytest.approx(1)
    assert metrics.error(np.zeros((2, 2)), np.zeros((2, 2))) == 0
    assert metrics.error(np.ones((2, 2)), np.zeros((2, 2))) == math.inf


def test_a_perfect_answer(picture):
    perfect = metrics.scores(picture, picture)
    assert (perfect.mse, perfect.mae, perfect.error, perfect.psnr) == (0, 0, 0, math.inf)
    assert perfect.ssim == pytest.approx(1)


def test_scores_are_the_single_measures(picture, noisy):
    scores = metrics.scores(noisy, picture)
    assert scores.mae == pytest.approx(np.abs(noisy.astype(float) - picture).mean())
    for name in ("psnr", "ssim", "error", "mse", "mae"):
        assert getattr(scores, name) == getattr(metrics, name)(noisy, picture)


def test_no_structural_similarity_where_its_window_does_not_fit():
    small = photograph((10, 40))
    assert metrics.ssim(small, small) is None


def test_brought_back():
    sharp = photograph((12, 13))
    blurred = sharp + 0.2
    assert metrics.brought_back(blurred, sharp, sharp) == 1
    assert metrics.brought_back(blurred, blurred, sharp) == 0
    assert metrics.brought_back(blurred, sharp + 0.4, sharp) == pytest.approx(-3, abs=1e-4)
    assert metrics.brought_back(sharp, blurred, sharp) is None


@pytest.mark.parametrize("measure", [metrics.mse, metrics.mae, metrics.psnr, metrics.error, metrics.ssim])
def test_shapes_must_agree(measure):
    with pytest.raises(ValueError, match="expected the same shape"):
        measure(np.zeros((12, 13)), np.zeros((12, 14)))
