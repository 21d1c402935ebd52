"""Undo a filter that can only be applied: blur the guess again, and add what is missing."""

import numpy as np

from deblur.degrade import Degradation
from deblur.image import Picture, clip


def reverse(blurred: Picture, degradation: Degradation, num_iter: int) -> tuple[Picture, Picture]:
    """Reverse a filter by what the guess, blurred again, lacks of the blurred picture: x + (b − f(x)), from x = b on, until that no longer shrinks it.

    Assumes nothing of the filter but that it changes the picture little; works where it does, for the bilateral filter above all. Noise is not held
    back: it grows with every step.

    Args:
        blurred: (H, W) or (H, W, 3), float32 in [0, 1].
        degradation: Its filter is all that counts.
        num_iter: At most.

    Returns:
        The restored picture and what it leaves unexplained, both like `blurred`.

    Raises:
        ValueError: The picture is too small for the filter.

    Source: Tao, Zhou, Shen, Jia 2017, "Zero-order reverse filtering", eq. 4; for a linear blur it is van Cittert's iteration of 1931.
    """
    restored, left = blurred, unexplained(blurred, blurred, degradation)
    for _ in range(num_iter):
        better = clip(restored + left)
        still = unexplained(better, blurred, degradation)
        if np.vdot(still, still) >= np.vdot(left, left):
            break
        restored, left = better, still
    return restored, left


def unexplained(restored: Picture, blurred: Picture, degradation: Degradation) -> Picture:
    """What a restored picture, blurred again, lacks of the blurred one: float32 like it, 0 for a perfect answer without noise."""
    if degradation.blur == "median":
        return blurred - degradation.filter.stored(restored, **degradation.values)  # large medians of floats take a second a megapixel
    return blurred - degradation.reblur(restored)
