"""The restorers. `RESTORERS` lists them; all take the blurred picture and its degradation, so that one can stand for another."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

import numpy as np

from deblur import classical, universal
from deblur.border import any_border
from deblur.cards import checked_file, read_card
from deblur.degrade import Degradation
from deblur.image import Picture, as_picture
from deblur.kernels import Psf
from deblur.params import Choice, Param, Parameter, complete
from deblur.reasons import InputError, Reason
from deblur.reverse import reverse
from deblur.thesis import EXPERIMENTS, restore_with

Shape = tuple[int, ...]


def _never(*_: object, **values: object) -> Reason | None:
    return None


@dataclass(frozen=True)
class Restorer:
    """Something that makes a restored picture from a blurred one.

    Attributes:
        name: Its key in `RESTORERS`.
        params: Its own parameters.
        run: Called with the blurred picture, the degradation and the checked values.
        refuses: Called with the degradation, the shape and the checked values: the reason why it cannot work on such a picture, or None.
        doubts: The reason why its result means little here although it can be computed, or None.
    """

    name: str
    params: tuple[Parameter, ...]
    run: Callable[..., Picture]
    refuses: Callable[..., Reason | None] = _never
    doubts: Callable[..., Reason | None] = _never

    def accepts(self, degradation: Degradation, shape: Shape, **values: object) -> Reason | None:
        """Return None if it can restore a picture of this shape with these values of its own, else the reason why not, a sentence."""
        return self.refuses(degradation, shape, **complete(self.name, self.params, values))

    def restore(self, blurred: Picture, degradation: Degradation, **values: object) -> Picture:
        """Undo the degradation as well as this restorer can.

        Args:
            blurred: (H, W) or (H, W, 3), float32 in [0, 1]; never changed.
            degradation: What is known of how it came about.
            values: The restorer's own parameters; the others keep their default.

        Raises:
            ValueError: The picture or a value is refused, or `accepts` gives a reason.
        """
        checked = complete(self.name, self.params, values)
        if not isinstance(degradation, Degradation):
            raise InputError(
                "not_a_degradation", "degradation {given!r}: expected a Degradation. Make one: Degradation(\"gaussian\", {{\"size\": 3}}).",
                given=degradation,
            )
        blurred = as_picture(blurred)
        reason = self.refuses(degradation, blurred.shape, **checked)
        if reason:
            raise InputError.of(reason)
        return self.run(blurred, degradation, **checked)


def _needs_psf(degradation: Degradation, shape: Shape, **values: object) -> Reason | None:
    if degradation.psf is None:
        return Reason(
            "needs_linear", "{blur} is no convolution: it has no PSF to divide by. Choose a linear blur, or a restorer that needs no PSF.",
            blur=degradation.blur,
        )
    return _needs_room(degradation, shape)


def _needs_room(degradation: Degradation, shape: Shape, **values: object) -> Reason | None:
    needed = max(2, degradation.filter.reach(**degradation.values) + 1)
    if min(shape[:2]) < needed:
        return Reason(
            "picture_too_small", "a picture of {height}×{width} px is smaller than its blur: expected at least {needed}×{needed} px.",
            height=shape[0], width=shape[1], needed=needed,
        )
    return None


def _psf(degradation: Degradation) -> Psf:
    psf = degradation.psf
    assert psf is not None, "refused by _needs_psf"
    return psf


def thesis_network(degradation: Degradation, network: str) -> str:
    """Which of the thesis' networks is meant: the named one, or with "auto" the one trained on this filter, else the Gaussian one."""
    if network != AUTO:
        return network

    def likeness(name: str) -> int:
        trained = EXPERIMENTS[name].degradation
        if EXPERIMENTS[name].silhouette or trained.blur != degradation.blur:
            return 0
        return 1 + sum(trained.values[key] == value for key, value in degradation.values.items())

    return max(EXPERIMENTS, key=likeness)


def _thesis(blurred: Picture, degradation: Degradation, network: str) -> Picture:
    from deblur import weights  # brings Keras

    return restore_with(weights.load(thesis_network(degradation, network)), blurred)


@lru_cache
def _check_weights(name: str) -> None:
    """Compare card and file once, since this is asked at every step of a slider; a failure is not kept, so that a mended file serves."""
    checked_file(read_card(name))


