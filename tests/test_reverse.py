"""Reverse filtering, and what a restored picture leaves unexplained."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import median_filter

from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.image import to_bytes
from deblur.metrics import psnr
from deblur.restore import RESTORERS
from deblur.reverse import reverse, unexplained

from .conftest import photograph

SHAPES = [(61, 83), (47, 58, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_bilateral_takes_is_brought_back(shape):
    """More than a third of the error is gone; the other classical restorers have no PSF to work with."""
    sharp, degradation = photograph(shape), Degradation("bilateral", {"diameter": 9})
    blurred = degradation.apply(sharp)
    assert psnr(RESTORERS["reverse"].restore(blurred, degradation), sharp) > psnr(blurred, sharp) + 2


@pytest.mark.parametrize("shape", SHAPES)
def test_a_convolution_is_reversed_as_van_cittert_does(shape):
    """By powers of the matrix that the blur is: x_k = Σ (I − H)^i b, where nothing is cut."""
    sharp = 0.4 + 0.2 * photograph(shape)
    degradation = Degradation("gaussian", {"size": 5}, storage="float")
    blurred = degradation.apply(sharp)
    profile = cv2.getGaussianKernel(5, 0).ravel()

    def blur_again(picture):
        wide = np.pad(picture.astype(np.float64), [(2, 2), (2, 2)] + [(0, 0)] * (picture.ndim - 2), mode="reflect")
        rows = sum(weight * wide[place : place + shape[0]] for place, weight in enumerate(profile))
        return sum(weight * rows[:, place : place + shape[1]] for place, weight in enumerate(profile))

    expected = term = blurred.astype(np.float64)
    for _ in range(4):
        term = term - blur_again(term)
        expected = expected + term
    np.testing.assert_allclose(reverse(blurred, degradation, 4)[0], expected, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("blur", BLURS)
def test_it_never_fits_worse_than_the_blurred_picture(blur, shape):
    degradation = Degradation(blur, noise=0.02)
    blurred = degradation.apply(photograph(shape))
    restored, left = reverse(blurred, degradation, 50)
    np.testing.assert_array_equal(left, unexplained(restored, blurred, degradation))
    assert np.mean(left**2) <= np.mean(unexplained(blurred, blurred, degradation) ** 2)
    assert 0 <= restored.min() <= restored.max() <= 1


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_unexplained_is_what_opencv_makes_less(shape):
    blurred, restored = photograph(shape), photograph(shape, seed=1)
    again = cv2.medianBlur(to_bytes(restored), 9) / 255
    np.testing.assert_allclose(unexplained(restored, blurred, Degradation("median", {"size": 9})), blurred - again, atol=1e-6)
    small = np.ascontiguousarray(restored[:28, :31].reshape(28, 31, -1)[..., 0])
    again = median_filter(small, size=9, mode="nearest")
    np.testing.assert_allclose(unexplained(small, small, Degradation("median", {"size": 9})), small - again, atol=1e-7)  # not rounded
    again = cv2.bilateralFilter(restored * 255, 7, 50, 20, borderType=cv2.BORDER_REFLECT_101) / 255
    degradation = Degradation("bilateral", {"diameter": 7, "sigma_color": 50, "sigma_space": 20})
    np.testing.assert_allclose(unexplained(restored, blurred, degradation), blurred - again, atol=1e-5)


def test_no_round_changes_nothing():
    blurred = photograph((30, 35))
    restored, _ = reverse(blurred, Degradation("bilateral"), 0)
    np.testing.assert_array_equal(restored, blurred)
    assert not np.shares_memory(restored, blurred)


@pytest.mark.parametrize("name", ["reverse", "universal"])
@pytest.mark.parametrize("blur", ["median", "bilateral"])
def test_a_picture_smaller_than_its_filter_is_refused(name, blur):
    degradation = Degradation(blur, {"size": 15} if blur == "median" else {"diameter": 15})
    assert "smaller than its blur" in RESTORERS[name].accepts(degradation, (7, 40))
    assert RESTORERS[name].accepts(degradation, (8, 40)) is None
    assert RESTORERS[name].restore(photograph((8, 40)), degradation).shape == (8, 40)
