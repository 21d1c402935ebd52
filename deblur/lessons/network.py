"""What a restorer does at a pixel, and what the thesis' networks are: one kernel, a bias and a sigmoid.

Networks are handed over as Keras models (`deblur.weights.load`); Keras itself is imported only by the functions that build one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import convolve2d
from scipy.special import expit

from deblur.classical import PICTURE_SHARE, SIGNAL_VARIANCE
from deblur.degrade import Degradation
from deblur.image import Picture
from deblur.kernels import Psf
from deblur.params import complete
from deblur.reasons import InputError
from deblur.restore import Restorer
from deblur.spectral import LAPLACE

Map = NDArray[np.float64]
Batch = NDArray[np.floating]  # (N, H, W)

STEP = 2e-3  # of a pixel's value in finite differences: float32 noise in the slope is 1e-4 at most, curvature cancels
SEED = 0  # of the direction along which the slopes are checked


@dataclass(frozen=True)
class Stage:
    """The network up to one of its layers, as what it is until then: one kernel and one bias for each feature.

    Attributes:
        name: Of the layer.
        kernels: The response of each feature to a point, (features, h, w); index 0 lies `ahead` pixels above and left of the point.
        biases: What each feature shows of a black picture, (features,).
        ahead: How far the kernels reach up and left, px.
        num_params: Of this layer and all before it.
    """

    name: str
    kernels: Map
    biases: Map
    ahead: int
    num_params: int


@dataclass(frozen=True)
class Collapse:
    """An affine network as h·w + 1 numbers and a sigmoid; call it on a blurred picture, (H, W) to (H, W).

    Attributes:
        stages: Layer by layer; the last one is the whole network before its sigmoid.
    """

    stages: tuple[Stage, ...]

    @property
    def kernel(self) -> Map:
        """The response to a point before the sigmoid, (h, w)."""
        return self.stages[-1].kernels[0]

    @property
    def bias(self) -> float:
        """What a black picture gives before the sigmoid."""
        return float(self.stages[-1].biases[0])

    @property
    def ahead(self) -> int:
        """How far the kernel reaches up and left, px."""
        return self.stages[-1].ahead

    @property
    def border(self) -> int:
        """From how many pixels inside the network's black border no longer counts."""
        return max(self.kernel.shape)

    def __call__(self, blurred: Picture) -> Map:
        """Restore by the numbers alone, in [0, 1]; black beyond the border, as in the network's last layer but not in those between."""
        height, width = blurred.shape
        whole = convolve2d(blurred.astype(np.float64), self.kernel)
        return expit(whole[self.ahead : self.ahead + height, self.ahead : self.ahead + width] + self.bias)


def collapse(network: Any) -> Collapse:
    """Follow a point through the layers of an affine network, far from its border.

    Raises:
        ValueError: The network is not affine up to its last sigmoid.
    """
    affine_of(network)
    sides = _sides(network)
    canvas = 2 * sum(ahead + behind for ahead, behind in sides) + 3
    signal = np.zeros((2, canvas, canvas, 1), np.float32)
    point = canvas // 2
    signal[0, point, point] = 1
    stages, ahead, behind, num_params = [], 0, 0, 0
    for layer, (up, down) in zip(network.layers[1:-1], sides, strict=True):
        signal, ahead, behind, num_params = layer(signal), ahead + up, behind + down, num_params + layer.count_params()
        lit, dark = np.asarray(signal, np.float64)
        part = slice(point - ahead, point + behind + 1)
        stages.append(Stage(layer.name, (lit - dark)[part, part].transpose(2, 0, 1), dark[point, point], ahead, num_params))
    return Collapse(tuple(stages))


@dataclass(frozen=True)
class Comparison:
    """A network beside its collapsed form on one picture; (H, W) in [0, 1].

    Attributes:
        network: What the network answers.
        collapsed: What kernel, bias and sigmoid answer.
        inside: Largest difference further than `Collapse.border` from the border.
        near_border: Largest difference in the rest.
    """

    network: Map
    collapsed: Map
    inside: float
    near_border: float

    @property
    def difference(self) -> Map:
        """network − collapsed, signed."""
        return self.network - self.collapsed


def compare(network: Any, collapsed: Collapse, blurred: Picture) -> Comparison:
    """Measure how far the collapsed form is from a network, on a grey picture larger than twice the border."""
    if blurred.ndim != 2 or min(blurred.shape) <= 2 * collapsed.border:
        raise InputError(
            "grey_needed", "picture of shape {shape}: expected a grey one with more than {needed} px a side.", shape=blurred.shape, needed=2 * collapsed.border
        )
    answer, short = answers(network)(blurred[None])[0].astype(np.float64), collapsed(blurred)
    away = np.abs(answer - short)
    inner = (slice(collapsed.border, -collapsed.border),) * 2
    inside = float(away[inner].max())
    away[inner] = 0
    return Comparison(answer, short, inside, float(away.max()))


def with_activation(network: Any, activation: str) -> Any:
    """The same weights with an activation between the layers, such as "relu"."""
    from deblur.networks import thesis_autoencoder  # brings Keras

    filters = tuple(layer.filters for layer in network.layers if layer.name.startswith("encode"))
    changed = thesis_autoencoder(activation, filters)
    changed.set_weights(network.get_weights())
    return changed


def answers(network: Any) -> Callable[[Batch], Batch]:
    """A thesis network as a function from (N, H, W) to (N, H, W)."""
    return lambda blurred: np.asarray(network(blurred.astype(np.float32)[..., None]))[..., 0]


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
    up[-1], down[-1] = _inside(blurred + direction), _inside(blurred - direction)
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
    affine, sides = affine_of(network), _sides(network)
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


def affine_of(network: Any) -> Any:
    from deblur.networks import affine_part  # brings Keras

    affine = affine_part(network)
    if affine is None:
        raise InputError("not_affine", "network {name!r}: expected one that is affine up to its last sigmoid.", name=network.name)
    return affine


def _sides(network: Any) -> list[tuple[int, int]]:
    """How far each layer carries a point up and left, and down and right: a convolution gathers from below, a transposed one spreads there."""
    return [
        (0, layer.kernel_size[0] - 1) if "Transpose" in type(layer).__name__ else (layer.kernel_size[0] - 1, 0) for layer in network.layers[1:-1]
    ]


def _near(shape: tuple[int, ...], row: int, column: int, before: int, after: int) -> NDArray[np.bool_]:
    """The pixels from `before` px above and left of one to `after` px below and right of it, (H, W)."""
    rows, columns = (np.arange(size) - place for size, place in zip(shape, (row, column), strict=True))
    return np.outer((rows >= -before) & (rows <= after), (columns >= -before) & (columns <= after))


def _inside(picture: NDArray) -> NDArray:
    return np.minimum(np.maximum(picture, 0), 1)
