"""Fit what `estimate` knows beforehand, and measure how well it guesses.

    python -m deblur.evaluate_estimate fit --photos FOLDER       # writes deblur/spectra.npz and its card
    python -m deblur.evaluate_estimate measure --photos FOLDER   # writes reports/estimate.md and .json

FOLDER holds `train`, which alone is fitted to, and `val`, which alone is measured; garments come from the 55,000 for training and from
the test split. Fitting takes some four minutes on two cores, measuring two.
"""

import argparse
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from deblur import metrics
from deblur.blur import BLURS
from deblur.data import load_fashion_mnist, validation_split
from deblur.degrade import Degradation, draw
from deblur.estimate import KNOWLEDGE, Odds, clues, estimate, expand
from deblur.evidence import CAUSES, UNBLURRED, Candidate, Evidence, Prior, spectrum
from deblur.image import Picture, from_bytes, read_image, to_grey, write_whole
from deblur.restore import RESTORERS

NONLINEAR: tuple[Candidate, ...] = (
    *(("median", {"size": size}) for size in range(3, 16, 2)),
    *(
        ("bilateral", {"diameter": diameter, "sigma_color": float(color), "sigma_space": 75.0, "scale": "0-255"})
        for diameter in range(3, 16, 2) for color in (20, 60, 120)
    ),
)
REACH = {"garment": 9, "photograph": 15}  # px; the filters that are drawn reach no further
MAX_NOISE = 0.05
RESTORERS_ASKED = ("wiener", "universal")  # how much a guess costs is measured with these
RIDGE = 2.0
REPORTS = Path(__file__).parent.parent / "reports"
COUNTED = {"gaussian": "sigma", "average": "size", "median": "size", "bilateral": "diameter", "motion": "length", "defocus": "radius"}


def garments(split: str, count: int, seed: int) -> list[Picture]:
    """Seeded pictures of the 55,000 for training ("train"), or of the test split."""
    images, labels = load_fashion_mnist("train" if split == "train" else "test")
    if split == "train":
        images = validation_split(images, labels)[0][0]
    return list(from_bytes(images[np.random.default_rng(seed).permutation(len(images))[:count]]))


def photographs(folder: Path, count: int, seed: int) -> list[Picture]:
    """Seeded grey middles, 193 px a side, of the photographs in a folder; all if there are fewer."""
    paths = sorted(folder.glob("*.jpg"))
    order = np.random.default_rng(seed).permutation(len(paths))
    pictures = [to_grey(read_image(paths[place])) for place in order[:count]]
    return [np.ascontiguousarray(picture[64:257, 64:257]) for picture in pictures]


