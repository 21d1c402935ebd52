"""Train a network before someone's eyes: what may be chosen, what each epoch shows, and what was learned as a restorer.

It trains on the first pictures of the training split, never on a test picture; test pictures are only shown.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur import metrics
from deblur.data import SIDE, load_fashion_mnist, load_sample
from deblur.degrade import Degradation
from deblur.image import Bytes, Picture, from_bytes
from deblur.lessons.network import Map, answers, sides_of
from deblur.once import once
from deblur.params import Choice, Param, Parameter, Value, complete
from deblur.reasons import Reason
from deblur.restore import Restorer
from deblur.thesis import as_batch, restore_with

ACTIVATION = Choice("activation", "none", ("none", "relu"))
LAYERS = Param("layers", 4, 1, 4, 1)
LOSS = Choice("loss", "mse", ("mse", "mae", "binary_crossentropy"))
GARMENTS = Param("garments", 2000, 100, 4000, 100)
EPOCHS = Param("epochs", 20, 1, 60, 1)
RATE = Param("learning_rate", 0.003, 0.0005, 0.02, 0.0005)
OPTIONS: tuple[Parameter, ...] = (ACTIVATION, LAYERS, LOSS, GARMENTS, EPOCHS, RATE)

FILTERS = (64, 32, 16, 8)  # the thesis' convolutions; fewer layers keep the first of them
BATCH = 50  # pictures a step: few garments need many steps an epoch, or nothing is to be seen
HELD = 400  # garments at the sample's end that no network is trained on: they measure
POINT = 0.1  # by how much the point is brighter whose response is shown
OWN = "yours"  # the name of a visitor's own network among the restorers

Weights = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Recipe:
    """What is trained against what: the blur and a value for each of `OPTIONS`; the others take their default.

    Raises:
        ValueError: A value is refused.
    """

    degradation: Degradation
    options: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", complete("training", OPTIONS, self.options))

    @property
    def filters(self) -> tuple[int, ...]:
        """Of the convolutions."""
        return FILTERS[: int(self.options["layers"])]

    def build(self) -> Any:
        """The Keras network with random weights of the recipe's seed."""
        import keras

        keras.utils.set_random_seed(self.seed)
        return self._shape()

    def filled(self, weights: Weights) -> Any:
        """The Keras network with these weights."""
        network = self._shape()
        network.set_weights(weights)
        network.trainable = False
        return network

    def _shape(self) -> Any:
        from deblur.networks import thesis_autoencoder  # brings Keras

        return thesis_autoencoder(None if self.options["activation"] == "none" else str(self.options["activation"]), self.filters)

    def blur(self, images: Bytes) -> Picture:
        """Degrade pictures (N, H, W), each with noise of its own."""
        rng = np.random.default_rng(self.seed)
        return np.stack([self.degradation.apply(from_bytes(image), rng) for image in images])


@dataclass(frozen=True)
class Score:
    """How far pictures are from the sharp ones: the chosen loss, and the error in % as everywhere."""

    loss: float
    error: float


@dataclass(frozen=True)
class Epoch:
    """What there is to see after an epoch; number 0 is the network with its random weights.

    Attributes:
        number: How often all garments have been seen.
        loss: The mean over the epoch's own steps; None for number 0.
        held: Of the garments held back, restored.
        untouched: Of the same garments, blurred as they are: what doing nothing reaches.
        restored: The shown garments, (N, H, W).
        response: What one point adds to the network's output before its sigmoid, for each unit of its brightness, (h, w). Without activations
            this is the one kernel that the whole network is; with ReLU it is so around this one point only.
        place: Row and column of that point in the first shown garment.
        seconds: Since the first step.
        weights: All there is to keep.
    """

    number: int
    loss: float | None
    held: Score
    untouched: Score
    restored: NDArray[np.float32]
    response: Map
    place: tuple[int, int]
    seconds: float
    weights: Weights


def pictures(recipe: Recipe, shown: Sequence[int]) -> tuple[Picture, Picture]:
    """The test garments that are shown, sharp and blurred, (N, H, W); each blurred as it is everywhere else.

    Raises:
        ValueError: The filter does not fit a garment.
    """
    images = load_fashion_mnist("test")[0]
    sharp = [from_bytes(images[index]) for index in shown]
    return np.stack(sharp), np.stack([recipe.degradation.apply(picture) for picture in sharp])


