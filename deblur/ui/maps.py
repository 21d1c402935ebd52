"""Numbers as small pictures: one tag for every picture of the page, maps of weights, signed maps around mid grey."""

import base64
import math
from html import escape

import numpy as np
from numpy.typing import NDArray

from deblur.image import WHITE, Picture, clip, encode_jpeg, encode_png, to_bytes
from deblur.ui.texts import digits

LOSSLESS_VALUES = 300_000  # from here on JPEG of quality 92 is what keeps the page quick
CRISP_SIDE = 200  # px: smaller pictures are shown pixel by pixel, scaled by a whole factor
NUMBERED_SIDE = 7  # maps up to this side show their numbers
WIDE = 3  # columns; more want smaller figures
LONG = 6  # characters of a number that fill a cell in larger letters


def data_uri(picture: Picture) -> str:
    """The picture as it is, as a data: address."""
    levels = to_bytes(picture)
    kind, data = ("png", encode_png(levels)) if levels.size < LOSSLESS_VALUES else ("jpeg", encode_jpeg(levels))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def image(address: str, shape: tuple[int, ...], alt: str) -> str:
    """The tag of a picture of this shape, (H, W) or (H, W, 3), scaled by a whole factor if it is small."""
    height, width = shape[:2]
    crisp = " crisp" if max(height, width) <= CRISP_SIDE else ""
    return f'<img class="picture{crisp}" style="--w:{width};--h:{height}" width="{width}" height="{height}" alt="{escape(alt)}" src="{address}">'


def small(picture: Picture, alt: str) -> str:
    """A small picture in its frame."""
    return f'<div class="frame small">{image(data_uri(picture), picture.shape, alt)}</div>'


def numbered(values: NDArray[np.floating]) -> str:
    """A grid of numbers, each on a ground as light as it is large; at least 0."""
    largest = float(values.max()) or 1.0
    cells = "".join(
        f'<span style="--share:{value / largest:.3f}"{" class=strong" if value > 0.55 * largest else ""}>{_number(float(value))}</span>'
        for value in values.ravel()
    )
    wide = " wide" if values.shape[1] > WIDE or any(len(_number(float(value))) > LONG for value in values.ravel()) else ""
    return f'<div class="weights{wide}" style="--columns:{values.shape[1]}">{cells}</div>'


def weights(values: NDArray[np.floating], caption: str, whole: bool = False) -> str:
    """A map of numbers of at least 0, from black to its largest value in white, with them in it if it is small and not asked for as a `whole`."""
    largest = float(values.max()) or 1.0
    as_numbers = max(values.shape) <= NUMBERED_SIDE and not whole
    inside = numbered(values) if as_numbers else small((values / largest).astype(np.float32), caption)
    return figure(inside, f"{caption}, 0 – {digits(largest)}")


def signed(values: NDArray[np.floating], caption: str, unit: float = WHITE, limit: float | None = None) -> str:
    """A signed map around mid grey, with the range it shows.

    Args:
        values: (H, W).
        caption: What it shows.
        unit: By what a value is multiplied to be written: grey levels, or 1 for plain numbers.
        limit: What white stands for; the largest absolute value if left out.
    """
    largest = limit or float(np.abs(values).max()) or 1.0
    end = digits(unit * largest)
    return figure(signed_picture(values, caption, largest), f"{caption}: −{end} … +{end}")


def signed_picture(values: NDArray[np.floating], alt: str, largest: float = 0.0) -> str:
    """A signed map around mid grey in its frame: `largest`, if left out the largest absolute value, is white, or black if negative."""
    largest = largest or float(np.abs(values).max()) or 1.0
    return small(clip(0.5 + values / (2 * largest)), alt)


def sheet(kernels: NDArray[np.floating], alt: str, unit: float = WHITE) -> tuple[str, str]:
    """Many small signed maps on one scale, and the range they show.

    Args:
        kernels: (N, h, w).
        alt: What each shows.
        unit: As for `signed`.
    """
    largest = float(np.abs(kernels).max()) or 1.0
    limit = digits(unit * largest)
    count, height, width = kernels.shape
    pictures = "".join(
        f'<img width="{width}" height="{height}" alt="" src="{data_uri(clip(0.5 + kernel / (2 * largest)))}">' for kernel in kernels
    )
    return f'<div class="sheet" role="img" aria-label="{escape(alt)}" style="--columns:{math.ceil(math.sqrt(count))}">{pictures}</div>', f"{alt}: −{limit} … +{limit}"


def figure(inside: str, caption: str) -> str:
    """Something drawn, with what it shows."""
    return f'<figure class="map">{inside}<figcaption>{escape(caption)}</figcaption></figure>'


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else digits(value)