def mean_spectrum(powers: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean power of pictures brought to the same level, and each picture's level."""
    mean = powers.mean(axis=0)
    counts = mean > 0
    for _ in range(5):
        levels = (powers[:, counts] / mean[counts]).mean(axis=1)
        mean = (powers / levels[:, None, None]).mean(axis=0)
    return np.maximum(mean, 1e-9), levels


def fit_kind(pictures: list[Picture], reach: int, draws: int, seed: int) -> tuple[Prior, Odds]:
    """Fit the spectra on sharp pictures, then the odds on blurred ones, each picture blurred so many times."""
    rng = np.random.default_rng(seed)
    powers, counts = (np.stack(part) for part in zip(*(spectrum(picture) for picture in pictures), strict=True))
    mean, levels = mean_spectrum(powers)
    logs = np.log(powers / levels[:, None, None] / mean + 1e-12)
    chance = np.where(counts[0] > 1, 2 / np.maximum(counts[0], 1), 4.93)  # variance of the log of a mean of so many squares
    spread = float(np.maximum(logs.var(axis=0) - chance, 0.05)[counts[0] > 0].mean())
    few = pictures[:150]
    base = np.mean([spectrum(picture)[0] for picture in few], axis=0)
    gains = [np.mean([spectrum(BLURS[name](picture, **values))[0] for picture in few], axis=0) / np.maximum(base, 1e-12) for name, values in NONLINEAR]
    prior = Prior(mean, spread, NONLINEAR, np.array(gains))
    names, inputs = [], []
    for picture in pictures * draws:
        degradation = drawn(rng, reach)
        names.append(CAUSES.index(degradation.blur))
        inputs.append(clues(Evidence(degradation.apply(picture, rng), prior)))
    return prior, fit_odds(np.array(inputs), np.array(names))


def drawn(rng: np.random.Generator, reach: int) -> Degradation:
    """Draw a degradation in 8 bits or float; as often as any filter there is none."""
    degradation = draw(rng, max_reach=reach, max_noise=MAX_NOISE, storages=("8-bit", "float"))
    return degradation if rng.random() > 1 / len(CAUSES) else UNBLURRED.with_(noise=degradation.noise, storage=degradation.storage)


def fit_odds(given: NDArray, names: NDArray) -> Odds:
    """Logistic regression with a ridge from clues, (pictures, clues), to causes."""
    centre, scale = given.mean(axis=0), given.std(axis=0) + 1e-6
    inputs, wanted = expand((given - centre) / scale), np.eye(len(CAUSES))[names]

    def cost(flat: NDArray) -> tuple[float, NDArray]:
        weights = flat.reshape(inputs.shape[1], -1)
        logits = inputs @ weights
        logs = logits - logsumexp(logits, axis=1, keepdims=True)
        slope = inputs.T @ (np.exp(logs) - wanted) + RIDGE * weights
        return float(-np.sum(logs * wanted) + 0.5 * RIDGE * np.sum(weights**2)), slope.ravel()

    found = minimize(cost, np.zeros(inputs.shape[1] * len(CAUSES)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Odds(centre, scale, found.x.reshape(inputs.shape[1], -1))


def fit(photos: Path, count: int, seed: int) -> None:
    """Fit both kinds of picture and write the file and its card."""
    kinds = {
        "garment": fit_kind(garments("train", count, seed), REACH["garment"], 1, seed),
        "photograph": fit_kind(photographs(photos / "train", count, seed), REACH["photograph"], max(1, count // 800), seed),
    }
    stored = {
        f"{kind}_{name}": json.dumps(value) if name == "nonlinear" else np.asarray(value, np.float32)
        for kind, (prior, odds) in kinds.items() for name, value in {**vars(prior), **vars(odds)}.items()
    }
    memory = io.BytesIO()
    np.savez_compressed(memory, **stored)  # type: ignore[arg-type]
    write_whole(KNOWLEDGE, memory.getvalue())
    card = {
        "data": "Fashion-MNIST, 55,000 training garments; BSDS500, the train and test folders less 12003 (grey middles of 193 px)",
        "command": f"python -m deblur.evaluate_estimate fit --photos FOLDER --count {count} --seed {seed}",
        "causes": CAUSES,
        "clues": "log-evidence for each cause in this order, log10 of the noise variance, five of texture; standardised, with products",
        "sha256": hashlib.sha256(memory.getvalue()).hexdigest(),
    }
    write_whole(KNOWLEDGE.with_suffix(".json"), (json.dumps(card, indent=1) + "\n").encode())


def measure(photos: Path, count: int, seed: int) -> dict[str, dict[str, Any]]:
    """Guess seeded degradations of pictures that were not fitted to, and write the report."""
    found = {
        "garments": measure_kind(garments("test", count, seed), REACH["garment"], seed),
        "photographs": measure_kind((photographs(photos / "val", count, seed) * count)[:count], REACH["photograph"], seed),
    }
    command = f"python -m deblur.evaluate_estimate measure --photos FOLDER --count {count} --seed {seed}"
    REPORTS.mkdir(exist_ok=True)
    write_whole(REPORTS / "estimate.md", markdown(found, command).encode())
    write_whole(REPORTS / "estimate.json", (json.dumps({"command": command, **found}, indent=1) + "\n").encode())
    return found


def markdown(found: dict[str, dict[str, float]], command: str) -> str:
    """The report: one line a figure, one column a kind of picture."""
    lines = ["# Which blur was it?", "", f"`{command}`: degradations drawn from the sliders' ranges, or none, noise up to {MAX_NOISE}, in 8 bits or float; from the errors on, of pictures that were blurred.", ""]
    lines += [f"| | {' | '.join(found)} |", "| --- |" + " --: |" * len(found)]
    first = next(iter(found.values()))
    return "\n".join([*lines, *(f"| {name} | {' | '.join(f'{figures[name]:.3g}' for figures in found.values())} |" for name in first)]) + "\n"


def measure_kind(pictures: list[Picture], reach: int, seed: int) -> dict[str, float]:
    """Guess one degradation of each picture; the figures of the report."""
    rng = np.random.default_rng(seed)
    right: dict[str, list[bool]] = {name: [] for name in CAUSES}
    off: dict[str, list[float]] = {name: [] for name in [*COUNTED.values(), "angle", "noise"]}
    lost: dict[tuple[str, str], list[float]] = {(name, storage): [] for name in RESTORERS_ASKED for storage in ("8-bit", "float")}
    gained: dict[str, list[float]] = {name: [] for name in RESTORERS_ASKED}
    second = []
    for sharp in pictures:
        truth = drawn(rng, reach)
        blurred = truth.apply(sharp, rng)
        try:
            guesses = [guess.degradation for guess in estimate(blurred)]
        except ValueError:  # a median may leave nothing of a garment
            continue
        right[truth.blur].append(guesses[0].blur == truth.blur)
        second.append(truth.blur in (guesses[0].blur, guesses[1].blur))
        if not truth.blurs:
            continue
        off["noise"].append(abs(guesses[0].noise - truth.noise))
        if right[truth.blur][-1]:
            counted = COUNTED[truth.blur]
            off[counted].append(abs(extent(guesses[0]) / extent(truth) - 1))
            if truth.blur == "motion" and truth.values["length"] > 2:
                apart = abs(guesses[0].values["angle"] - truth.values["angle"]) % 180
                off["angle"].append(min(apart, 180 - apart))
        for name in RESTORERS_ASKED:
            if RESTORERS[name].accepts(truth, blurred.shape):
                continue
            known, blind = (metrics.psnr(restored(name, blurred, degradation), sharp) for degradation in (truth, guesses[0]))
            lost[name, truth.storage].append(known - blind)
            gained[name].append(blind - metrics.psnr(blurred, sharp))
    every = [hit for hits in right.values() for hit in hits]
    return {
        "pictures": len(every),
        "filter right, %": 100 * float(np.mean(every)),
        **{f"{'not blurred' if name == UNBLURRED.blur else name}, %": 100 * float(np.mean(hits)) for name, hits in right.items()},
        "among the first two, %": 100 * float(np.mean(second)),
        **{f"median error of {name}, %": 100 * float(np.median(values)) for name, values in off.items() if name not in ("angle", "noise")},
        "median error of angle, degrees": float(np.median(off["angle"])),
        "median error of noise": float(np.median(off["noise"])),
        **{f"{restorer} loses in {storage}, dB ({name})": float(middle(values)) for (restorer, storage), values in lost.items()
           for name, middle in (("median", np.median), ("mean", np.mean))},
        **{f"blind {restorer} gains, dB (mean)": float(np.mean(values)) for restorer, values in gained.items()},
    }


def extent(degradation: Degradation) -> float:
    """What is counted of a filter's size: for a Gaussian the standard deviation of its PSF, as several sizes and sigmas give the same."""
    if degradation.blur != "gaussian" or degradation.psf is None:
        return float(degradation.values[COUNTED[degradation.blur]])
    profile = degradation.psf.sum(axis=0)
    return float(np.sqrt(np.sum(profile * (np.arange(len(profile)) - len(profile) // 2) ** 2))) + 1e-3


def restored(name: str, blurred: Picture, degradation: Degradation) -> Picture:
    """Restore, or leave alone what the restorer refuses."""
    refused = RESTORERS[name].accepts(degradation, blurred.shape)
    return blurred if refused else RESTORERS[name].restore(blurred, degradation)


def main() -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description="Fit what `estimate` knows beforehand, or measure how well it guesses.")
    parser.add_argument("step", choices=("fit", "measure"))
    parser.add_argument("--photos", type=Path, required=True, help="folder that holds train and val")
    parser.add_argument("--count", type=int, help="pictures of each kind (default: 4000 to fit, 400 to measure)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.step == "fit":
        fit(options.photos, options.count or 4000, options.seed)
    else:
        print(json.dumps(measure(options.photos, options.count or 400, options.seed), indent=1))


if __name__ == "__main__":
    main()