def train(recipe: Recipe, shown: Sequence[int]) -> Iterator[Epoch]:
    """Train, and tell after each epoch what there is to see; in this very process.

    Args:
        recipe: What is trained.
        shown: Numbers of test pictures, only to be shown.
    """
    from deblur.training import train_epochs, trainable_form  # brings Keras

    images, count = load_sample(), int(recipe.options["garments"])
    chosen = np.concatenate([images[:count], images[-HELD:]])
    sharp, blurred = as_batch(chosen), as_batch(recipe.blur(chosen))
    held, untouched = sharp[-HELD:], blurred[-HELD:]
    views = pictures(recipe, shown)[1]
    network = recipe.build()
    measured, name = trainable_form(network, SIDE), str(recipe.options["loss"])
    place = point_in(views[0])
    idle = _score(untouched, held, name)

    def seen(number: int, loss: float | None, seconds: float) -> Epoch:
        return Epoch(
            number, loss, _score(np.asarray(measured(untouched)), held, name), idle, answers(network)(views).astype(np.float32),
            response(network, views[0], *place), place, seconds, tuple(network.get_weights()),
        )  # fmt: skip

    yield seen(0, None, 0.0)
    start = time.perf_counter()
    rows = train_epochs(
        network, blurred[:count], sharp[:count], epochs=int(recipe.options["epochs"]), batch=BATCH, loss=name,
        learning_rate=float(recipe.options["learning_rate"]), seed=recipe.seed,
    )  # fmt: skip
    for row in rows:
        yield seen(int(row["epoch"]), row["loss"], time.perf_counter() - start)


def _score(made: NDArray, sharp: NDArray, loss: str) -> Score:
    import keras

    each = np.asarray(keras.losses.get(loss)(sharp.reshape(len(sharp), -1), made.reshape(len(made), -1)))
    return Score(float(each.mean()), metrics.error(made, sharp))


def point_in(blurred: Picture) -> tuple[int, int]:
    """The pixel of a picture closest to mid grey, away from the border: there a sigmoid is steepest."""
    away = np.abs(blurred - 0.5)
    margin = 2 * len(FILTERS)
    inner = away[margin:-margin, margin:-margin]
    row, column = np.unravel_index(int(inner.argmin()), inner.shape)
    return int(row) + margin, int(column) + margin


def response(network: Any, blurred: Picture, row: int, column: int) -> Map:
    """What a point adds to a network's output before its sigmoid, for each unit of its brightness.

    Args:
        network: A thesis network, affine or not.
        blurred: (H, W); the point is added to it.
        row, column: The point, at least the network's reach from the border.

    Returns:
        As much as the network reaches, (h, w), oriented as `network.Collapse.kernel`.
    """
    import keras

    inner = keras.Model(network.input, network.layers[-1].input)
    lit = blurred.copy()
    lit[row, column] += POINT
    dark, bright = answers(inner)(np.stack([blurred, lit])).astype(np.float64)
    sides = sides_of(network)
    ahead, behind = (sum(side[way] for side in sides) for way in (0, 1))
    window = np.s_[row - ahead : row + behind + 1, column - ahead : column + behind + 1]
    return (bright - dark)[window] / POINT


@dataclass(frozen=True, eq=False)
class Trained:
    """What was learned: one network, of one visitor, never written to a disk. Equal to nothing but itself."""

    recipe: Recipe
    epoch: int
    weights: Weights

    @property
    def restorer(self) -> Restorer:
        """The network as a restorer like all others."""
        return Restorer(OWN, (), self._run, doubts=self._doubts)

    def _run(self, blurred: Picture, degradation: Degradation) -> Picture:
        return restore_with(_network(self), blurred)

    def _doubts(self, degradation: Degradation) -> Reason | None:
        taught = self.recipe.degradation
        if taught == degradation:
            return None
        return Reason("own_not_trained_for", "your network was trained on one setting of {blur} alone, not on this degradation.", blur=taught.blur)


@once(8)
def _network(trained: Trained) -> Any:
    return trained.recipe.filled(trained.weights)
