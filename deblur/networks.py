"""Builders of the Keras networks, on Keras' own operations only. A card names its builder by a key of `BUILDERS`."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

FIRST, LAST = "to_half", "from_half"  # of the universal network's layers: where pictures come in and go out


def thesis_autoencoder(activation: str | None = None, filters: tuple[int, ...] = (64, 32, 16, 8)) -> keras.Model:
    """Build the thesis' convolutional autoencoder: (N, H, W, 1) to the same shape, 22,057 parameters as printed.

    Four convolutions, four transposed ones, a sigmoid. The thesis names no activation between them and Keras' default is the identity,
    so up to the sigmoid the whole network is one affine map: an 8×8 kernel and a bias, but for the zero-padded border.

    Args:
        activation: Between the layers; None as printed.
        filters: Of the convolutions; the transposed ones mirror them.

    Source: Condori 2023, chapter 3.
    """
    picture = layers.Input((None, None, 1), name="blurred")
    signal = picture
    for step, count in enumerate(filters, 1):
        signal = layers.Conv2D(count, 2, padding="same", activation=activation, name=f"encode_{step}")(signal)
    for step, count in enumerate(filters[-2::-1], 1):
        signal = layers.Conv2DTranspose(count, 2, padding="same", activation=activation, name=f"decode_{step}")(signal)
    signal = layers.Conv2DTranspose(1, 1, padding="same", name="merge")(signal)
    return keras.Model(picture, layers.Activation("sigmoid", name="restored")(signal), name="thesis_autoencoder")


def affine_part(network: keras.Model) -> keras.Model | None:
    """Return the network without its last sigmoid if everything before it is affine, else None."""
    *inner, last = network.layers[1:]
    affine = all(getattr(layer, "activation", None) is keras.activations.linear for layer in inner)
    return before_sigmoid(network) if affine and last.name == "restored" else None


def before_sigmoid(network: keras.Model) -> keras.Model:
    """Return a network without its last layer."""
    return keras.Model(network.input, network.layers[-1].input)


@keras.saving.register_keras_serializable(package="deblur")
class Collapsed(keras.Model):
    """An affine autoencoder as the single matrix it equals, on pictures of one size: same variables, same gradients, a fraction of the work.

    Instead of every picture, the layers are given the few impulses that tell the whole matrix; pictures then cost one product with it.
    A shift by whole pixels commutes with all layers except near the top and left border, where what is moved out of the picture is lost.
    So one impulse at each of the first `reach` + 1 rows and columns stands for all others. It trains by `fit` on every Keras backend,
    and its steps are those of the network itself up to rounding.
    """

    def __init__(self, network: keras.Model, side: int = 28) -> None:
        super().__init__(name="collapsed")
        affine = affine_part(network)
        if affine is None:
            raise ValueError(f"network {network.name!r}: expected one that is affine up to its last sigmoid. Train it as it is instead.")
        self.affine, self.side = affine, side
        kernels = [layer.kernel_size[0] - 1 for layer in network.layers if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose)]
        self.ahead = sum(kernels[: len(kernels) // 2])  # the convolutions move content up and left by at most this much
        self.behind = sum(kernels[len(kernels) // 2 :])  # the transposed ones down and right
        self.impulses, self.index = self._impulses()

    def _impulses(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """The impulses (M, w, w, 1), and for every input and output pixel the place of its weight in their responses (P, P)."""
        places, width = self.ahead + 1, self.ahead + self.behind + 1
        impulses = np.zeros((places, places, width, width, 1), np.float32)
        for row, column in np.ndindex(places, places):
            impulses[row, column, row, column] = 1
        pixels = np.arange(self.side)
        place = np.minimum(pixels, self.ahead)  # which impulse stands for an input pixel
        target = place[:, None] + pixels[None, :] - pixels[:, None]  # where an output pixel lies in its response
        near = (target >= 0) & (target < width)
        near_both = near[:, None, :, None] & near[None, :, None, :]
        which = place[:, None] * places + place[None, :]
        index = (which[:, :, None, None] * width + target[:, None, :, None]) * width + target[None, :, None, :]
        nothing = places**2 * width**2  # a zero is appended there
        count = self.side**2
        return impulses.reshape(-1, width, width, 1), np.where(near_both, index, nothing).reshape(count, count).astype(np.int32)

    def matrix(self) -> tuple[object, object]:
        """The matrix (P, P), input pixel by output pixel, and the offset (1, P) before the sigmoid, as tensors of the backend."""
        both = ops.concatenate([self.impulses, ops.zeros_like(self.impulses[:1])])
        answers = self.affine(both)
        responses = ops.reshape(answers[:-1] - answers[-1:], (-1,))
        offset = self.affine(ops.zeros((1, self.side, self.side, 1)))
        return ops.take(ops.concatenate([responses, ops.zeros((1,))]), self.index), ops.reshape(offset, (1, -1))

    def call(self, blurred: object) -> object:
        """(N, side, side, 1) to the same shape."""
        matrix, offset = self.matrix()
        flat = ops.reshape(blurred, (-1, self.side**2))
        return ops.reshape(ops.sigmoid(ops.matmul(flat, matrix) + offset), (-1, self.side, self.side, 1))


def universal(widths: tuple[int, ...] = (32, 64, 96), blocks: tuple[int, ...] = (2, 6, 2), planes: int = 3, conditions: int = 18) -> keras.Model:
    """Build the universal network: what `deblur.physics.hand_over` makes, to the restored picture (N, H, W, 1), not yet cut to [0, 1].

    A small U-shaped residual network. It starts from the regularised inverse (the first plane) and adds what it knows of pictures, in units of the
    error that the inverse should have left (the first entry of the condition): where the data determine the picture, it has nothing to add.

    Args:
        widths: Channels at half, at a quarter and, unless left out, at an eighth of the resolution.
        blocks: Residual blocks at half resolution, as many again on the way back; at a quarter, half of them on the way back; and at an eighth.
        planes: Channels of the input (N, H, W, planes), H and W multiples of 4.
        conditions: Length of the second input (N, conditions).
    """
    pictures = layers.Input((None, None, planes), name="planes")
    known = layers.Input((conditions,), name="condition")
    code = layers.Dense(64, activation="relu", name="code_first")(known)
    code = layers.Dense(64, activation="relu", name="code")(code)
    half, quarter, *eighth = widths
    signal = layers.Conv2D(half, 4, strides=2, padding="same", name=FIRST)(pictures)
    for step in range(blocks[0]):
        signal = _residual_block(signal, code, f"down_{step}")
    passed = signal
    signal = layers.Conv2D(quarter, 2, strides=2, name="to_quarter")(signal)
    for step in range(blocks[1]):
        if eighth and step == blocks[1] // 2:
            signal = _at_an_eighth(signal, code, eighth[0], blocks[2])
        signal = _residual_block(signal, code, f"deep_{step}")
    signal = layers.Conv2DTranspose(half, 2, strides=2, name="from_quarter")(signal)
    signal = layers.Add(name="joined")([signal, passed])
    for step in range(blocks[0]):
        signal = _residual_block(signal, code, f"up_{step}")
    signal = layers.Conv2DTranspose(1, 4, strides=2, padding="same", kernel_initializer="zeros", dtype="float32", name=LAST)(signal)
    inverse, error = pictures[..., :1], ops.exp(known[:, None, None, :1])
    return keras.Model([pictures, known], inverse + error * signal, name="universal")


def _at_an_eighth(signal: Any, code: Any, width: int, blocks: int) -> Any:
    """What is seen from further off, added to the signal at a quarter of the resolution; at first nothing. Sides of an odd length go one over."""
    deepest = layers.Conv2D(width, 2, strides=2, padding="same", name="to_eighth")(signal)
    for step in range(blocks):
        deepest = _residual_block(deepest, code, f"deepest_{step}")
    deepest = layers.Conv2DTranspose(signal.shape[-1], 2, strides=2, kernel_initializer="zeros", name="from_eighth")(deepest)
    return AddCut(name="joined_eighth")([signal, deepest])


@keras.saving.register_keras_serializable(package="deblur")
class AddCut(keras.layers.Layer):
    """Add to a picture another that may be larger at its bottom and right. No weights."""

    def call(self, pair: Any) -> Any:
        """[(N, H, W, C), (N, at least H, at least W, C)] to the first shape."""
        picture, larger = pair
        shape = ops.shape(picture)
        return picture + larger[:, : shape[1], : shape[2]]

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]


def unrolled(network: keras.Model, again: int, linear: int, rounds: int) -> keras.Model:
    """Write some rounds of the universal network, each continued by `deblur.physics.agree`, as one network, to train through.

    Inputs: the network's two, then `kept` (N, H, W, 2) and `added` (N, H, W, 1), from `deblur.physics.agreement`, and `left`
    (N, H, W, rounds - 1), the third plane of the later rounds for pictures whose blur has no PSF, from their answers before; no gradient goes through
    it. Outputs: the answer after each round, (N, H, W, 1) all. The rounds share their weights.

    Args:
        network: As built by `universal`.
        again, linear: The places in the condition that say that it is not the first round, and that there is a PSF; all is as
            `deblur.physics.hand_back` makes it.
        rounds: At least 1.
    """
    planes, known = network.inputs
    kept, added = layers.Input((None, None, 2), name="kept"), layers.Input((None, None, 1), name="added")
    left = layers.Input((None, None, rounds - 1), name="left")
    agree, has_psf = Agreement(dtype="float32", name="agreement"), known[:, None, None, linear : linear + 1]
    inverse, blurred, error = planes[..., :1], planes[..., 1:2], ops.exp(known[:, None, None, :1])
    later = known + ops.one_hot(again, known.shape[-1])
    answers = [agree(network([planes, known]), kept, added)]
    for step in range(rounds - 1):
        third = has_psf * (inverse - answers[-1]) / error + left[..., step : step + 1]
        back = ops.concatenate([answers[-1], blurred, third], axis=-1)
        answers.append(agree(network([back, later]), kept, added))
    return keras.Model([planes, known, kept, added, left], answers, name="unrolled")


@keras.saving.register_keras_serializable(package="deblur")
class Agreement(keras.layers.Layer):
    """Weigh a picture's waves by `kept`, then add `added`, as `deblur.physics.weigh` does, and cut to [0, 1]. No weights."""

    def call(self, restored: Any, kept: Any, added: Any) -> Any:
        """(N, H, W, 1) to the same shape; `restored` is cut to [0, 1] before."""
        shape = ops.shape(restored)
        down, across = (_waves(ops.cos, shape[1]), ops.transpose(_waves(ops.cos, shape[2])))
        spectrum = ops.matmul(ops.matmul(down, ops.clip(restored[..., 0], 0.0, 1.0)), across)
        even = ops.matmul(ops.matmul(down, spectrum * kept[..., 0]), across)
        odd = ops.matmul(ops.matmul(_waves(ops.sin, shape[1]), spectrum * kept[..., 1]), ops.transpose(_waves(ops.sin, shape[2])))
        return ops.clip((even - odd)[..., None] + added, 0.0, 1.0)

    def compute_output_shape(self, restored_shape: tuple, kept_shape: tuple, added_shape: tuple) -> tuple:
        return restored_shape


