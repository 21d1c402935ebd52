"""What happened at one pixel: the arithmetic that made it, and where a sharp pixel went."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur import kernels
from deblur.blur import Blur
from deblur.degrade import LEVEL, Degradation
from deblur.image import Picture, to_bytes
from deblur.reasons import InputError

FLOAT_DOUBT = 1e-3  # levels; OpenCV sums in single precision, measured to be at most 4e-5 away, so this close to a half it decides the level

Map = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """How one blurred pixel came about. Everything counts in levels, 0 to 255; maps have the shape (h, w) of the window.

    Attributes:
        row, column, channel: The pixel; the channel is None in a grey picture.
        rows, columns: Which row and column of the sharp picture each line of the window reads, (h,) and (w,): mirrored or repeated at the border.
        window: The sharp values there.
        total: What the arithmetic gives before it is stored; the median has it whole.
        level: What the arithmetic gives as a stored level.
        filtered: What the filter stored.
        between: The total lies within `FLOAT_DOUBT` of the middle between two levels, and OpenCV's single precision decided which it became.
    """

    row: int
    column: int
    channel: int | None
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    window: Map
    total: float
    level: int
    filtered: int
    between: bool

    @property
    def agrees(self) -> bool:
        """Whether the arithmetic gives the level that the filter stored."""
        return self.level == self.filtered


@dataclass(frozen=True)
class WeightedSum(Explanation):
    """A linear filter, or the bilateral one: total = Σ products, products = window × weights, Σ weights = 1.

    Attributes:
        denominator: All weights are whole multiples of 1/denominator; None where they are any fraction.
    """

    weights: Map
    products: Map
    denominator: int | None


@dataclass(frozen=True)
class BilateralSum(WeightedSum):
    """Final weights = by_distance × by_value, divided by their sum.

    Attributes:
        by_distance: 1 in the centre, 0 outside the disk.
        by_value: 1 where the value is that of the centre; of a colour all three channels count together.
    """

    by_distance: Map
    by_value: Map


@dataclass(frozen=True)
class Ranked(Explanation):
    """The median: the window's values in order, and the place of the one in the middle.

    Attributes:
        strip: All values of the window, ascending, (h·w,).
        rank: Index of the median in the strip.
        order: Which element of the flattened window each place of the strip came from, (h·w,).
    """

    strip: Map
    rank: int
    order: NDArray[np.int64]


def explain(sharp: Picture, degradation: Degradation, row: int, column: int, channel: int | None = None) -> Explanation:
    """Show the arithmetic that made one pixel of the blurred picture as 8 bits store it, before any noise.

    For an 8-bit picture `level` equals the stored level at every pixel of every filter. Each has a rounding of its own: OpenCV's Gaussian
    takes weights in 256ths and rounds halves up, its box rounds a sum of whole numbers, the others round a sum in single precision.
    A sharp picture with values between the levels is rounded first.

    Args:
        sharp: (H, W) or (H, W, 3).
        degradation: Whose blur is explained.
        row: From 0 at the top.
        column: From 0 at the left.
        channel: 0, 1 or 2 of a colour picture; left out of a grey one.

    Raises:
        ValueError: The picture is refused, or there is no such pixel.

    Source: OpenCV 5.0, modules/imgproc/src/smooth.dispatch.cpp, box_filter, filter and bilateral_filter.
    """
    blur, values = degradation.filter, dict(degradation.values)
    sharp, _ = blur.ready(sharp, values)
    _check_place(sharp, row, column, channel)
    filtered = int(to_bytes(blur.stored(sharp, **values))[_at(row, column, channel)])
    return _explain(_levels(sharp), blur, values, (row, column, channel), filtered)


def explain_all(sharp: Picture, degradation: Degradation) -> list[Explanation]:
    """Explain every pixel and channel, row by row; the filter runs once."""
    blur, values = degradation.filter, dict(degradation.values)
    sharp, _ = blur.ready(sharp, values)
    stored, levels = to_bytes(blur.stored(sharp, **values)), _levels(sharp)
    places = (index if sharp.ndim == 3 else (*index, None) for index in np.ndindex(sharp.shape))
    return [_explain(levels, blur, values, place, int(stored[_at(*place)])) for place in places]


def _explain(levels: Map, blur: Blur, values: dict[str, Any], place: tuple[int, int, int | None], filtered: int) -> Explanation:
    row, column, channel = place
    plane = levels if channel is None else levels[:, :, channel]
    if blur.name == "median":
        rows, columns = _window(plane.shape, row, column, (int(values["size"]),) * 2, repeat=True)
        window = plane[np.ix_(rows, columns)]
        order = np.argsort(window, axis=None, kind="stable")
        strip, rank = window.reshape(-1)[order], window.size // 2
        level, between = _rounded(strip[rank], filtered, exact=True)
        return Ranked(row, column, channel, rows, columns, window, float(strip[rank]), level, filtered, between, strip, rank, order)
    if blur.name == "bilateral":
        side = int(values["diameter"])
        rows, columns = _window(plane.shape, row, column, (side, side))
        window = plane[np.ix_(rows, columns)]
        by_distance, by_value = _bilateral_maps(levels, rows, columns, **values)
        weights = by_distance * by_value / np.sum(by_distance * by_value)
        total = float(np.sum(weights * window))
        level, between = _rounded(total, filtered, exact=False)
        return BilateralSum(
            row, column, channel, rows, columns, window, total, level, filtered, between, weights, weights * window, None, by_distance, by_value
        )
    weights, denominator = stored_weights(blur, values)
    rows, columns = _window(plane.shape, row, column, weights.shape)
    window = plane[np.ix_(rows, columns)]
    total = float(np.sum(weights * window))
    if denominator:
        total = round(total * denominator) / denominator  # the products are whole multiples, so this is the sum without its float error
    level, between = _rounded(total, filtered, exact=denominator is not None)
    return WeightedSum(row, column, channel, rows, columns, window, total, level, filtered, between, weights, weights * window, denominator)


def stored_weights(blur: Blur, values: dict[str, Any]) -> tuple[Map, int | None]:
    """The weights that a linear filter's 8-bit code gives to the pixels around one, and the number of which all are multiples, if any."""
    psf = (blur.psf_of_bytes or blur.psf_at)(**values)
    assert psf is not None, "a linear filter"
    return psf[::-1, ::-1], kernels.FIXED_POINT**2 if blur.psf_of_bytes else int(values["size"]) ** 2 if blur.name == "average" else None


