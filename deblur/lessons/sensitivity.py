"""What a restorer does around one pixel: the Jacobian's row, and its round trip with the blur in frequency."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from deblur.classical import PICTURE_SHARE, SIGNAL_VARIANCE
from deblur.degrade import Degradation
from deblur.image import Picture, clip
from deblur.kernels import Psf
from deblur.lessons.network import Batch, Collapse, Map, affine_of, answers, sides_of
from deblur.params import complete
from deblur.restore import Restorer
from deblur.spectral import LAPLACE

STEP = 2e-3  # of a pixel's value in finite differences: float32 noise in the slope is 1e-4 at most, curvature cancels
FINE_STEP = 2e-4  # of a pixel's value where it is changed to one side only: a network bends on larger ones, float32 blurs smaller ones
STEEPEST = 0.25  # slope of the sigmoid at mid grey
MARGIN = 5  # px from the border where a picture is examined for its calmest and its busiest place
COLOURS = 3
SEED = 0  # of the direction along which the slopes are checked


def answers_of(restorer: Restorer, degradation: Degradation, **values: object) -> Callable[[Batch], Batch]:
    """A restorer as a function from (N, H, W) to (N, H, W), all at once: each of them restores a stack's pictures one by one, however many."""
    checked = complete(restorer.name, restorer.params, values)

    def run(blurred: Batch) -> Batch:
        some = np.concatenate([blurred, blurred[:1]]) if len(blurred) == COLOURS else blurred  # three would be taken for colours
        channels = np.ascontiguousarray(some.transpose(1, 2, 0), np.float32)
        return restorer.run(channels, degradation, **checked).transpose(2, 0, 1)[: len(blurred)]

    return run


@dataclass(frozen=True)
class Sensitivity:
    """The Jacobian's row of one restored pixel: by how much it changes with each blurred one.

    Attributes:
        row, column: The restored pixel.
        weights: (H, W); 0 outside the window that was examined.
        value: The restored value there.
        error: How far the weights miss the change along one random direction in the window, relative to that change; 0 if nothing changes.
    """

    row: int
    column: int
    weights: Map
    value: float
    error: float


def sensitivity(run: Callable[[Batch], Batch], blurred: Picture, row: int, column: int, reach: int = 8) -> Sensitivity:
    """Weigh each blurred pixel near one by central finite differences, all of them in one batch.

    Holds for any restorer; a value cut to 0 or 1 has no slope. Blurred pixels at 0 or 1 are changed to one side only.

    Args:
        run: From `answers` or `answers_of`.
        blurred: Grey, (H, W).
        row, column: The restored pixel.
        reach: How many pixels away others are examined; what lies further counts as 0 and shows in `error` only if it should not.
    """
    window = _near(blurred.shape, row, column, reach, reach)
    places = np.argwhere(window)
    up, down = (np.repeat(blurred[None].astype(np.float64), len(places) + 1, axis=0) for _ in range(2))
    which = np.arange(len(places))
    up[which, places[:, 0], places[:, 1]] = np.minimum(blurred[window] + STEP, 1)
    down[which, places[:, 0], places[:, 1]] = np.maximum(blurred[window] - STEP, 0)
    direction = np.where(window, np.random.default_rng(SEED).uniform(-STEP, STEP, blurred.shape), 0.0)
    up[-1], down[-1] = clip(blurred + direction), clip(blurred - direction)
    up, down = up.astype(np.float32), down.astype(np.float32)
    changes = run(up)[:, row, column].astype(np.float64) - run(down)[:, row, column]
    steps = up[which, places[:, 0], places[:, 1]].astype(np.float64) - down[which, places[:, 0], places[:, 1]]
    weights = np.zeros(blurred.shape)
    weights[window] = changes[:-1] / steps
    foretold = float(np.sum(weights * (up[-1].astype(np.float64) - down[-1])))
    error = abs(foretold - changes[-1]) / abs(changes[-1]) if changes[-1] else 0.0
    return Sensitivity(row, column, weights, float(run(blurred[None])[0, row, column]), float(error))


