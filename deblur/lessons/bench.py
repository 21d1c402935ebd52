"""Is it even a convolution? Two laws that every convolution keeps, put to any filter or restorer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.degrade import LEVEL, Degradation
from deblur.image import Picture
from deblur.restore import Restorer, thesis_network

Map = NDArray[np.float64]
Run = Callable[[Picture], NDArray]

TOLERANCE = 1e-4  # single precision stays below it; one grey level is 40 times as much
MARGIN = 16  # px of black around the picture that is moved, and once more that is not compared
CUT_ONLY = ("unsharp", "inverse", "wiener")  # convolutions but for the cut of their answer to [0, 1]
FAINT = 8  # by how much less contrast nothing of these is cut; a power of two, so that it rounds nothing


@dataclass(frozen=True)
class Trial:
    """One law on one picture.

    Attributes:
        left, right: Its two sides, of one shape, signed.
        largest: Largest difference between them.
        tolerance: Up to which the law counts as kept.
    """

    left: Map
    right: Map
    largest: float
    tolerance: float

    @property
    def difference(self) -> Map:
        """left − right, signed."""
        return self.left - self.right

    @property
    def holds(self) -> bool:
        """Whether the law is kept."""
        return self.largest <= self.tolerance

    @property
    def unseen(self) -> bool:
        """Whether it is kept as far as an 8-bit picture can show."""
        return self.holds or self.largest < LEVEL / 2


def superposition(run: Run, first: Picture, second: Picture, tolerance: float = TOLERANCE) -> Trial:
    """Put f(A + B) on the left and f(A) + f(B) on the right, where A and B are the two pictures at half their light.

    What f makes of black, the bias of a network, is taken off each f: a convolution with a bias passes.

    Args:
        run: A filter or restorer: a picture to a map of the same shape.
        first, second: Of one shape.
        tolerance: On the scale of what `run` returns.
    """
    half, other = first * np.float32(0.5), second * np.float32(0.5)
    dark = _of(run, np.zeros_like(first))
    return _trial(_of(run, half + other) - dark, _of(run, half) + _of(run, other) - 2 * dark, tolerance)


def shift(run: Run, picture: Picture, down: int = 3, right: int = 2, tolerance: float = TOLERANCE) -> Trial:
    """Put f of the shifted picture on the left and the shifted f of the picture on the right.

    The picture lies in a black frame that nothing is pushed out of; the outer `MARGIN` px are not compared, since every border breaks the law.

    Args:
        run: A filter or restorer.
        picture: (H, W) or (H, W, 3).
        down, right: By how many pixels, at most `MARGIN`.
        tolerance: On the scale of what `run` returns.
    """
    frame = [(2 * MARGIN, 2 * MARGIN)] * 2 + [(0, 0)] * (picture.ndim - 2)
    framed = np.pad(picture, frame)
    moved = np.roll(framed, (down, right), axis=(0, 1))
    inner = (slice(MARGIN, -MARGIN),) * 2
    return _trial(_of(run, moved)[inner], np.roll(_of(run, framed), (down, right), axis=(0, 1))[inner], tolerance)


def filter_trials(degradation: Degradation, first: Picture, second: Picture) -> tuple[Trial, Trial]:
    """Put both laws to a filter: superposition, shift."""
    run = filter_of(degradation)
    return superposition(run, first, second), shift(run, first)


def restorer_trials(run: Run, degradation: Degradation, first: Picture, second: Picture) -> tuple[Trial, Trial]:
    """Put both laws to something that undoes a degradation, on pictures as its filter leaves them: superposition, shift."""
    reach = degradation.filter.reach(**degradation.values)
    wide = degradation.reblur(np.pad(first, [(2 * reach, 2 * reach)] * 2 + [(0, 0)] * (first.ndim - 2)))
    framed = wide[reach:-reach, reach:-reach]  # what is cut away is black, but for what the mirrored border brought in
    return superposition(run, degradation.reblur(first), degradation.reblur(second)), shift(run, framed)


def filter_of(degradation: Degradation) -> Run:
    """The blur alone, in floating point."""
    return degradation.reblur


def restorer_of(restorer: Restorer, degradation: Degradation, **values: object) -> Run:
    """A restorer with all it is told."""
    return lambda blurred: restorer.restore(blurred, degradation, **values)


def before_sigmoid(network: Any) -> Run:
    """A thesis network (from `deblur.weights.load`) up to its last sigmoid, on grey pictures.

    Raises:
        ValueError: It is not affine until there.
    """
    from deblur.lessons.network import affine_of, answers

    run = answers(affine_of(network))
    return lambda blurred: run(blurred[None])[0]


def before_last_step(restorer: Restorer, degradation: Degradation, **values: object) -> Run | None:
    """A restorer without the sigmoid or the cut to [0, 1] that ends it, where the rest of it is meant to be a convolution; else None.

    Raises:
        ValueError: The restorer does not apply, or its weights are missing.
    """
    if restorer.name in CUT_ONLY:
        run = restorer_of(restorer, degradation, **values)
        return lambda blurred: (_of(run, blurred / np.float32(FAINT) + np.float32(0.5)) - 0.5) * FAINT
    if restorer.name != "thesis":
        return None
    from deblur import weights  # brings Keras

    chosen = {param.name: values.get(param.name, param.default) for param in restorer.params}
    return before_sigmoid(weights.load(thesis_network(degradation, **chosen)))  # type: ignore[arg-type]


def _of(run: Run, picture: Picture) -> Map:
    return run(picture).astype(np.float64)


def _trial(left: Map, right: Map, tolerance: float) -> Trial:
    return Trial(left, right, float(np.abs(left - right).max()), tolerance)
