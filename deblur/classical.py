"""Restorers without learning. Each takes the blurred picture and most the PSF; each returns the same shape in [0, 1].

The data model of all that take a PSF: y = h∗x + n, with the border mirrored as the filters of `deblur.blur` mirror it, so that a flat
picture stays flat up to its corners. Values outside [0, 1] in the answer are cut.
"""

import numpy as np

from deblur import spectral
from deblur.blur import convolve, correlate_back
from deblur.image import Picture, clip
from deblur.kernels import Psf

SIGNAL_VARIANCE = 0.05  # of the gradient of a picture in [0, 1], in round numbers; sets the scale of Wiener's `strength` only
PICTURE_SHARE = 1e-3  # how much less Wiener holds back the mean than a slope; keeps the division finite
TYPICAL_SLOPE = 0.15  # the mean length of the gradient; sets the scale of total variation's `strength` only
SHRINKAGE = 0.05  # what total variation takes off each slope in one round: decides how soon it arrives, not where
TV_ROUNDS = 20  # within about 0.1 dB of where it arrives after 60, but for long motions without noise, which gain up to 0.8 dB
TV_FIRST_STEPS, TV_STEPS = 60, 8  # of conjugate gradients: before the rounds, and in each, which begins where the last one ended
BLACK = 1e-6  # nothing is divided by less


def unsharp(blurred: Picture, radius: float, amount: float) -> Picture:
    """Add back what a Gaussian blur of the blurred picture takes away.

    Knows nothing of the degradation and assumes nothing of it: raises contrast at edges, and noise with it. Linear but for the cut to
    [0, 1]; mirrored border.

    Args:
        blurred: The picture.
        radius: Standard deviation of the Gaussian, px.
        amount: How much of the difference is added; 0 changes nothing.

    Source: Gonzalez and Woods 2018, eq. 3-56 (computed by scikit-image on a picture continued as the filters continue it).
    """
    from skimage.filters import unsharp_mask  # half a second to import

    margin = int(4 * radius + 1)  # scikit-image's Gaussian ends there
    wide = np.pad(blurred, [(margin, margin)] * 2 + [(0, 0)] * (blurred.ndim - 2), mode="reflect")
    sharpened = unsharp_mask(wide, radius, amount, channel_axis=2 if blurred.ndim == 3 else None)
    return clip(sharpened[margin:-margin, margin:-margin])


def inverse(blurred: Picture, psf: Psf, floor: float) -> Picture:
    """Divide by the blur's spectrum, but leave alone what it has nearly erased.

    Assumes a linear blur, a mirrored border and no noise: what little there is, rounding to 8 bits included, is divided too.

    Args:
        blurred: The picture.
        psf: The blur's PSF.
        floor: log10 of the gain of the blur below which the division fades out and the picture stays as it is; nothing is amplified
            more than about 0.5·10^−floor times.

    Source: Gonzalez and Woods 2018, eq. 5-78; the fading is Tikhonov's of order zero around the blurred picture (Tikhonov and Arsenin 1977).
    """
    missing = blurred.astype(np.float64) - convolve(blurred.astype(np.float64), psf)
    return clip(blurred + spectral.regularised(missing, psf, on_gradient=0.0, on_picture=100.0**floor))


def wiener(blurred: Picture, psf: Psf, noise_variance: float, strength: float) -> Picture:
    """Divide by the blur's spectrum where it stands above the noise, and hold back where it does not.

    Assumes a linear blur, a mirrored border, white noise, and a picture whose power falls with the square of the frequency, as that of
    photographs does; with this prior it is Tikhonov's regularisation of the gradient as well.

    Args:
        blurred: The picture.
        psf: The blur's PSF.
        noise_variance: Of the noise with the rounding, on the range [0, 1].
        strength: Regularise this many dB more (or less) than the noise asks for.

    Source: Gonzalez and Woods 2018, eq. 5-85, with the power spectrum put in; Tikhonov and Arsenin 1977.
    """
    balance = noise_variance / SIGNAL_VARIANCE * 10 ** (strength / 10)
    return clip(spectral.regularised(blurred, psf, on_gradient=balance, on_picture=PICTURE_SHARE * balance))


