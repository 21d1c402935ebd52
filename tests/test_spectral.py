"""Undoing a linear blur by least squares."""

import numpy as np
import pytest

from deblur import spectral
from deblur.blur import convolve
from deblur.kernels import disk, motion

from .conftest import photograph

SHAPE = (12, 17)
ASYMMETRIC = np.arange(1.0, 16.0).reshape(3, 5) / 120
PSFS = {"doubly symmetric": disk(2.0), "a line at an angle": motion(5, 30), "asymmetric": ASYMMETRIC}
PENALTIES = [(1e-2, 1e-5), (1e-4, 1e-7), (0.0, 1e-4)]


def by_matrix(picture: np.ndarray, psf: np.ndarray, on_gradient: float, on_picture: float) -> np.ndarray:
    """The same minimum from the normal equations written out, edges counted half as in the mirrored continuation."""
    blur, laplace = spectral.matrix(psf, picture.shape), spectral.matrix(spectral.LAPLACE, picture.shape)
    down, across = (np.r_[0.5, np.ones(size - 2), 0.5] for size in picture.shape)
    weight = np.diag(np.outer(down, across).ravel())
    normal = blur.T @ weight @ blur + on_gradient * weight @ laplace + on_picture * weight
    return np.linalg.solve(normal, blur.T @ weight @ picture.ravel()).reshape(picture.shape)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).random(SHAPE)


@pytest.mark.parametrize("psf", PSFS.values(), ids=PSFS)
def test_matrix_is_the_blur(picture, psf):
    np.testing.assert_allclose((spectral.matrix(psf, SHAPE) @ picture.ravel()).reshape(SHAPE), convolve(picture, psf), atol=1e-12)


@pytest.mark.parametrize("psf", PSFS.values(), ids=PSFS)
@pytest.mark.parametrize(("on_gradient", "on_picture"), PENALTIES)
def test_equals_the_normal_equations(picture, psf, on_gradient, on_picture):
    expected = by_matrix(picture, psf, on_gradient, on_picture)
    np.testing.assert_allclose(spectral.regularised(picture, psf, on_gradient, on_picture), expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("psf", [PSFS["a line at an angle"], ASYMMETRIC], ids=["a line at an angle", "asymmetric"])
def test_iterations_reach_the_direct_solution(picture, psf, monkeypatch):
    expected = spectral.regularised(picture, psf, 1e-2, 1e-5)
    monkeypatch.setattr(spectral, "DIRECT_PIXELS", 0)
    np.testing.assert_allclose(spectral.regularised(picture, psf, 1e-2, 1e-5, num_iter=100), expected, atol=1e-5)


WEIGHTS = (2e-5, 2e-8)  # what 8-bit storage asks for


def minimised(restored: np.ndarray, blurred: np.ndarray, psf: np.ndarray) -> float:
    """The sum that `regularised` makes small, for each pixel."""
    weight = np.outer(*(np.r_[0.5, np.ones(side - 2), 0.5] for side in blurred.shape))
    held = restored * (WEIGHTS[0] * convolve(restored, spectral.LAPLACE) + WEIGHTS[1] * restored)
    return float(np.mean(weight * ((convolve(restored, psf) - blurred) ** 2 + held)))


@pytest.mark.parametrize("enough", [1e-7, 1e-8, 1e-9])
def test_steps_stop_where_little_is_left(enough):
    psf, blurred = motion(9, 30), np.round(255 * convolve(photograph((40, 52)).astype(float), motion(9, 30))) / 255
    least = minimised(by_matrix(blurred, psf, *WEIGHTS), blurred, psf)
    stopped = spectral.regularised(blurred, psf, *WEIGHTS, num_iter=1000, enough=enough)
    assert enough / 100 < minimised(stopped, blurred, psf) - least < 30 * enough


@pytest.mark.parametrize("psf", PSFS.values(), ids=PSFS)
@pytest.mark.parametrize("direct_pixels", [0, 1024])
def test_a_batch_equals_one_by_one(psf, direct_pixels, monkeypatch):
    monkeypatch.setattr(spectral, "DIRECT_PIXELS", direct_pixels)
    batch = np.random.default_rng(2).random((*SHAPE, 7))
    together = spectral.regularised(batch, psf, 1e-2, 1e-5, num_iter=150)
    alone = np.stack([spectral.regularised(batch[..., index], psf, 1e-2, 1e-5, num_iter=150) for index in range(7)], axis=2)
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("psf", PSFS.values(), ids=PSFS)
@pytest.mark.parametrize("shape", [SHAPE, (40, 50)], ids=["direct", "iterated"])
def test_a_flat_picture_stays_flat(psf, shape):
    np.testing.assert_allclose(spectral.regularised(np.full(shape, 0.4), psf, 1e-2, 0.0), 0.4, atol=1e-6)


def test_an_angled_blur_in_float_comes_back_at_the_border_too():
    sharp = np.random.default_rng(3).random((28, 28))
    psf = motion(9, 30)
    restored = spectral.regularised(convolve(sharp, psf), psf, 0.0, 1e-13)
    np.testing.assert_allclose(restored, sharp, atol=1e-2)


def test_symmetry_is_seen():
    assert spectral.is_doubly_symmetric(disk(2.0))
    assert not spectral.is_doubly_symmetric(motion(5, 30))
