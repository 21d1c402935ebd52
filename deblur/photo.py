"""A whole photograph at full size: colour by colour where the blur allows, so that memory stays bounded and the work can be watched and stopped."""

import math
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from deblur import metrics
from deblur.degrade import Degradation
from deblur.image import Picture, read_image
from deblur.reasons import InputError
from deblur.restore import RESTORERS

LIMIT = 12_000_000  # pixels: what two cores and 4 GB restore in minutes, see benchmarks/photo.py
PART = 512  # px a side of the part that an estimate looks at
_SIDE = math.isqrt(LIMIT)


def read_photo(source: str | os.PathLike[str] | BinaryIO) -> Picture:
    """Read a photograph at full size; one of more than `LIMIT` pixels is reduced to about that many by area averaging.

    Raises:
        ValueError: As for `read_image`.
    """
    return read_image(source, _SIDE, _SIDE)


def restore_by_colour(blurred: Picture, degradation: Degradation, restorer: str, **values: object) -> Iterator[tuple[int, int, Picture]]:
    """Restore one colour after the other and yield how many are done, of how many, and the picture so far; all at once what was blurred together.

    Args:
        blurred: (H, W) or (H, W, 3).
        degradation: What is known of it.
        restorer: A key of `RESTORERS`.
        values: The restorer's own parameters.

    Raises:
        ValueError: The restorer does not apply.
    """
    planes = blurred.reshape(*blurred.shape[:2], -1)
    count, restored = planes.shape[2], np.zeros_like(planes)
    refusal = RESTORERS[restorer].accepts(degradation, blurred.shape, **values)
    if refusal:
        raise InputError.of(refusal)
    yield 0, count, restored.reshape(blurred.shape)
    if degradation.blurs_together(count):
        yield count, count, RESTORERS[restorer].restore(blurred, degradation, **values)
        return
    for colour in range(count):
        restored[..., colour] = RESTORERS[restorer].restore(np.ascontiguousarray(planes[..., colour]), degradation, **values)
        yield colour + 1, count, restored.reshape(blurred.shape)


def psnr_by_colour(picture: Picture, sharp: Picture) -> float:
    """PSNR in dB as `metrics.psnr`, with a third of its memory for a picture in colour."""
    planes, truth = (one.reshape(*one.shape[:2], -1) for one in (picture, sharp))
    return metrics.decibels(float(np.mean([metrics.mse(planes[..., colour], truth[..., colour]) for colour in range(planes.shape[2])])))


def telling_part(picture: Picture, side: int = PART) -> Picture:
    """Cut out, at full size, the part of at most `side` px with the strongest slopes: sky and walls say little of a blur."""
    places = [
        (top, left)
        for top in np.linspace(0, max(0, picture.shape[0] - side), 4).astype(int)
        for left in np.linspace(0, max(0, picture.shape[1] - side), 4).astype(int)
    ]
    parts = [picture[top : top + side, left : left + side] for top, left in places]
    return np.ascontiguousarray(max(parts, key=lambda part: float(np.mean(np.diff(part, axis=0) ** 2) + np.mean(np.diff(part, axis=1) ** 2))))
