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
from deblur.lessons.network import Batch, Map, affine_of, answers, sides_of
from deblur.params import complete
from deblur.restore import Restorer
from deblur.spectral import LAPLACE

STEP = 2e-3  # of a pixel's value in finite differences: float32 noise in the slope is 1e-4 at most, curvature cancels
SEED = 0  # of the direction along which the slopes are checked


def answers_of(restorer: Restorer, degradation: Degradation, **values: object) -> Callable[[Batch], Batch]:
    """A restorer as a function from (N, H, W) to (N, H, W), all at once: each of them restores channels one by one, however many."""
    checked = complete(restorer.name, restorer.params, values)

    def run(blurred: Batch) -> Batch:
        channels = np.ascontiguousarray(blurred.transpose(1, 2, 0), np.float32)
        return restorer.run(channels, degradation, **checked).transpose(2, 0, 1)

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


def network_sensitivity(network: Any, blurred: Picture, row: int, column: int) -> Sensitivity:
    """The same for an affine network, exact at the border too: its own response to each pixel in reach, times the slope of the sigmoid.

    Raises:
        ValueError: The network is not affine up to its last sigmoid.
    """
    affine, sides = affine_of(network), sides_of(network)
    window = _near(blurred.shape, row, column, sum(behind for _, behind in sides), sum(ahead for ahead, _ in sides))
    impulses = np.zeros((int(window.sum()) + 1, *blurred.shape), np.float32)  # the last one stays black
    impulses[np.arange(len(impulses) - 1), *np.nonzero(window)] = 1
    before = answers(affine)
    responses = before(impulses)[:, row, column].astype(np.float64)
    value = float(expit(before(blurred[None])[0, row, column].astype(np.float64)))
    weights = np.zeros(blurred.shape)
    weights[window] = (responses[:-1] - responses[-1]) * value * (1 - value)
    return Sensitivity(row, column, weights, value, 0.0)


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
