"""The universal restorer: physics, then one network for every blur, two or three times, in tiles. Keras is imported when the first picture is restored."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.border import continued
from deblur.cards import Card, checked_file, read_card, refused
from deblur.condition import CONDITION
from deblur.data import SIDE
from deblur.degrade import UNKNOWN, Degradation
from deblur.image import Picture, clip
from deblur.physics import NEEDS_DOUBLE, PLANES, agree, hand_back, hand_over, settle
from deblur.reasons import InputError, Reason

NAME = "universal"
ROUNDS = 3  # of the network over a picture, each from the answer of the one before: what it was trained for
ROUNDS_LARGE, LARGE = 2, 500_000  # over a picture of more px, where a round takes its time
ALIGNED = 4  # px: the network needs whole pixels at a quarter of the resolution
TILES_ALIGNED = 8  # px: it halves the resolution three times
MARGIN = 112  # px of a tile that are cut away; no pixel of the network's output depends on one further off
PIXELS = 4_000_000  # of a stack at a time: bounds the memory of the physics to that of one large channel, solved for twice at a time, or of three that were blurred together
ONE_GARMENT = (SIDE, SIDE, 1)  # worth compiling the network for
FINE = 96**2  # px up to which half the precision is not quicker
TILE = 1232  # px a side at most, margins included: bounds the network's memory


def restore(blurred: Picture, degradation: Degradation) -> Picture:
    """Undo any degradation of the playground by a regularised inverse, where there is one, and a network that knows garments and photographs.

    Assumes that blur, noise and storage are as stated, and the blur's own border, or one that is said to be unknown. Every colour is restored by
    itself, but for the bilateral's. Not linear. What the data determine is left as the inverse finds it; what they do not is the network's guess,
    likely but not certain. Median and bilateral have no PSF: the bilateral is reversed step by step, for all colours at once, and the network is
    told what its answer, blurred again, lacks.

    Args:
        blurred: (H, W), (H, W, 3), or (H, W, N) with any other N: grey pictures that suffered the same degradation. Both sides at least
            2 px and longer than the filter's reach.
        degradation: What is known of it, within the trained ranges (see `refuses`).

    Raises:
        ValueError: The weights are missing or damaged, or the picture is too small for a filter without a PSF.

    Source: physics first, learning second, as Kruse, Rother, Schmidt 2017; the network is a small U-Net (Ronneberger, Fischer, Brox 2015).
    """
    from deblur import weights  # brings Keras

    network, names = weights.load(NAME), _card().condition
    if degradation.border != UNKNOWN or degradation.psf is None:
        return restore_with(network, blurred, degradation, names, colours=True)
    wide, inner = continued(blurred, degradation)
    seen = np.zeros(wide.shape[:2])
    seen[inner] = 1
    return np.ascontiguousarray(restore_with(network, wide, degradation, names, colours=True, seen=seen)[inner])


def restore_with(
    network: Any, blurred: NDArray, degradation: Degradation, names: tuple[str, ...] = CONDITION, colours: bool = False, seen: NDArray | None = None
) -> Picture:
    """The same with a network at hand that reads the condition of these names; N pictures (H, W, N) alike degraded unless they are `colours`.

    The border is mirrored; what is not `seen`, (H, W), 1 or 0, is a guess that an answer need not agree with.
    """
    stack = blurred.reshape(*blurred.shape[:2], -1)
    together = colours and degradation.blurs_together(stack.shape[2])
    few = stack.shape[2] if together else max(1, PIXELS // (stack.shape[0] * stack.shape[1]))
    restored = np.empty(stack.shape, np.float32)
    for first in range(0, stack.shape[2], few):
        part = stack[..., first : first + few]
        quickest = _quickest(network, part.shape, degradation)
        first_round = hand_over(part, degradation, names, together)
        answer = agree(np.moveaxis(run(quickest, *first_round), 0, 2), part, degradation, seen)
        for _ in range(rounds(stack.shape[:2]) - 1):
            back = hand_back(*first_round, answer, degradation, names, together)
            answer = agree(np.moveaxis(run(quickest, *back), 0, 2), part, degradation, seen)
        restored[..., first : first + few] = settle(answer, part, degradation, together)
    return restored.reshape(blurred.shape)


def rounds(shape: tuple[int, ...]) -> int:
    """How often the network goes over a picture (H, W)."""
    return ROUNDS if shape[0] * shape[1] <= LARGE else ROUNDS_LARGE


def run(network: Any, planes: NDArray[np.float32], vector: NDArray[np.float32], tile: int = TILE) -> Picture:
    """Run the network on planes (N, H, W, P) that share a condition (K,), in tiles of at most `tile` px a side; (N, H, W), cut to [0, 1]."""
    height, width = planes.shape[1:3]
    wide = np.pad(planes, [(0, 0), *((0, -side % ALIGNED) for side in (height, width)), (0, 0)], mode="reflect")
    restored = np.empty(planes.shape[:3], np.float32)
    together = max(1, tile**2 // (min(tile, height) * min(tile, width)))
    for rows, inner_rows in spans(wide.shape[1], tile):
        for columns, inner_columns in spans(wide.shape[2], tile):
            for first in range(0, len(planes), together):
                few = wide[first : first + together, rows, columns]
                answer = np.asarray(network.predict_on_batch([few, np.tile(vector, (len(few), 1))]))[..., 0]
                top, left = inner_rows.start, inner_columns.start
                target = restored[first : first + together, top : inner_rows.stop, left : inner_columns.stop]
                target[...] = clip(answer[:, top - rows.start :, left - columns.start :][:, : target.shape[1], : target.shape[2]])
    return restored


def _quickest(network: Any, shape: tuple[int, ...], degradation: Degradation) -> Any:
    """The same network in the form that goes over pictures (H, W, N) soonest.

    Half the precision costs nothing to speak of, but where float storage and next to no noise leave next to no error for it to vanish in.
    """
    from deblur import quicker

    if shape == ONE_GARMENT:
        return quicker.compiled(network)
    if shape[0] * shape[1] > FINE and degradation.noise_variance > NEEDS_DOUBLE and quicker.has_bfloat16():
        return quicker.in_bfloat16(network)
    return network


def spans(length: int, tile: int) -> Iterator[tuple[slice, slice]]:
    """Cut a length into pieces of at most `tile` that begin at multiples of `TILES_ALIGNED`: each with its margins, and without them."""
    if length <= tile:
        yield slice(0, length), slice(0, length)
        return
    step = (tile - 2 * MARGIN) // TILES_ALIGNED * TILES_ALIGNED
    for start in range(0, length, step):
        stop = min(start + step, length)
        yield slice(max(0, start - MARGIN), min(length, stop + MARGIN)), slice(start, stop)


def refuses(degradation: Degradation) -> Reason | None:
    """The reason why the network cannot undo this degradation: no weights, or a value it was not trained on."""
    try:
        trained = _card().degradation
    except InputError as problem:
        return problem.reason
    psf = degradation.psf
    if degradation.blur == "psf":
        low, high = trained["psf_side"]
        assert psf is not None
        return None if max(psf.shape) <= high else _outside("psf", "side", max(psf.shape), [low, high])
    if degradation.blur not in trained["filters"]:
        return Reason(
            "not_trained_for_blur", "the universal network was not trained on {blur}: expected one of {known}. Choose another restorer.",
            blur=degradation.blur, known=", ".join(trained["filters"]),
        )
    known = {**{name: (degradation.blur, limits) for name, limits in trained["filters"][degradation.blur].items()}}
    known |= {name: ("degradation", limits) for name, limits in trained["after"].items()}
    values = {**degradation.values, **{name: getattr(degradation, name) for name in trained["after"]}}
    for name, value in values.items():
        owner, limits = known.get(name, (degradation.blur, []))
        inside = value in limits if isinstance(value, str) else bool(limits) and limits[0] <= value <= limits[1]
        if not inside:
            return _outside(owner, name, value, limits)
    return None


def _outside(owner: str, name: str, value: object, limits: list[Any]) -> Reason:
    return Reason(
        "outside_trained", "{owner} {name} = {value}: the universal network was trained on {limits}. Choose a value in that range, or another restorer.",
        owner=owner, name=name, value=value, limits=" to ".join(map(str, limits)) if limits and not isinstance(value, str) else ", ".join(map(str, limits)) or "none",
    )


@lru_cache(maxsize=1)
def _card() -> Card:
    """The card, read and checked once.

    Raises:
        ValueError: Card or weights are missing or damaged, or speak of conditions that this program does not know.
    """
    card = read_card(NAME)
    checked_file(card)
    unknown = set(card.condition) - set(CONDITION)
    if unknown or card.arguments.get("conditions") != len(card.condition) or card.arguments.get("planes") != len(PLANES):
        raise refused(NAME, "they read a condition that this program does not make")
    return card