@lru_cache
def _no_keras() -> Reason | None:
    """The reason why no network can be opened here, without importing what takes seconds."""
    if find_spec("keras") and any(find_spec(backend) for backend in ("tensorflow", "jax", "torch")):
        return None
    return Reason("no_keras", "the networks need Keras and TensorFlow, which are not installed. Choose a restorer that needs no network.")


def _thesis_refuses(degradation: Degradation, shape: Shape, network: str) -> Reason | None:
    if missing := _no_keras():
        return missing
    try:
        _check_weights(thesis_network(degradation, network))
    except InputError as problem:
        return problem.reason
    return _needs_room(degradation, shape)


def _universal_refuses(degradation: Degradation, shape: Shape) -> Reason | None:
    return _no_keras() or _needs_room(degradation, shape) or universal.refuses(degradation)


def _thesis_doubts(degradation: Degradation, network: str) -> Reason | None:
    chosen = EXPERIMENTS[thesis_network(degradation, network)]
    trained = chosen.degradation
    same = trained.blur == degradation.blur and dict(trained.values) == dict(degradation.values) and not chosen.silhouette
    if same and not degradation.noise and not degradation.salt_pepper and degradation.storage != "jpeg":
        return None
    return Reason(
        "not_trained_for", "{network} was trained on {trained} without noise, not on this degradation.",
        network=chosen.name, trained=in_a_line(trained),
    )


def in_a_line(degradation: Degradation) -> str:
    """The filter and its values in one line: "gaussian size 3, sigma 0"."""
    return f"{degradation.blur} " + ", ".join(f"{name} {value:g}" if not isinstance(value, str) else f"{name} {value}" for name, value in degradation.values.items())


AUTO = "auto"
# The default strengths were chosen on validation garments and training photographs by `python -m deblur.tune`, which blurs them by linear filters;
# the rounds of "reverse" are what the bilateral filter wants in 8 bits without noise.
_STRENGTH = Param("strength", 0.0, -30.0, 30.0, 1.0, "dB")

RESTORERS: dict[str, Restorer] = {
    restorer.name: restorer
    for restorer in (
        Restorer(
            "unsharp", (Param("radius", 1.0, 0.3, 5.0, 0.1, "px"), Param("amount", 0.5, 0.0, 5.0, 0.1)),
            lambda blurred, degradation, radius, amount: classical.unsharp(blurred, radius, amount), _needs_room,
        ),
        Restorer(
            "inverse", (Param("floor", -1.5, -6.0, 0.0, 0.25, "log10"),),
            any_border(lambda blurred, degradation, floor: classical.inverse(blurred, _psf(degradation), floor)), _needs_psf,
        ),
        Restorer(
            "wiener", (_STRENGTH,),
            any_border(lambda blurred, degradation, strength: classical.wiener(blurred, _psf(degradation), degradation.noise_variance, strength)),
            _needs_psf,
        ),
        Restorer(
            "richardson_lucy", (Param("num_iter", 50, 1, 200, 1),),
            any_border(lambda blurred, degradation, num_iter: classical.richardson_lucy(blurred, _psf(degradation), num_iter)), _needs_psf,
        ),
        Restorer(
            "total_variation", (_STRENGTH,),
            any_border(lambda blurred, degradation, strength: classical.total_variation(blurred, _psf(degradation), degradation.noise_variance, strength)),
            _needs_psf,
        ),
        Restorer(
            "reverse", (Param("num_iter", 5, 1, 50, 1),),
            any_border(lambda blurred, degradation, num_iter: reverse(blurred, degradation, num_iter)[0]), _needs_room,
        ),
        Restorer("thesis", (Choice("network", AUTO, (AUTO, *EXPERIMENTS)),), _thesis, _thesis_refuses, _thesis_doubts),
        Restorer("universal", (), universal.restore, _universal_refuses),
    )
}


def warm_up() -> None:
    """Run every restorer once, so that the first visitor does not wait for Keras and the weights; what refuses is left for later."""
    dark = np.zeros((28, 28), np.float32)
    for restorer in RESTORERS.values():
        if restorer.accepts(Degradation(), dark.shape) is None:
            restorer.restore(dark, Degradation())
