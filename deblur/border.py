"""Photographs whose surroundings were never seen: no mirrored border explains what was blurred into them from outside."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deblur.blur import convolve
from deblur.degrade import UNKNOWN, Degradation
from deblur.image import Picture, clip
from deblur.physics import regularised_inverse

LEAST = 8  # px that are added a side, at least; else twice as many as the PSF reaches
CAUTION = 4.0  # the picture outside is guessed a little smoother than the noise would allow

Inner = tuple[slice, slice]


def continued(blurred: Picture, degradation: Degradation) -> tuple[Picture, Inner]:
    """Continue a picture beyond its border by what its own restoration shows there, so that the mirrored border lies far from all that was seen.

    Assumes a linear blur and white noise. The picture on the larger canvas is found by least squares on the seen pixels alone.

    Args:
        blurred: (H, W) or (H, W, C).
        degradation: What is known of it, with a PSF.

    Returns:
        The larger blurred picture, and where the given one lies in it, unchanged.

    Source: Reeves 2005, IEEE TIP 14(10), "Fast image restoration without boundary artifacts"; Almeida and Figueiredo 2013.
    """
    psf = degradation.psf
    assert psf is not None
    margins = [max(LEAST, side - 1) for side in psf.shape]
    pads = [(margin, margin) for margin in margins] + [(0, 0)] * (blurred.ndim - 2)
    inner = (slice(margins[0], -margins[0]), slice(margins[1], -margins[1]))
    wide = np.pad(blurred, pads, mode="reflect")
    seen = np.pad(np.ones(blurred.shape[:2]), pads[:2])
    guess = clip(regularised_inverse(wide, psf, CAUTION * degradation.noise_variance, seen))
    filled = convolve(guess, psf)
    filled[inner] = blurred
    return filled, inner


def any_border(run: Callable[..., Picture]) -> Callable[..., NDArray]:
    """Let a restorer that assumes the mirrored border restore pictures of an unknown one, on the larger canvas."""

    def restore(blurred: Picture, degradation: Degradation, **values: object) -> Picture:
        if degradation.border != UNKNOWN or degradation.psf is None:
            return run(blurred, degradation, **values)
        wide, inner = continued(blurred, degradation)
        return np.ascontiguousarray(run(wide, degradation, **values)[inner])

    return restore
