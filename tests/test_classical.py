"""Restorers without learning, against scikit-image and against what they assume."""

import numpy as np
import pytest
from skimage.filters import unsharp_mask
from skimage.restoration import denoise_tv_chambolle
from skimage.restoration import richardson_lucy as reference_richardson_lucy

from deblur import classical, spectral
from deblur.blur import convolve
from deblur.degrade import Degradation
from deblur.image import clip
from deblur.kernels import disk, motion
from deblur.metrics import psnr

from .conftest import photograph

POINT = np.ones((1, 1))
VARIANCE = 0.01**2
BY_PSF = {
    "inverse": lambda blurred, psf: classical.inverse(blurred, psf, -2.0),
    "wiener": lambda blurred, psf: classical.wiener(blurred, psf, VARIANCE, 0.0),
    "richardson_lucy": lambda blurred, psf: classical.richardson_lucy(blurred, psf, 30),
    "total_variation": lambda blurred, psf: classical.total_variation(blurred, psf, VARIANCE, 0.0),
}


@pytest.fixture(params=["doubly symmetric", "a line at an angle", "asymmetric"])
def psf(request, asymmetric_psf):
    return {"doubly symmetric": disk(2.0), "a line at an angle": motion(7, 30), "asymmetric": asymmetric_psf}[request.param]


@pytest.mark.parametrize("restorer", BY_PSF.values(), ids=BY_PSF)
def test_a_flat_picture_stays_flat_up_to_its_corners(restorer, psf):
    flat = np.full((28, 31), 0.4, np.float32)
    np.testing.assert_allclose(restorer(flat, psf), 0.4, atol=2e-4)


@pytest.mark.parametrize("restorer", BY_PSF.values(), ids=BY_PSF)
def test_brings_the_picture_nearer_at_the_border_too(restorer, psf, picture):
    blurred = Degradation.from_psf(psf).apply(picture)
    restored = restorer(blurred, psf)
    assert restored.shape == picture.shape
    assert restored.dtype == np.float32
    assert psnr(restored, picture) > psnr(blurred, picture) + 1
    for edge in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
        assert psnr(restored[edge], picture[edge]) > psnr(blurred[edge], picture[edge]) + 0.5


@pytest.mark.parametrize("restorer", BY_PSF.values(), ids=BY_PSF)
def test_colours_are_restored_one_by_one(restorer, psf):
    blurred = Degradation.from_psf(psf).apply(photograph((18, 21, 3)))
    alone = np.stack([restorer(np.ascontiguousarray(blurred[..., channel]), psf) for channel in range(3)], axis=2)
    np.testing.assert_allclose(restorer(blurred, psf), alone, atol=1e-5)


@pytest.mark.parametrize("restorer", BY_PSF.values(), ids=BY_PSF)
def test_a_mirrored_picture_with_a_mirrored_psf_gives_the_mirrored_answer(restorer, asymmetric_psf):
    blurred = Degradation.from_psf(asymmetric_psf).apply(photograph((16, 20)))
    mirrored = restorer(np.ascontiguousarray(blurred[::-1, ::-1]), np.ascontiguousarray(asymmetric_psf[::-1, ::-1]))
    off = np.abs(mirrored[::-1, ::-1] - restorer(blurred, asymmetric_psf))
    assert off.max() < 1e-4 or (restorer is BY_PSF["total_variation"] and off.mean() < 0.01)  # its slopes point down and right


@pytest.mark.parametrize("psf", [disk(2.0), motion(7, 30)], ids=["cosines", "matrix"])
def test_inverse_is_exact_where_nothing_was_rounded(psf):
    sharp = photograph((28, 31)).astype(np.float64)
    np.testing.assert_allclose(classical.inverse(convolve(sharp, psf), psf, -6.0), sharp, atol=1e-2)


def test_unsharp_is_scikit_images_inside(picture):
    reference = unsharp_mask(picture, 1.5, 0.8, channel_axis=2 if picture.ndim == 3 else None)
    np.testing.assert_allclose(classical.unsharp(picture, 1.5, 0.8)[8:-8, 8:-8], reference[8:-8, 8:-8], atol=1e-5)
    np.testing.assert_array_equal(classical.unsharp(picture, 1.5, 0.0), picture)


def test_unsharp_mirrors_as_the_filters_do(picture):
    wide = np.pad(picture, [(12, 12)] * 2 + [(0, 0)] * (picture.ndim - 2), mode="reflect")
    np.testing.assert_allclose(classical.unsharp(picture, 1.0, 1.0), classical.unsharp(wide, 1.0, 1.0)[12:-12, 12:-12], atol=1e-6)


def test_richardson_lucy_is_scikit_images_inside_a_black_margin(asymmetric_psf):
    blurred = clip(convolve(np.pad(photograph((20, 25)), 15), asymmetric_psf))
    reference = reference_richardson_lucy(blurred, asymmetric_psf, 20, filter_epsilon=classical.BLACK)
    np.testing.assert_allclose(classical.richardson_lucy(blurred, asymmetric_psf, 20), reference, atol=1e-4)


def test_richardson_lucy_keeps_black_black():
    assert not classical.richardson_lucy(np.zeros((20, 21), np.float32), disk(2.0), 50).any()


def test_total_variation_without_a_blur_is_denoising():
    noisy = Degradation("average", noise=0.1, storage="float").apply(photograph((40, 41)))
    weight = 0.1
    ours = classical.total_variation(noisy, POINT, weight * classical.TYPICAL_SLOPE, 0.0)
    reference = denoise_tv_chambolle(noisy, 2 * weight / 2, eps=1e-7, max_num_iter=2000)
    np.testing.assert_allclose(ours[3:-3, 3:-3], reference[3:-3, 3:-3], atol=0.03)
    assert np.abs(ours - noisy).mean() > 0.05


def test_total_variation_lowers_what_it_minimises(asymmetric_psf):
    def cost(restored):
        slopes = sum(np.abs(slope).sum() for slope in spectral.gradient(restored))
        return np.sum((convolve(restored, asymmetric_psf) - blurred) ** 2) + 2 * VARIANCE / classical.TYPICAL_SLOPE * slopes

    blurred = Degradation.from_psf(asymmetric_psf, noise=0.01).apply(photograph((28, 31)))
    restored = classical.total_variation(blurred, asymmetric_psf, VARIANCE, 0.0)
    assert cost(restored) < 0.95 * min(cost(blurred), cost(classical.wiener(blurred, asymmetric_psf, VARIANCE, 0.0)))


def test_total_variation_arrives_under_a_long_motion(monkeypatch):
    sharp, degradation = photograph((120, 150)), Degradation("motion", {"length": 21, "angle": 30})
    blurred = degradation.apply(sharp)

    def reached():
        return psnr(classical.total_variation(blurred, degradation.psf, degradation.noise_variance, 0.0), sharp)

    here = reached()
    monkeypatch.setattr(classical, "TV_STEPS", 40)
    assert here > reached() - 0.4


@pytest.mark.parametrize("restorer", [classical.wiener, classical.total_variation])
def test_more_strength_is_smoother(restorer):
    blurred = Degradation("gaussian", noise=0.02).apply(photograph((30, 33)))
    psf = Degradation("gaussian").psf
    roughness = [np.abs(np.diff(restorer(blurred, psf, 0.02**2, strength), axis=0)).sum() for strength in (-10, 0, 10)]
    assert roughness[0] > roughness[1] > roughness[2]