def jacobian(run: Callable[[Batch], Batch], blurred: Picture) -> NDArray[np.float32]:
    """All rows at once, (H, W) restored pixels by (H, W) blurred ones: each blurred pixel is changed once, to one side, in one batch.

    As quick as a row that reaches over the whole picture. Meant for garments: a picture of N pixels takes N restorations and N² numbers.
    """
    count = blurred.size
    changed = np.repeat(blurred[None], count, axis=0)
    pixels = changed.reshape(count, count)
    steps = np.where(blurred.ravel() > 0.5, -FINE_STEP, FINE_STEP)
    np.fill_diagonal(pixels, blurred.ravel() + steps)
    taken = pixels.diagonal().astype(np.float64) - blurred.ravel()
    changes = run(changed).reshape(count, count).astype(np.float64) - run(blurred[None]).reshape(1, count)
    return (changes / taken[:, None]).T.reshape(*blurred.shape, *blurred.shape).astype(np.float32)


def row_of(rows: NDArray[np.float32], restored: Picture, row: int, column: int) -> Sensitivity:
    """One row of a whole Jacobian."""
    return Sensitivity(row, column, rows[row, column].astype(np.float64), float(restored[row, column]), 0.0)


def around(values: NDArray[np.floating], row: int, column: int, reach: int) -> NDArray[np.floating]:
    """The values up to `reach` px away from a pixel, (2·reach + 1, 2·reach + 1), it in the middle; 0 beyond the border."""
    return np.pad(values, reach)[row : row + 2 * reach + 1, column : column + 2 * reach + 1]


def reach_of(found: Sensitivity, share: float) -> int:
    """How many pixels away, rows or columns, one must go for this share of all weight, counted without signs."""
    rows, columns = np.indices(found.weights.shape)
    away = np.maximum(abs(rows - found.row), abs(columns - found.column))
    by_distance = np.bincount(away.ravel(), np.abs(found.weights).ravel())
    return int(np.argmax(np.cumsum(by_distance) >= share * by_distance.sum() * (1 - 1e-9)))


