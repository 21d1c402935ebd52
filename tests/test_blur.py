"""The filters: OpenCV's to the last bit, convolution for any PSF, and clear refusals."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import convolve as scipy_convolve
from scipy.ndimage import median_filter

from deblur.blur import BLURS, LinearBlur, convolve, correlate_back, from_psf
from deblur.data import load_fashion_mnist
from deblur.image import from_bytes, to_bytes

from .conftest import photograph

MIRROR = cv2.BORDER_REFLECT_101
OPENCV = {
    "gaussian": [
        ({"size": size, "sigma": sigma}, lambda p, size=size, sigma=sigma: cv2.GaussianBlur(p, (size, size), sigma, borderType=MIRROR))
        for size, sigma in [(3, 0.0), (9, 2.5), (31, 8.0)]
    ],
    "average": [({"size": size}, lambda p, size=size: cv2.blur(p, (size, size), borderType=MIRROR)) for size in (3, 15)],
    "median": [({"size": size}, lambda p, size=size: cv2.medianBlur(p, size)) for size in (3, 5)],
    "bilateral": [
        ({"diameter": 9, "sigma_color": 75, "sigma_space": 75}, lambda p: cv2.bilateralFilter(p, 9, 75, 75, borderType=MIRROR)),
    ],
}
CALLS = [(name, values, call) for name, cases in OPENCV.items() for values, call in cases]


@pytest.mark.parametrize(("name", "values", "call"), CALLS)
def test_equals_opencv_to_the_last_bit_in_8_bits(picture, name, values, call):
    np.testing.assert_array_equal(to_bytes(BLURS[name].stored(picture, **values)), call(to_bytes(picture)))


@pytest.mark.parametrize(("name", "values", "call"), CALLS)
def test_equals_opencv_in_float(picture, name, values, call):
    scale = np.float32(255 if name == "bilateral" else 1)  # its sigma_color counts levels
    np.testing.assert_allclose(BLURS[name](picture, **values), call(picture * scale) / scale, atol=1e-6)


@pytest.mark.parametrize("size", [7, 15])
def test_a_large_median_in_8_bits_is_opencvs(picture, size):
    np.testing.assert_array_equal(to_bytes(BLURS["median"].stored(picture, size=size)), cv2.medianBlur(to_bytes(picture), size))


@pytest.mark.parametrize("size", [5, 7, 11])
def test_a_median_of_floats_is_scipys(picture, size):
    rough = np.clip(picture + np.random.default_rng(0).normal(0, 0.01, picture.shape), 0, 1).astype(np.float32)
    window = (size, size) + (1,) * (picture.ndim - 2)
    np.testing.assert_array_equal(BLURS["median"](rough, size=size), median_filter(rough, window, mode="nearest"))


@pytest.mark.parametrize("name", [blur.name for blur in BLURS.values() if isinstance(blur, LinearBlur)])
def test_a_linear_blur_is_the_convolution_with_its_psf(picture, name):
    np.testing.assert_allclose(BLURS[name](picture), by_scipy(picture, BLURS[name].psf()), atol=1e-6)


def by_scipy(picture: np.ndarray, psf: np.ndarray) -> np.ndarray:
    return scipy_convolve(picture.astype(np.float64), psf[(...,) + (None,) * (picture.ndim - 2)], mode="mirror")


def test_an_asymmetric_psf_is_convolved(picture, asymmetric_psf):
    blurred = from_psf(asymmetric_psf)(picture)
    np.testing.assert_allclose(blurred, by_scipy(picture, asymmetric_psf), atol=1e-6)
    assert np.abs(blurred - by_scipy(picture, asymmetric_psf[::-1, ::-1])).max() > 0.01  # else the test could not see a flip


def test_a_point_becomes_the_psf(asymmetric_psf):
    point = np.zeros((11, 13), np.float32)
    point[5, 6] = 1
    np.testing.assert_allclose(from_psf(asymmetric_psf)(point)[4:7, 4:9], asymmetric_psf, atol=1e-7)


@pytest.mark.parametrize("channels", [1, 3, 4, 9])
def test_the_way_back_is_the_transpose(asymmetric_psf, channels):
    first, second = np.random.default_rng(0).random((2, 12, 17, channels))
    there, back = convolve(first, asymmetric_psf), correlate_back(second, asymmetric_psf)
    assert np.sum(there * second) == pytest.approx(np.sum(first * back), rel=1e-12)


@pytest.mark.parametrize("channels", [(), (1,), (3,), (6,)])
@pytest.mark.parametrize("shape", [(15, 21), (31, 13), (23, 23)])
@pytest.mark.parametrize("count", [40, 200])
def test_a_large_psf_of_few_or_many_weights_is_convolved(channels, shape, count):
    rng = np.random.default_rng(count)
    psf = np.zeros(shape)
    psf.ravel()[rng.choice(psf.size, count, replace=False)] = rng.random(count)
    psf /= psf.sum()
    first, second = rng.random((2, 34, 47, *channels)).astype(np.float32)
    there, back = convolve(first, psf), correlate_back(second, psf)
    assert there.dtype == back.dtype == np.float32 and there.shape == back.shape == first.shape
    np.testing.assert_allclose(there, by_scipy(first, psf), atol=1e-6)
    assert np.vdot(there, second) == pytest.approx(np.vdot(first, back), rel=1e-5)


def test_the_thesis_bilateral_is_a_disk_average():
    disk = np.hypot(*np.mgrid[-4:5, -4:5]) <= 4
    assert disk.sum() == 49
    for garment in from_bytes(load_fashion_mnist("test")[0][:5]):
        blurred = BLURS["bilateral"](garment, diameter=9, sigma_color=75, sigma_space=75, scale="0-1")
        off = np.abs(blurred - by_scipy(garment, disk / 49))
        assert off.max() < 2e-4  # 0.14 % between the weights of its middle and its rim
        np.testing.assert_allclose(blurred, by_scipy(garment, BLURS["bilateral"].psf_at(9, 75.0, 75.0, "0-1")), atol=2.5e-5)
        assert np.abs(blurred - BLURS["bilateral"](garment)).max() > 0.05


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
def test_leaves_the_callers_picture_alone(picture, blur):
    kept = picture.copy()
    blurred = blur(picture)
    blur.stored(picture)
    np.testing.assert_array_equal(picture, kept)
    assert blurred.shape == picture.shape
    assert blurred.dtype == np.float32
    assert not np.shares_memory(blurred, picture)


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
@pytest.mark.parametrize("stored", [False, True])
def test_a_flat_picture_stays_flat(blur, stored):
    flat = from_bytes(np.full((33, 35), 102, np.uint8))
    np.testing.assert_allclose((blur.stored if stored else blur)(flat), flat, atol=1e-6)


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
def test_an_end_of_every_range_works(blur):
    large = photograph((64, 65))
    for param in blur.params:
        for value in param.options if hasattr(param, "options") else (param.low, param.high):
            blurred = blur(large, **{param.name: value})
            assert np.isfinite(blurred).all()
            assert 0 <= blurred.min() <= blurred.max() <= 1


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
@pytest.mark.parametrize("value", [-1, 4.5j, 999, float("nan"), float("inf"), "text", None])
def test_bad_values_are_named(blur, value):
    first = blur.params[0]
    with pytest.raises(ValueError, match=rf"{first.name} = .*: expected .*from {first.low:g} to {first.high:g}\. Try "):
        blur(photograph((40, 40)), **{first.name: value})


@pytest.mark.parametrize("name", ["gaussian", "average", "median"])
@pytest.mark.parametrize("size", [0, 2, 4, 99])
def test_even_and_outlying_sizes_are_refused(name, size):
    with pytest.raises(ValueError, match=f"size = {size}: expected an odd whole number from 3 to"):
        BLURS[name](photograph((40, 40)), size=size)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValueError, match="gaussian has no parameter 'radius': expected size, sigma"):
        BLURS["gaussian"](photograph((9, 9)), radius=2)


@pytest.mark.parametrize("blur", BLURS.values(), ids=BLURS)
def test_a_filter_larger_than_the_picture_is_refused(blur):
    first = blur.params[0]
    with pytest.raises(ValueError, match=r"reaches \d+ px .* picture has 5×60 px: expected a picture of at least"):
        blur(photograph((5, 60)), **{first.name: first.high})


@pytest.mark.parametrize("bad", [np.full((9, 9), np.nan), np.full((9, 9), 2.0), np.zeros((0, 0)), np.zeros((9, 9, 4)), "picture"], ids=type)
def test_bad_pictures_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        BLURS["gaussian"](bad)


def test_from_bytes_is_what_8_bits_store():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(to_bytes(BLURS["average"].stored(from_bytes(levels))), cv2.blur(levels, (3, 3)))


@pytest.mark.parametrize("diameter", [3, 5])
def test_small_bilaterals_of_grey_bytes_are_rounded_not_cut_off(diameter):
    sharp, before = photograph((41, 34)), cv2.ipp.useIPP()
    stored = BLURS["bilateral"].stored(sharp, diameter=diameter)
    assert np.abs(255 * (stored - BLURS["bilateral"](sharp, diameter=diameter))).max() < 0.501
    assert cv2.ipp.useIPP() == before