@dataclass(frozen=True)
class Reached:
    """Where one sharp pixel went.

    Attributes:
        weights: Its weight in each blurred pixel, (H, W). For the median 1 where it has the value that was chosen, else 0.
        times: How often each blurred pixel's window holds it, (H, W): twice or four times where the border mirrors it.
    """

    weights: Map
    times: NDArray[np.int64]


def reached(sharp: Picture, degradation: Degradation, row: int, column: int, channel: int | None = None) -> Reached:
    """Tell which blurred pixels this sharp pixel reached, and with which weight: the transpose of the filter, exact at the border.

    Args: As for `explain`.

    Raises:
        ValueError: The picture is refused, or there is no such pixel.
    """
    blur, values = degradation.filter, dict(degradation.values)
    sharp, _ = blur.ready(sharp, values)
    _check_place(sharp, row, column, channel)
    levels, reach, (height, width) = _levels(sharp), blur.reach(**values), sharp.shape[:2]
    weights, times = np.zeros((height, width)), np.zeros((height, width), np.int64)
    for near_row in range(max(0, row - reach), min(height, row + reach + 1)):
        for near_column in range(max(0, column - reach), min(width, column + reach + 1)):
            made = _explain(levels, blur, values, (near_row, near_column, channel), 0)
            own = np.outer(made.rows == row, made.columns == column)
            if isinstance(made, WeightedSum):
                times[near_row, near_column] = np.sum(own & (made.weights != 0))
                weights[near_row, near_column] = np.sum(made.weights, where=own)
            else:
                times[near_row, near_column] = np.sum(own)
                weights[near_row, near_column] = float(own.any() and made.window[own][0] == made.total)
    return Reached(weights, times)


def _levels(sharp: Picture) -> Map:
    """The picture in levels, whole numbers."""
    return to_bytes(sharp).astype(np.float64)


def _at(row: int, column: int, channel: int | None) -> tuple[int, ...]:
    return (row, column) if channel is None else (row, column, channel)


def _check_place(sharp: Picture, row: int, column: int, channel: int | None) -> None:
    height, width = sharp.shape[:2]
    if not (0 <= row < height and 0 <= column < width):
        raise InputError(
            "no_such_pixel", "pixel ({row}, {column}): expected a row from 0 to {last_row} and a column from 0 to {last_column}.",
            row=row, column=column, last_row=height - 1, last_column=width - 1,
        )
    if (channel is None) != (sharp.ndim == 2) or channel not in (None, 0, 1, 2):
        raise InputError(
            "no_such_channel", "channel {channel!r}: expected {expected}.", channel=channel, expected="None for a grey picture" if sharp.ndim == 2 else "0, 1 or 2"
        )


def _window(shape: tuple[int, ...], row: int, column: int, sides: tuple[int, ...], repeat: bool = False) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    down, across = (
        _inside(np.arange(centre - side // 2, centre + side // 2 + 1), size, repeat) for centre, side, size in zip((row, column), sides, shape, strict=True)
    )
    return down, across


def _inside(places: NDArray[np.int64], size: int, repeat: bool) -> NDArray[np.int64]:
    """Where the border takes what lies outside: from the edge itself (the median), or from as far behind it (reflect-101)."""
    return np.minimum(np.maximum(places, 0), size - 1) if repeat else size - 1 - np.abs(size - 1 - np.abs(places))


def _bilateral_maps(
    levels: Map, rows: NDArray[np.int64], columns: NDArray[np.int64], diameter: int, sigma_color: float, sigma_space: float, scale: str
) -> tuple[Map, Map]:
    colours = levels[np.ix_(rows, columns)].reshape(len(rows), len(columns), -1)
    centre = colours[diameter // 2, diameter // 2]
    difference = np.abs(colours - centre).sum(axis=2) * (1.0 if scale == "0-255" else LEVEL)
    squares = np.add.outer(*(2 * [np.arange(-(diameter // 2), diameter // 2 + 1) ** 2]))
    by_distance = np.where(squares <= (diameter // 2) ** 2, np.exp(-squares / (2 * sigma_space**2)), 0.0)
    return by_distance, np.exp(-(difference**2) / (2 * sigma_color**2))


def _rounded(total: float, filtered: int, exact: bool) -> tuple[int, bool]:
    """The nearest level, halves up, and whether single precision had to decide between two: then it is the filter's."""
    level = int(np.floor(total + 0.5))
    between = not exact and abs(total - np.floor(total) - 0.5) < FLOAT_DOUBT
    return (filtered if between and filtered in (int(np.floor(total)), int(np.ceil(total))) else level), bool(between)
