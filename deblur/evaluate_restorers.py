"""Every restorer on every filter: tables and figures into reports/.

    python -m deblur evaluate restorers [--photos FOLDER]

For each of 27 filters and 3 noise levels, each restorer's strength is tuned on validation pictures (GARMENTS.tuned, PHOTOGRAPHS.tuned of them)
and its figures are measured on others (GARMENTS.shown test garments, PHOTOGRAPHS.shown validation photographs), all chosen by the seed. Takes some ten minutes on two cores.
"""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from deblur import kernels, metrics
from deblur.data import load_fashion_mnist, validation_split
from deblur.degrade import MIRRORED, Degradation
from deblur.image import Picture, from_bytes, read_image, to_grey, write_whole
from deblur.metrics import decibels
from deblur.report_restorers import NOTHING, Row, by_noise, by_size, markdown, matrix, save
from deblur.restore import RESTORERS
from deblur.thesis import EXPERIMENTS

SHAKE = "shake"
NOISES = (0.0, 0.01, 0.05)
FILTERS: dict[str, tuple[str, tuple[float, ...], dict[str, Any]]] = {  # the value that grows, its sizes, and the others
    "gaussian": ("size", (3, 5, 9, 15), {"sigma": 0}),
    "average": ("size", (3, 5, 9, 15), {}),
    "median": ("size", (3, 5, 9, 15), {}),
    "bilateral": ("diameter", (3, 5, 9, 15), {"sigma_color": 75, "sigma_space": 75, "scale": "0-255"}),
    "motion": ("length", (3, 7, 13, 21), {"angle": 30}),
    "defocus": ("radius", (1.5, 3, 5, 7), {}),
    SHAKE: ("side", (7, 13, 23), {}),  # paths of a hand, one for each side, as deblur.kernels draws them
}
TUNING: dict[str, tuple[dict[str, float], ...]] = {  # strengths tried; a restorer that is not here has none
    "unsharp": tuple({"radius": radius, "amount": amount} for radius, amount in product((1.0, 2.0), (0.3, 1.0, 2.0))),
    "inverse": tuple({"floor": floor} for floor in (-3.0, -2.0, -1.5, -1.0, -0.5)),
    "wiener": tuple({"strength": strength} for strength in (-6.0, -3.0, 0.0, 3.0, 6.0, 9.0)),
    "richardson_lucy": tuple({"num_iter": rounds} for rounds in (5, 15, 50, 150)),
    "total_variation": tuple({"strength": strength} for strength in (-6.0, -3.0, 0.0, 3.0)),
    "reverse": tuple({"num_iter": rounds} for rounds in (1, 2, 5, 15)),
}


@dataclass(frozen=True)
class Kind:
    """How many pictures of a kind tune a restorer, and how many are measured; their side in px where they are cut."""

    tuned: int
    shown: int
    side: int | None = None


GARMENTS = Kind(tuned=12, shown=48)
PHOTOGRAPHS = Kind(tuned=3, shown=8, side=129)


