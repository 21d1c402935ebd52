"""Undo a filter that can only be applied: blur the guess again, and add what is missing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deblur.degrade import Degradation
from deblur.image import Picture, clip, from_bytes, to_bytes

EXACT_PIXELS = 1024  # up to here a median is one of exact numbers, which slopes can be taken through; beyond, of levels: that is 400 times as quick


def reverse(
    blurred: NDArray[np.float32],
    degradation: Degradation,
    num_iter: int,
    colours: bool = True,
    start: NDArray[np.float32] | None = None,
    weight: float = 1.0,
    worth: float = 1.0,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reverse a filter by what the guess, blurred again, lacks of the blurred picture: x + weight·(b − f(x)), until that no longer shrinks it.

    Assumes nothing of the filter but that it changes the picture little; works where it does, for the bilateral filter above all. Noise is not held
    back: it grows with every step.

    Args:
        blurred: (H, W) or (H, W, N), float32 in [0, 1].
        degradation: Its filter is all that counts.
        num_iter: At most.
        colours: Three are the colours of one picture; any other number, and three without this, are grey pictures by themselves.
        start: The first guess, shaped like `blurred`, which it is if left out.
        weight: Of a step.
        worth: A step is taken only if the squares of what is left are less than this share of what they were.

    Returns:
        The restored picture and what it leaves unexplained, both like `blurred`.

    Raises:
        ValueError: The picture is too small for the filter.

    Source: Tao, Zhou, Shen, Jia 2017, "Zero-order reverse filtering", eq. 4; for a linear blur it is van Cittert's iteration of 1931.
    """
    pairs = zip(_parts(blurred, degradation, colours), _parts(blurred if start is None else start, degradation, colours), strict=True)
    restored, left = zip(*(_reversed(part, first, degradation, num_iter, weight, worth) for part, first in pairs), strict=True)
    return _joined(restored, blurred.shape), _joined(left, blurred.shape)


def unexplained(restored: NDArray, blurred: NDArray, degradation: Degradation, colours: bool = True) -> NDArray[np.float32]:
    """What a restored picture, blurred again, lacks of the blurred one: shaped like it, 0 for a perfect answer without noise."""
    pairs = zip(_parts(restored, degradation, colours), _parts(blurred, degradation, colours), strict=True)
    return _joined([_lacks(*pair, degradation) for pair in pairs], blurred.shape)


def _reversed(blurred: Picture, start: Picture, degradation: Degradation, num_iter: int, weight: float, worth: float) -> tuple[Picture, Picture]:
    restored, left = start.copy(), _lacks(start, blurred, degradation)
    for _ in range(num_iter):
        better = clip(restored + np.float32(weight) * left)
        still = _lacks(better, blurred, degradation)
        if np.vdot(still, still) >= worth * np.vdot(left, left):
            break
        restored, left = better, still
    return restored, left


def _lacks(restored: Picture, blurred: Picture, degradation: Degradation) -> Picture:
    if degradation.filter.keeps_values and restored.size > EXACT_PIXELS:
        restored = from_bytes(to_bytes(restored))
    return blurred - degradation.reblur(restored)


def _parts(pictures: NDArray, degradation: Degradation, colours: bool) -> list[Picture]:
    """What a filter is applied to by itself: all colours where they are blurred together, else each plane."""
    if pictures.ndim == 2 or (colours and degradation.blurs_together(pictures.shape[2])):
        return [pictures]
    return [np.ascontiguousarray(pictures[..., place]) for place in range(pictures.shape[2])]


def _joined(parts: Sequence[Picture], shape: tuple[int, ...]) -> NDArray[np.float32]:
    return parts[0] if parts[0].shape == shape else np.stack(parts, axis=-1)