def richardson_lucy(blurred: Picture, psf: Psf, num_iter: int) -> Picture:
    """Correct the estimate by the ratio of the picture to the estimate's own blur, again and again.

    Assumes a linear blur and Poisson noise; the answer is never negative, and stopping early is what holds the noise back. Mirrored
    border: scikit-image's function takes what lies outside for black. Padding does not repair that: after 100 rounds of a 5×5 box a flat
    garment with its full mirror image around it is still off by 5 %, and the mirror image is wrong for an asymmetric PSF. Inside a black
    margin both give the same to rounding.

    Args:
        blurred: The picture.
        psf: The blur's PSF.
        num_iter: Rounds; each sharpens, and noise with it.

    Source: Richardson 1972; Lucy 1974, eq. 15; divided by the transposed blur of 1, as a border that is not periodic asks (Shepp, Vardi 1982).
    """
    reached = correlate_back(np.ones_like(blurred), psf)
    restored = np.full_like(blurred, 0.5)
    for _ in range(num_iter):
        reblurred = convolve(restored, psf)
        ratio = np.divide(blurred, reblurred, out=np.zeros_like(blurred), where=reblurred > BLACK)
        restored *= np.divide(correlate_back(ratio, psf), reached, out=np.ones_like(blurred), where=reached > BLACK)
    return clip(restored)


def total_variation(blurred: Picture, psf: Psf, noise_variance: float, strength: float) -> Picture:
    """Find the picture with few and sharp edges whose blur is close to this one.

    Minimises ‖h∗x − y‖² + 2·weight·Σ|∇x|. Assumes a linear blur, a mirrored border, white noise and a picture made of smooth patches; fine
    texture is lost first. Not linear. Colours are restored one by one. Alternates between shrinking the slopes and the least-squares
    picture for given slopes, a fixed number of times.

    Args:
        blurred: The picture.
        psf: The blur's PSF.
        noise_variance: Of the noise with the rounding, on the range [0, 1].
        strength: Regularise this many dB more (or less) than the noise asks for.

    Source: Rudin, Osher, Fatemi 1992; Wang, Yang, Yin, Zhang 2008, eq. 2.4, iterated as Goldstein and Osher 2009, section 4.
    """
    weight = noise_variance / TYPICAL_SLOPE * 10 ** (strength / 10)
    coupling = weight / SHRINKAGE
    restored = spectral.regularised(blurred, psf, coupling, PICTURE_SHARE * coupling, TV_FIRST_STEPS)
    debt = spectral.gradient(np.zeros_like(restored))
    for _ in range(TV_ROUNDS):
        owed = _each(np.add, spectral.gradient(restored), debt)
        wanted = _shrink(owed, SHRINKAGE)
        debt = _each(np.subtract, owed, wanted)
        slopes = _each(np.subtract, wanted, debt)
        restored = spectral.regularised(blurred, psf, coupling, PICTURE_SHARE * weight, TV_STEPS, slopes, start=restored)
    return clip(restored)


def _each(operation: np.ufunc, first: spectral.Slopes, second: spectral.Slopes) -> spectral.Slopes:
    return operation(first[0], second[0]), operation(first[1], second[1])


def _shrink(slopes: spectral.Slopes, by: float) -> spectral.Slopes:
    """Shorten the slope of each pixel, a vector downwards and to the right, by a length."""
    down, across = slopes
    length = np.hypot(np.pad(down, [(0, 1), (0, 0), (0, 0)]), np.pad(across, [(0, 0), (0, 1), (0, 0)]))
    share = np.maximum(length - by, 0) / np.maximum(length, by)
    return down * share[:-1], across * share[:, :-1]