def run(folder: Path, photos: Path | None = None, seed: int = 0) -> None:
    """Measure and write restorers.md, .csv, .json and the figures.

    Args:
        folder: Where the reports go.
        photos: A folder with `train` (tunes) and `val` (is measured); without it garments alone are measured.
        seed: Chooses pictures and noise.
    """
    sets = {"garments": garments(seed)}
    if photos:
        sets["photographs"] = photographs(photos, seed)
    start = time.perf_counter()
    rows = [row for kind, (tuning, shown) in sets.items() for row in grid(kind, tuning, shown)]
    tools = {kind: wrong_tools(shown) for kind, (_, shown) in sets.items()}
    minutes = (time.perf_counter() - start) / 60
    table = io.StringIO()
    writer = csv.DictWriter(table, list(asdict(rows[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "restorers.csv", table.getvalue().encode())
    document = {"seed": seed, "rows": [asdict(row) for row in rows], "wrong_tools": tools}
    write_whole(folder / "restorers.json", (json.dumps(document, indent=1) + "\n").encode())
    write_whole(folder / "restorers.md", markdown(rows, tools, seed, minutes).encode())
    for kind in sets:
        own = [row for row in rows if row.pictures == kind]
        save(by_size(own), folder / f"restorers-{kind}-size.png")
        save(by_noise(own), folder / f"restorers-{kind}-noise.png")
        save(matrix(tools[kind]), folder / f"restorers-{kind}-wrong-tool.png")


def garments(seed: int) -> tuple[list[Picture], list[Picture]]:
    """Validation garments to tune on, test garments to measure."""
    rng = np.random.default_rng(seed)
    held = validation_split(*load_fashion_mnist("train"))[1][0]
    test = load_fashion_mnist("test")[0]
    return tuple(  # type: ignore[return-value]
        [from_bytes(images[place]) for place in rng.choice(len(images), count, replace=False)]
        for images, count in ((held, GARMENTS.tuned), (test, GARMENTS.shown))
    )


def photographs(folder: Path, seed: int) -> tuple[list[Picture], list[Picture]]:
    """Grey middles of training photographs to tune on, of validation photographs to measure."""
    rng = np.random.default_rng(seed)
    chosen = []
    for split, count in (("train", PHOTOGRAPHS.tuned), ("val", PHOTOGRAPHS.shown)):
        paths = sorted((folder / split).glob("*.jpg"))
        pictures = [to_grey(read_image(paths[place])) for place in rng.choice(len(paths), count, replace=False)]
        chosen.append([middle(picture, PHOTOGRAPHS.side or min(picture.shape)) for picture in pictures])
    return chosen[0], chosen[1]


def middle(picture: Picture, side: int) -> Picture:
    """Cut a square out of the middle."""
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def degradations() -> Iterator[tuple[str, float, Degradation]]:
    """The grid: filter, size and degradation in 8-bit storage."""
    for blur, (grows, sizes, others) in FILTERS.items():
        for size, noise in product(sizes, NOISES):
            yield blur, size, degraded(blur, {grows: size, **others}, noise)


def degraded(blur: str, values: dict[str, Any], noise: float = 0.0) -> Degradation:
    """A filter of `BLURS`, or the shake of this side; missing values are the defaults."""
    if blur != SHAKE:
        return Degradation(blur, values, noise=noise)
    side = int(values.get("side", FILTERS[SHAKE][1][1]))
    return Degradation.from_psf(kernels.shake(np.random.default_rng(side), side), noise, border=MIRRORED)


def grid(kind: str, tuning: Sequence[Picture], shown: Sequence[Picture]) -> Iterator[Row]:
    """Measure doing nothing and every restorer that accepts, on the whole grid."""
    for blur, size, degradation in degradations():
        train, test = ([(degradation.apply(sharp, seed), sharp) for seed, sharp in enumerate(some)] for some in (tuning, shown))
        squares = [metrics.mse(blurred, sharp) for blurred, sharp in test]
        before = decibels(float(np.mean(squares)))
        yield Row(kind, blur, size, degradation.noise, NOTHING, "", before, 0.0, _percent([pair[0] for pair in test], test), 0.0, 0.0)
        for name, restorer in RESTORERS.items():
            if restorer.accepts(degradation, shown[0].shape):
                continue
            strengths = TUNING.get(name, ({},))
            strength = strengths[0] if len(strengths) == 1 else min(strengths, key=lambda chosen: _loss(name, train, degradation, chosen))
            start = time.perf_counter()
            restored = [restorer.restore(blurred, degradation, **strength) for blurred, _ in test]
            took = 1000 * (time.perf_counter() - start) / len(test)
            after = [metrics.mse(picture, sharp) for picture, (_, sharp) in zip(restored, test, strict=True)]
            psnr = decibels(float(np.mean(after)))
            worse = float(np.mean(np.array(after) > squares))
            said = " ".join(f"{key} {value:g}" for key, value in strength.items())
            yield Row(kind, blur, size, degradation.noise, name, said, psnr, psnr - before, _percent(restored, test), worse, took)


def _loss(name: str, pairs: Iterable[tuple[Picture, Picture]], degradation: Degradation, strength: dict[str, float]) -> float:
    return float(np.mean([metrics.mse(RESTORERS[name].restore(blurred, degradation, **strength), sharp) for blurred, sharp in pairs]))


def _percent(pictures: Sequence[Picture], pairs: Sequence[tuple[Picture, Picture]]) -> float:
    return metrics.error(np.stack(pictures), np.stack([sharp for _, sharp in pairs]))


def wrong_tools(shown: Sequence[Picture]) -> dict[str, dict[str, float | None]]:
    """Gain in dB over doing nothing of each tool on each filter at its default values; None where the tool refuses."""
    tools: dict[str, tuple[str, dict[str, Any]]] = {name: (name, {}) for name in RESTORERS if name != "thesis"}
    tools |= {network: ("thesis", {"network": network}) for network in EXPERIMENTS}
    table: dict[str, dict[str, float | None]] = {tool: {} for tool in tools}
    for blur in FILTERS:
        degradation = degraded(blur, {})
        pairs = [(degradation.apply(sharp), sharp) for sharp in shown]
        before = decibels(float(np.mean([metrics.mse(blurred, sharp) for blurred, sharp in pairs])))
        for tool, (name, values) in tools.items():
            refused = RESTORERS[name].accepts(degradation, shown[0].shape)
            table[tool][blur] = None if refused else decibels(_loss(name, pairs, degradation, values)) - before
    return table