def apart(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """The share of weight that two kernels do not have in common: 0 if they are equal, 1 if one has nothing of the other."""
    total = float(np.abs(one).sum() + np.abs(other).sum())
    return float(np.abs(one - other).sum()) / total if total else 0.0


def calmest_and_busiest(picture: Picture) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a garment has its flattest area and its strongest edge, as (row, column), neither black nor white nor at the border."""
    inner = (slice(MARGIN, -MARGIN),) * 2
    slopes = np.hypot(*np.gradient(picture.astype(np.float64)))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(slopes, 1), (3, 3))[inner]
    calm, here = windows.max(axis=(2, 3)), picture[inner]
    grey = (here > 0.2) & (here < 0.95)
    places = (np.argmin(np.where(grey, calm, np.inf)), np.argmax(np.where(grey, slopes[inner], -1)))
    flat, edge = (tuple(int(place) + MARGIN for place in np.unravel_index(index, here.shape)) for index in places)
    return flat, edge  # type: ignore[return-value]


@dataclass(frozen=True)
class NetworkSum:
    """One restored pixel of an affine network as the sum it is.

    Attributes:
        row, column: The pixel.
        weights: What each blurred pixel counts before the sigmoid, (H, W).
        bias: What is added.
        total: What the network has there before its sigmoid: Σ weights · blurred + bias.
        value: The sigmoid of it.
    """

    row: int
    column: int
    weights: Map
    bias: float
    total: float
    value: float


def network_sum(network: Any, blurred: Picture, row: int, column: int) -> NetworkSum:
    """Take one pixel of an affine network apart, exact at the border too, by its own response to each pixel in reach.

    Raises:
        ValueError: The network is not affine up to its last sigmoid.
    """
    affine, sides = affine_of(network), sides_of(network)
    window = _near(blurred.shape, row, column, sum(behind for _, behind in sides), sum(ahead for ahead, _ in sides))
    impulses = np.zeros((int(window.sum()) + 1, *blurred.shape), np.float32)  # the last one stays black
    impulses[np.arange(len(impulses) - 1), *np.nonzero(window)] = 1
    before = answers(affine)
    responses = before(impulses)[:, row, column].astype(np.float64)
    total = float(before(blurred[None])[0, row, column])
    weights = np.zeros(blurred.shape)
    weights[window] = responses[:-1] - responses[-1]
    return NetworkSum(row, column, weights, float(responses[-1]), total, float(expit(total)))


def network_sensitivity(network: Any, blurred: Picture, row: int, column: int) -> Sensitivity:
    """The Jacobian's row of an affine network, exact at the border too: its weights times the slope of the sigmoid.

    Raises:
        ValueError: The network is not affine up to its last sigmoid.
    """
    return as_sensitivity(network_sum(network, blurred, row, column))


def as_sensitivity(found: NetworkSum) -> Sensitivity:
    """The Jacobian's row that a sum before the sigmoid amounts to."""
    return Sensitivity(found.row, found.column, found.weights * found.value * (1 - found.value), found.value, 0.0)


@dataclass(frozen=True)
class RoundTrip:
    """What blur and restorer do to vertical stripes, from even light to stripes of one pixel.

    Attributes:
        frequencies: Cycles per px, 0 to 1/2, (count,).
        blur: |H|, what the blur leaves of their contrast.
        restorer: |K|, how much the restorer amplifies it.
        product: The real part of H·K: 1 where they come back as they were.
    """

    frequencies: Map
    blur: Map
    restorer: Map
    product: Map


def round_trip(psf: Psf, found: Sensitivity, count: int = 65) -> RoundTrip:
    """Pair a blur with a restorer as it is around one pixel."""
    return _round_trip(psf, _response(found.weights[:, ::-1], found.weights.shape[1] - 1 - found.column, count))


def kernel_round_trip(psf: Psf, collapsed: Collapse, count: int = 65) -> RoundTrip:
    """Pair a blur with an affine network at a mid-grey pixel, where its sigmoid is steepest."""
    return _round_trip(psf, STEEPEST * _response(collapsed.kernel, collapsed.ahead, count))


def wiener_round_trip(psf: Psf, noise_variance: float, strength: float = 0.0, count: int = 65) -> RoundTrip:
    """Pair a blur with `classical.wiener` before it cuts to [0, 1]; the same at every pixel away from the border."""
    balance = noise_variance / SIGNAL_VARIANCE * 10 ** (strength / 10)
    blur, laplace = (_response(kernel, kernel.shape[1] // 2, count) for kernel in (psf, LAPLACE))
    return _round_trip(psf, blur.conj() / (np.abs(blur) ** 2 + balance * laplace.real + PICTURE_SHARE * balance))


def _round_trip(psf: Psf, restorer: NDArray[np.complex128]) -> RoundTrip:
    blur = _response(psf, psf.shape[1] // 2, len(restorer))
    return RoundTrip(np.linspace(0, 0.5, len(restorer)), np.abs(blur), np.abs(restorer), (blur * restorer).real)


def _response(kernel: Map, centre: int, count: int) -> NDArray[np.complex128]:
    """The frequency response along a row of a kernel whose column `centre` stands for no shift."""
    across = kernel.sum(axis=0)
    return np.exp(-1j * np.pi * np.outer(np.linspace(0, 1, count), np.arange(len(across)) - centre)) @ across


def _near(shape: tuple[int, ...], row: int, column: int, before: int, after: int) -> NDArray[np.bool_]:
    """The pixels from `before` px above and left of one to `after` px below and right of it, (H, W)."""
    rows, columns = (np.arange(size) - place for size, place in zip(shape, (row, column), strict=True))
    return np.outer((rows >= -before) & (rows <= after), (columns >= -before) & (columns <= after))