def _waves(wave: Callable[[Any], Any], length: Any) -> Any:
    """The type-I cosine or sine transform of a line as a matrix, scaled to be its own inverse; the sines of its ends are 0."""
    places = ops.cast(ops.arange(length), "float32")
    last = places[-1]
    halved = ops.where((places == 0) | (places == last), 0.5, 1.0)
    return wave(np.pi / last * places[:, None] * places[None, :]) * halved * ops.sqrt(2.0 / last)


def _residual_block(signal: Any, code: Any, name: str) -> Any:
    """Two convolutions beside the signal, at first without effect, the channels between them weighed and shifted by what is known of the degradation."""
    count = signal.shape[-1]
    weigh = layers.Reshape((1, 1, count), name=f"{name}_weigh")(layers.Dense(count, bias_initializer="ones", name=f"{name}_weight")(code))
    shift = layers.Reshape((1, 1, count), name=f"{name}_move")(layers.Dense(count, name=f"{name}_shift")(code))
    inner = layers.Conv2D(count, 3, padding="same", use_bias=False, name=f"{name}_first")(signal)
    inner = layers.Activation("relu", name=f"{name}_relu")(layers.Add(name=f"{name}_moved")([layers.Multiply(name=f"{name}_weighed")([inner, weigh]), shift]))
    inner = layers.Conv2D(count, 3, padding="same", kernel_initializer="zeros", name=f"{name}_second")(inner)
    return layers.Add(name=f"{name}_added")([signal, inner])


BUILDERS: dict[str, Callable[..., keras.Model]] = {"thesis_autoencoder": thesis_autoencoder, "universal": universal}
