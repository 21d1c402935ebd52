"""The answers to the questions of the course, computed on the spot: nothing here knows what is right before it has measured it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from deblur import metrics
from deblur.blur import BLURS
from deblur.cards import WEIGHTS, read_card
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation, add_salt_pepper
from deblur.image import WHITE, Picture, from_bytes, to_bytes
from deblur.lessons import ledger, network, pixel
from deblur.params import Value
from deblur.restore import RESTORERS, thesis_network

SIDE = 15  # px of the small test pictures
SALT = 0.5  # share of the pixels, as in the thesis
GARMENTS = 20  # of the test split, over which a network is judged
SEED = 0  # of the noise


@dataclass(frozen=True)
class Scene:
    """What a question is about: a garment, what happens to it, and who undoes it."""

    sharp: Picture
    degradation: Degradation
    restorer: str = "wiener"
    own: Mapping[str, Value] = field(default_factory=dict)

    def blurred(self) -> Picture:
        return self.degradation.apply(self.sharp, SEED)

    def restored(self) -> Picture:
        return RESTORERS[self.restorer].restore(self.blurred(), self.degradation, **self.own)


@dataclass(frozen=True)
class Answer:
    """What was measured.

    Attributes:
        right: The option that the measurement falls into.
        numbers: That show it, by the names that the texts use.
        pictures: That show it, by name.
    """

    right: str
    numbers: dict[str, float] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)


def _bin(value: float, upper: Mapping[str, float], beyond: str) -> str:
    """The first option whose upper limit the value is below."""
    return next((option for option, limit in upper.items() if value < limit), beyond)


def brightest(scene: Scene) -> Answer:
    """How bright a single white pixel is after the filter; the option is the level itself."""
    dot = np.zeros((SIDE, SIDE), np.float32)
    dot[SIDE // 2, SIDE // 2] = 1
    after = scene.degradation.apply(dot)
    level = int(to_bytes(after).max())
    return Answer(str(level), {"level": level}, {"before": dot, "after": after})


def stripes(scene: Scene) -> Answer:
    """What becomes of stripes one pixel wide, away from the border."""
    before = np.tile((np.arange(SIDE) % 2).astype(np.float32), (SIDE, 1))
    after = scene.degradation.apply(before)
    row = to_bytes(after)[SIDE // 2].astype(int)
    white = SIDE // 4 * 2 + 1  # an odd column in the middle
    was_black, was_white = int(row[white - 1]), int(row[white])
    contrast = was_white - was_black
    right = "grey" if abs(contrast) <= 1 else "same" if contrast > 0 else "swapped"
    return Answer(right, {"black": was_black, "white": was_white}, {"before": before, "after": after})


def best_against_salt(scene: Scene) -> Answer:
    """Half of all pixels black or white, and what three filters of the same size make of it."""
    size = scene.degradation.values["size"]
    noisy = add_salt_pepper(scene.sharp, SALT, np.random.default_rng(SEED))
    pictures = {"nothing": noisy, **{name: BLURS[name](noisy, size=size) for name in ("average", "gaussian", "median")}}
    errors = {name: metrics.error(picture, scene.sharp) for name, picture in pictures.items()}
    return Answer(min(errors, key=errors.__getitem__), {**errors, "size": size}, {"sharp": scene.sharp, **pictures})


def weight_of_black(scene: Scene) -> Answer:
    """What a black neighbour weighs, seen from a white pixel, beside one that is white too: on both scales."""
    edge = np.zeros((SIDE, SIDE), np.float32)
    edge[:, SIDE // 2 :] = 1
    weights = {}
    for scale in ("0-255", "0-1"):
        degradation = scene.degradation.with_(values={**scene.degradation.values, "scale": scale})
        made = pixel.explain(edge, degradation, SIDE // 2, SIDE // 2)
        assert isinstance(made, pixel.BilateralSum)
        middle = made.by_value.shape[1] // 2
        weights[scale] = 100 * float(made.by_value[middle, middle - 1] / made.by_value[middle, middle])
    asked = weights[str(scene.degradation.values["scale"])]
    numbers = {"meant": weights["0-255"], "trap": weights["0-1"]}
    return Answer(_bin(asked, {"none": 10, "half": 90}, "all"), numbers, {"before": edge, "after": scene.degradation.apply(edge)})


def distance_to_disk(scene: Scene) -> Answer:
    """How far the bilateral filter is from the plain average over a disk of its diameter, in grey levels."""
    radius = int(scene.degradation.values["diameter"]) // 2
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = rows**2 + columns**2 <= radius**2
    disk = Degradation.from_psf(inside / inside.sum(), storage="float")
    filtered, averaged = scene.degradation.with_(storage="float").apply(scene.sharp), disk.apply(scene.sharp)
    away = WHITE * float(np.abs(filtered - averaged).max())
    numbers = {"away": away, "pixels": int(inside.sum())}
    return Answer(_bin(away, {"equal": 1, "close": 20}, "different"), numbers, {"bilateral": filtered, "disk": averaged})


def after_rounding(scene: Scene) -> Answer:
    """What the same restorer reaches from exact numbers and from 8 bits; "same" is within 3 dB."""
    exact, rounded = ledger.storages(scene.sharp, scene.degradation, scene.restorer, SEED, ("float", "8-bit"), **scene.own)
    before = metrics.psnr(rounded.blurred, scene.sharp)
    right = "worse" if rounded.psnr < before else "same" if exact.psnr - rounded.psnr < 3 else "between"
    numbers = {"exact": exact.psnr, "rounded": rounded.psnr, "blurred": before}
    return Answer(right, numbers, {"blurred": rounded.blurred, "exact": exact.restored, "rounded": rounded.restored})


def details_lost(scene: Scene) -> Answer:
    """How many of the garment's independent details come through weaker than noise and rounding."""
    spectrum = ledger.spectrum(scene.degradation, scene.sharp.shape)
    lost, count = spectrum.lost(ledger.floor_of(scene.degradation)), len(spectrum.gains)
    right = _bin(lost, {"few": 10, "some": 100, "hundreds": 400}, "most")
    return Answer(right, {"lost": lost, "count": count}, {"sharp": scene.sharp, "blurred": scene.blurred()})


