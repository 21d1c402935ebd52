"""Restorers without learning. Each takes the blurred picture, (H, W) or (H, W, 3), and most the PSF; each returns the same shape in [0, 1]."""

import cv2
import numpy as np

from deblur import spectral
from deblur.blur import BORDER
from deblur.image import Picture, clip
from deblur.kernels import Psf

SIGNAL_VARIANCE = 0.05  # of the gradient of a picture in [0, 1], in round numbers; sets the scale of `strength` only


def unsharp(blurred: Picture, radius: float, amount: float) -> Picture:
    """Add back what a Gaussian blur of the blurred picture takes away.

    Knows nothing of the degradation; raises contrast at edges, and noise with it. Mirrored border.

    Args:
        blurred: The picture.
        radius: Standard deviation of the Gaussian, px.
        amount: How much of the difference is added; 0 changes nothing.
    """
    soft = cv2.GaussianBlur(blurred, (0, 0), radius, borderType=BORDER)
    return clip(blurred + np.float32(amount) * (blurred - soft))


def inverse(blurred: Picture, psf: Psf, floor: float) -> Picture:
    """Divide by the blur's spectrum, but by nothing smaller than `floor`.

    Assumes a linear blur, a mirrored border and no noise: what little there is, rounding to 8 bits included, is divided too.

    Args:
        blurred: The picture.
        psf: The blur's PSF.
        floor: Frequencies that the blur weakens below this are weakened no further by the division, 10 to this power.
    """
    return clip(spectral.regularised(blurred, psf, on_gradient=0.0, on_picture=100.0**floor))


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
    return clip(spectral.regularised(blurred, psf, on_gradient=balance, on_picture=1e-3 * balance))
