"""Two games, seeded, so that a whole class plays the same one: name the hidden filter; restore better than the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deblur.blur import BLURS, LinearBlur
from deblur.data import COUNTS, load_fashion_mnist
from deblur.degrade import Degradation, add_salt_pepper, draw, draw_value
from deblur.image import Picture, from_bytes, to_bytes
from deblur.metrics import psnr
from deblur.params import Choice, Param
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.thesis import EXPERIMENTS

SIDE = 31  # px of a probe
MAX_REACH = 7  # px, so that a probe shows all of the filter
LEVELS = {"dark": 50, "light": 205}  # of the probes, so that nothing is cut
SALT = 0.15
NEAR = 0.2  # of a parameter's range: a guess that far off counts as near
RIVAL_REACH = 5  # px of the filters of a match
RIVAL_NOISE = 0.05
POINTS = {"filter": 2.0, "value": 3.0}  # for the right filter, and shared among its parameters


def probes(side: int = SIDE) -> dict[str, Picture]:
    """The test pictures, each telling something of its own: dot, step, stripes, checkerboard, salt; (side, side) with 8-bit values."""
    dark, light = LEVELS.values()
    rows, columns = np.mgrid[:side, :side]
    masks = {
        "dot": (rows == side // 2) & (columns == side // 2),
        "step": columns >= side // 2,
        "stripes": columns // np.maximum(1, 4 - 4 * rows // side) % 2 == 1,  # from four pixels wide at the top to one
        "checkerboard": (rows + columns) % 2 == 1,
    }
    pictures = {name: from_bytes(np.where(mask, light, dark).astype(np.uint8)) for name, mask in masks.items()}
    grey = from_bytes(np.full((side, side), (dark + light) // 2, np.uint8))
    return {**pictures, "salt": add_salt_pepper(grey, SALT, np.random.default_rng(0))}


@dataclass(frozen=True)
class Mystery:
    """A hidden filter and what it makes of the probes.

    Attributes:
        seed: Which mystery it is.
        probes: By name, before.
        answers: By name, after.
        hidden: The filter; not to be shown before the guess.
    """

    seed: int
    probes: dict[str, Picture]
    answers: dict[str, Picture]
    hidden: Degradation


@dataclass(frozen=True)
class Verdict:
    """What a guess is worth.

    Attributes:
        right_filter: Whether the filter is the hidden one.
        values: For each of its parameters "right", "near" or "far"; empty for another filter.
        points: 0 to `most`.
        most: What can be had.
        same_answers: Whether the guess makes the same of all probes to the last level, whatever it is called.
    """

    right_filter: bool
    values: dict[str, str]
    points: float
    most: float
    same_answers: bool


def mystery(seed: int, names: tuple[str, ...] = tuple(BLURS)) -> Mystery:
    """Hide a filter; the same seed hides the same one.

    Args:
        seed: At least 0.
        names: The filters it is chosen from.
    """
    rng = np.random.default_rng(seed)
    name = names[int(rng.integers(len(names)))]
    shown = probes()
    while True:
        hidden = Degradation(name, {param.name: draw_value(rng, param) for param in BLURS[name].params})
        if BLURS[name].reach(**hidden.values) > MAX_REACH:
            continue
        answers = {probe: hidden.apply(picture) for probe, picture in shown.items()}
        if any(not np.array_equal(answers[probe], shown[probe]) for probe in shown):
            return Mystery(seed, shown, answers, hidden)


def check_guess(game: Mystery, blur: str, values: Mapping[str, Any]) -> Verdict:
    """Judge a guess.

    Args:
        game: The mystery.
        blur: A key of `BLURS`.
        values: Its parameters; the others keep their default.

    Raises:
        ValueError: The filter or a value is refused.
    """
    guess = Degradation(blur, values)
    same = all(np.array_equal(guess.apply(picture), game.answers[name]) for name, picture in game.probes.items())
    most = sum(POINTS.values())
    if same or guess.blur != game.hidden.blur:
        return Verdict(guess.blur == game.hidden.blur, {}, most if same else 0.0, most, same)
    judged = {param.name: _judge(param, guess.values[param.name], game.hidden.values[param.name]) for param in guess.filter.params}
    worth = {"right": 1.0, "near": 0.5, "far": 0.0}
    return Verdict(True, judged, POINTS["filter"] + POINTS["value"] * float(np.mean([worth[word] for word in judged.values()])), most, same)


def _judge(param: Param | Choice, guess: Any, hidden: Any) -> str:
    if guess == hidden:
        return "right"
    return "near" if isinstance(param, Param) and abs(guess - hidden) <= NEAR * (param.high - param.low) else "far"


@dataclass(frozen=True)
class Match:
    """A player's restorer against another on one picture; PSNR in dB.

    Attributes:
        blurred, player, rival: The pictures.
        before: PSNR of the blurred picture.
        player_psnr, rival_psnr: Of the restored ones.
        outcome: "won", "lost", or "drawn" where both store the same levels.
    """

    blurred: Picture
    player: Picture
    rival: Picture
    before: float
    player_psnr: float
    rival_psnr: float
    outcome: str


@dataclass(frozen=True)
class Challenge:
    """What both sides of a match get.

    Attributes:
        seed: Which challenge it is; also the noise's.
        rival: A key of `RIVALS`.
        garment: Number of the test picture.
        sharp: The picture.
        degradation: What happens to it.
    """

    seed: int
    rival: str
    garment: int
    sharp: Picture
    degradation: Degradation


def challenge(seed: int, rival: str = "thesis") -> Challenge:
    """Draw a garment and what happens to it: for the thesis' networks a linear filter that one of them was trained on, else any linear one.

    Args:
        seed: At least 0; the same seed draws the same challenge.
        rival: A key of `RIVALS`.

    Raises:
        ValueError: There is no such rival.
    """
    if rival not in RIVALS:
        raise InputError("unknown_rival", "rival {rival!r}: expected one of {known}.", rival=rival, known=", ".join(RIVALS))
    rng = np.random.default_rng(seed)
    garment = int(rng.integers(COUNTS["test"]))
    degradation = RIVALS[rival](rng)
    return Challenge(seed, rival, garment, from_bytes(load_fashion_mnist("test")[0][garment]), degradation)


def _trained_for(rng: np.random.Generator) -> Degradation:
    known = [experiment.degradation for experiment in EXPERIMENTS.values() if experiment.degradation.psf is not None]
    return known[int(rng.integers(len(known)))].with_(storage="8-bit")


def _any_linear(rng: np.random.Generator) -> Degradation:
    return draw(rng, [name for name, blur in BLURS.items() if isinstance(blur, LinearBlur)], RIVAL_REACH, RIVAL_NOISE, ("8-bit",))


RIVALS = {"thesis": _trained_for, "universal": _any_linear}


def play(
    sharp: Picture, degradation: Degradation, restorer: str, settings: Mapping[str, Any], rival: str = "thesis", seed: int = 0, **rival_settings: Any
) -> Match:
    """Let a tuned restorer play against a network on the same blurred picture.

    Args:
        sharp: The picture both try to get back.
        degradation: What happened to it.
        restorer: A key of `RESTORERS`, with its `settings`: the player's.
        settings: Of the player.
        rival: A key of `RESTORERS`, with `rival_settings`.
        seed: Of the noise.

    Raises:
        ValueError: One of them does not apply, or a setting is refused.
    """
    blurred = degradation.apply(sharp, seed)
    mine = RESTORERS[restorer].restore(blurred, degradation, **settings)
    theirs = RESTORERS[rival].restore(blurred, degradation, **rival_settings)
    scores = psnr(mine, sharp), psnr(theirs, sharp)
    outcome = "drawn" if np.array_equal(to_bytes(mine), to_bytes(theirs)) else "won" if scores[0] > scores[1] else "lost"
    return Match(blurred, mine, theirs, psnr(blurred, sharp), *scores, outcome)
