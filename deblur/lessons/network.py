"""What the thesis' networks are: one kernel, a bias and a sigmoid.

Networks are handed over as Keras models (`deblur.weights.load`); Keras itself is imported only by the functions that build one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from deblur.image import Picture
from deblur.reasons import InputError

Map = NDArray[np.float64]
Batch = NDArray[np.floating]  # (N, H, W)


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
        margins = (len(self.kernel) - 1 - self.ahead, self.ahead)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(blurred.astype(np.float64), margins), self.kernel.shape)
        return expit(np.tensordot(windows, self.kernel[::-1, ::-1], 2) + self.bias)


@lru_cache(maxsize=32)
def collapse(network: Any) -> Collapse:
    """Follow a point through the layers of an affine network, far from its border.

    Kept for each network: its weights must not change afterwards.

    Raises:
        ValueError: The network is not affine up to its last sigmoid.
    """
    affine_of(network)
    sides = sides_of(network)
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


def superposition(network: Any, blurred: Picture) -> float:
    """How far a network is from adding up: its answers to the two halves of a picture, added before the sigmoid, against that to the whole.

    Returns:
        The largest difference of the restored values, in [0, 1]; 0 for an affine network, up to rounding.
    """
    from deblur.networks import before_sigmoid  # brings Keras

    parts = np.repeat(blurred[None], 4, axis=0)
    middle = blurred.shape[1] // 2
    parts[1, :, middle:], parts[2, :, :middle], parts[3] = 0, 0, 0
    whole, left, right, black = answers(before_sigmoid(network))(parts).astype(np.float64)
    return float(np.abs(expit(whole) - expit(left + right - black)).max())


def answers(network: Any) -> Callable[[Batch], Batch]:
    """A thesis network as a function from (N, H, W) to (N, H, W)."""
    return lambda blurred: np.asarray(network(blurred.astype(np.float32)[..., None]))[..., 0]


def affine_of(network: Any) -> Any:
    """The network without its last sigmoid.

    Raises:
        ValueError: It is not affine until there.
    """
    from deblur.networks import affine_part  # brings Keras

    affine = affine_part(network)
    if affine is None:
        raise InputError("not_affine", "network {name!r}: expected one that is affine up to its last sigmoid.", name=network.name)
    return affine


def sides_of(network: Any) -> list[tuple[int, int]]:
    """How far each layer carries a point up and left, and down and right: a convolution gathers from below, a transposed one spreads there."""
    return [
        (0, layer.kernel_size[0] - 1) if "Transpose" in type(layer).__name__ else (layer.kernel_size[0] - 1, 0) for layer in network.layers[1:-1]
    ]