def numbers_needed(scene: Scene) -> Answer:
    """How many numbers do the same as the thesis' network; its own count if no fewer do."""
    from deblur import weights  # brings Keras

    chosen = weights.load(thesis_network(scene.degradation, "auto"))
    collapsed = network.collapse(chosen)
    compared = network.compare(chosen, collapsed, scene.blurred())
    needed, whole = collapsed.kernel.size + 1, collapsed.stages[-1].num_params
    right = needed if WHITE * compared.inside < 0.5 else whole
    numbers = {"needed": needed, "whole": whole, "away": WHITE * compared.inside, "border": collapsed.border}
    pictures = {"blurred": scene.blurred(), "network": compared.network.astype(np.float32), "collapsed": compared.collapsed.astype(np.float32)}
    return Answer(str(right), numbers, pictures)


def epochs_needed(scene: Scene) -> Answer:
    """The first epoch in which the thesis' network was better than leaving the picture alone: its recorded loss below the blurred pictures' error."""
    name = thesis_network(scene.degradation, "auto")
    losses = np.loadtxt(WEIGHTS / f"{name}.csv", delimiter=",", skiprows=1, usecols=1, ndmin=1)
    nothing = float(np.mean([metrics.mse(blurred, sharp) for sharp, blurred in _blurred(scene.degradation)]))
    better = np.flatnonzero(losses < nothing)
    reached = float(metrics.decibels(float(losses[-1])))
    numbers = {"nothing": metrics.decibels(nothing), "second": metrics.decibels(float(losses[min(1, len(losses) - 1)])), "last": reached}
    numbers |= {"epoch": int(better[0]) + 1 if len(better) else 0, "epochs": read_card(name).training["epochs"]}
    return Answer(_bin(numbers["epoch"], {"never": 1, "first": 2, "few": 11}, "many"), numbers)


def network_or_formula(scene: Scene) -> Answer:
    """Mean PSNR over a few garments: left alone, by the thesis' network, by the Wiener filter, which is two lines of Tikhonov."""
    reached = dict(zip(("nothing", "network", "formula"), _rivals(scene.degradation.blur, tuple(scene.degradation.values.items())), strict=True))
    blurred = scene.blurred()
    pictures = {"blurred": blurred} | {
        name: RESTORERS[restorer].restore(blurred, scene.degradation) for name, restorer in (("network", "thesis"), ("formula", "wiener"))
    }
    return Answer(max(reached, key=reached.__getitem__), {**reached, "garments": GARMENTS}, pictures)


@lru_cache(maxsize=4)
def _rivals(blur: str, values: tuple[tuple[str, Value], ...]) -> tuple[float, float, float]:
    degradation = Degradation(blur, dict(values))
    pairs = _blurred(degradation)
    alone = [metrics.psnr(blurred, sharp) for sharp, blurred in pairs]
    thesis, wiener = (
        [metrics.psnr(RESTORERS[name].restore(blurred, degradation), sharp) for sharp, blurred in pairs] for name in ("thesis", "wiener")
    )
    return float(np.mean(alone)), float(np.mean(thesis)), float(np.mean(wiener))


def _blurred(degradation: Degradation) -> list[tuple[Picture, Picture]]:
    """A few test garments, sharp and blurred."""
    sharp = [from_bytes(image) for image in load_fashion_mnist("test")[0][:GARMENTS]]
    return [(picture, degradation.apply(picture, SEED)) for picture in sharp]


def against_nothing(scene: Scene) -> Answer:
    """Whether the restorer beats leaving the picture alone; "similar" is within 1 dB."""
    blurred, restored = scene.blurred(), scene.restored()
    before, after = metrics.psnr(blurred, scene.sharp), metrics.psnr(restored, scene.sharp)
    return Answer(
        _bin(after - before, {"worse": -1, "similar": 1}, "better"), {"blurred": before, "restored": after}, {"blurred": blurred, "restored": restored}
    )


def best_setting(scene: Scene, restorer: str, name: str, values: tuple[int, ...] = (1, 20, 200)) -> Answer:
    """The value of a restorer's parameter that comes closest to the sharp picture; the option is the value itself."""
    blurred = scene.blurred()
    pictures = {f"{name}_{value}": RESTORERS[restorer].restore(blurred, scene.degradation, **{name: value}) for value in values}
    reached = {key: metrics.psnr(picture, scene.sharp) for key, picture in pictures.items()}
    best = max(values, key=lambda value: reached[f"{name}_{value}"])
    return Answer(str(best), {**reached, "blurred": metrics.psnr(blurred, scene.sharp)}, {"blurred": blurred, **pictures})
