"""Point spread functions."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import rotate

from deblur import kernels
from deblur.blur import BLURS, LinearBlur

LINEAR = [blur for blur in BLURS.values() if isinstance(blur, LinearBlur)]


@pytest.mark.parametrize("blur", LINEAR, ids=lambda blur: blur.name)
def test_psf_is_in_the_projects_form_over_the_whole_range(blur):
    first = blur.params[0]
    for value in np.linspace(first.low, first.high, 7):
        psf = blur.psf(**{first.name: first.nearest(value)})
        assert psf.dtype == np.float64
        assert psf.shape[0] % 2 == psf.shape[1] % 2 == 1
        assert psf.min() >= 0
        assert psf.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("size", "sigma"), [(3, 0.0), (7, 0.0), (9, 0.0), (31, 4.2)])
def test_gaussian_is_opencvs(size, sigma):
    point = np.zeros((63, 63))
    point[31, 31] = 1
    reach = size // 2
    response = cv2.GaussianBlur(point, (size, size), sigma)[31 - reach : 32 + reach, 31 - reach : 32 + reach]
    np.testing.assert_allclose(kernels.gaussian(size, sigma), response, atol=1e-12)


def test_horizontal_motion_is_a_row():
    psf = kernels.motion(5, 0)
    np.testing.assert_allclose(psf[psf.shape[0] // 2], 0.2, atol=0.01)
    assert psf[psf.shape[0] // 2].sum() == pytest.approx(1)


def test_motion_turns_counter_clockwise():
    psf = kernels.motion(15, 30)
    rows, columns = np.nonzero(psf > psf.max() / 2)
    middle = psf.shape[0] // 2
    slope = np.polyfit(columns - middle, middle - rows, 1)[0]  # upwards is positive
    assert np.degrees(np.arctan(slope)) == pytest.approx(30, abs=4)
    turned = rotate(kernels.motion(15, 0), 30, reshape=False, order=1)
    assert np.sum(turned * np.pad(psf, (turned.shape[0] - psf.shape[0]) // 2)) > 0.8 * np.sum(psf**2)


@pytest.mark.parametrize("length", [2.5, 9, 31])
@pytest.mark.parametrize("angle", [0, 30, 90, 145])
def test_motion_has_its_length(length, angle):
    psf = kernels.motion(length, angle)
    rows, columns = np.mgrid[: psf.shape[0], : psf.shape[1]] - psf.shape[0] // 2
    along = columns * np.cos(np.radians(angle)) - rows * np.sin(np.radians(angle))
    spread = np.sqrt(12 * np.sum(psf * along**2) - 1)
    assert spread == pytest.approx(length, abs=0.6)


def test_motion_over_one_pixel_changes_nothing():
    np.testing.assert_array_equal(kernels.motion(1, 0), [[1]])


@pytest.mark.parametrize("radius", [0.5, 3, 7.5])
def test_disk_has_its_area(radius):
    psf = kernels.disk(radius)
    assert 1 / psf.max() == pytest.approx(max(np.pi * radius**2, 1), rel=0.02)
    np.testing.assert_array_equal(psf, psf[::-1])
    np.testing.assert_array_equal(psf, psf.T)


def test_shared_psfs_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        kernels.disk(3.0)[0, 0] = 1


@pytest.mark.parametrize(
    "psf",
    [
        np.zeros((3, 3)),
        np.array([[np.nan, 1.0]]),
        np.array([[np.inf, 1.0]]),
        np.array([[2.0, -1.0]]),
        np.array([[1.0, -1.0]]),
        np.ones(3),
        np.ones((3, 3, 3)),
        np.ones((0, 3)),
        [[1.0]],
        "psf",
        np.array([["a"]]),
    ],
    ids=repr,
)
def test_check_psf_refuses(psf):
    with pytest.raises(ValueError, match=r"PSF.*expected"):
        kernels.check_psf(psf)


def test_check_psf_brings_to_odd_sides_and_sum_one():
    psf = kernels.check_psf(np.ones((2, 4), np.uint8))
    assert psf.shape == (3, 5)
    assert psf.sum() == pytest.approx(1)
    assert psf[-1].sum() == psf[:, -1].sum() == 0


@pytest.mark.parametrize("size", [3, 5, 7, 11, 21, 31])
@pytest.mark.parametrize("sigma", [0.0, 0.7, 1.3, 2.9, 8.0])
def test_gaussian_weights_are_those_that_opencv_uses(size, sigma):
    # a row with one light pixel: the answer is round(255 w / 256), which tells w apart but for one beyond the half
    row = np.zeros((1, 2 * size), np.uint8)
    row[0, size] = 255
    seen = cv2.GaussianBlur(row, (size, 1), sigma, borderType=cv2.BORDER_REFLECT_101)[0, size - size // 2 : size + size // 2 + 1]
    weights = kernels.gaussian_in_256ths(size, sigma)
    assert weights.sum() == 256
    assert np.array_equal((255 * weights + 128) // 256, seen)
