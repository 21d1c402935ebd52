"""Pictures whose surroundings were blurred into them: what lies outside is unknown."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from deblur import border, kernels
from deblur.degrade import Degradation
from deblur.image import from_bytes, to_bytes
from deblur.metrics import psnr
from deblur.restore import RESTORERS

from .conftest import photograph

PSF = kernels.shake(np.random.default_rng(3), 11)
WITH_PSF = ("inverse", "wiener", "richardson_lucy", "total_variation", "universal")


def camera(shape, noise, psf=PSF):
    """A sharp picture and what a camera stores of it: blurred with all that lay around it, by SciPy, nothing mirrored."""
    wide = photograph((shape[0] + psf.shape[0] - 1, shape[1] + psf.shape[1] - 1, *shape[2:]))
    inner = (slice(psf.shape[0] // 2, psf.shape[0] // 2 + shape[0]), slice(psf.shape[1] // 2, psf.shape[1] // 2 + shape[1]))
    channels = wide.reshape(*wide.shape[:2], -1)
    blurred = np.dstack([convolve2d(channels[..., channel], psf, mode="valid") for channel in range(channels.shape[2])]).reshape(shape)
    noisy = blurred + np.random.default_rng(0).normal(0, noise, shape)
    return wide[inner], from_bytes(to_bytes(noisy.clip(0, 1).astype(np.float32)))


@pytest.mark.parametrize("shape", [(70, 93), (64, 51, 3)])
@pytest.mark.parametrize("name", WITH_PSF)
def test_an_unknown_border_is_restored_better_than_a_mirrored_one(name, shape):
    sharp, blurred = camera(shape, 0.002)
    found = {
        kind: psnr(RESTORERS[name].restore(blurred, Degradation.from_psf(PSF, noise=0.002, border=kind)), sharp) for kind in ("mirrored", "unknown")
    }
    assert found["unknown"] > found["mirrored"] + 0.3


def test_the_seen_pixels_stay_as_they_are():
    _, blurred = camera((40, 47), 0.01)
    wide, inner = border.continued(blurred, Degradation.from_psf(PSF, noise=0.01))
    np.testing.assert_array_equal(wide[inner], blurred)
    assert wide.shape == (40 + 2 * max(8, PSF.shape[0] - 1), 47 + 2 * max(8, PSF.shape[1] - 1))
    assert 0 <= wide.min() <= wide.max() <= 1


def test_what_is_put_around_a_picture_is_close_to_what_was_there():
    """One pixel further out, it is nearer to the true blur there than the mirrored picture is."""
    _, wide_blurred = camera((80, 90), 0.0)
    blurred = np.ascontiguousarray(wide_blurred[6:-6, 6:-6])
    filled, inner = border.continued(blurred, Degradation.from_psf(PSF, border="unknown"))
    around = (slice(inner[0].start - 2, inner[0].stop + 2), slice(inner[1].start - 2, inner[1].stop + 2))
    truth, mirrored = wide_blurred[4:-4, 4:-4], np.pad(blurred, 2, mode="reflect")
    assert np.mean((filled[around] - truth) ** 2) < 0.5 * np.mean((mirrored - truth) ** 2)


def test_a_mirrored_border_that_is_taken_for_unknown_loses_little():
    sharp = photograph((90, 71))
    degradation = Degradation.from_psf(PSF, noise=0.01)
    blurred = degradation.apply(sharp)
    lost = [psnr(RESTORERS["wiener"].restore(blurred, degradation.with_(border=kind)), sharp) for kind in ("mirrored", "unknown")]
    assert degradation.border == "unknown"
    assert lost[0] - lost[1] < 0.3


def test_filters_of_the_playground_mirror_and_a_quiet_psf_too():
    assert Degradation(noise=0.05).border == Degradation.from_psf(PSF).border == "mirrored"
    assert Degradation.from_psf(PSF, border="unknown") != Degradation.from_psf(PSF)
    with pytest.raises(ValueError, match="border 'black': expected one of mirrored, unknown"):
        Degradation(border="black")


def test_filters_without_a_psf_do_not_mind():
    degradation = Degradation("median", border="unknown")
    blurred = degradation.apply(photograph((30, 35)))
    np.testing.assert_array_equal(RESTORERS["unsharp"].restore(blurred, degradation), RESTORERS["unsharp"].restore(blurred, Degradation("median")))
