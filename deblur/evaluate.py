"""Table 4.1 and figures 4.1 to 4.8 of the thesis, from the trained networks and the 10,000 test garments, written to reports/."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deblur import metrics
from deblur.cards import read_card
from deblur.data import CLASSES, load_fashion_mnist
from deblur.image import from_bytes, to_bytes, write_whole
from deblur.metrics import decibels
from deblur.thesis import EXPERIMENTS, Experiment, as_batch

REPORTS = Path(__file__).parent.parent / "reports"
SHOWN = tuple(range(len(CLASSES)))  # one garment of each class in the grids
SUBSET = slice(None, None, 20)  # the pictures on which a test reproduces a card's figure

# The definitions of a "percentage error" that the thesis' sentence could mean; each gets (restored, sharp), both (N, H, W) in [0, 1].
DEFINITIONS = {
    "100·Σ(x̂−x)²/Σx²": metrics.error,
    "100·√(Σ(x̂−x)²/Σx²)": lambda restored, sharp: 10 * np.sqrt(metrics.error(restored, sharp)),
    "100·Σ|x̂−x|/Σx": lambda restored, sharp: 100 * metrics.mae(restored, sharp) / float(sharp.mean(dtype=np.float64)),
    "100·mean|x̂−x|": lambda restored, sharp: 100 * metrics.mae(restored, sharp),
    "100·mean(x̂−x)²": lambda restored, sharp: 100 * metrics.mse(restored, sharp),
    "mean over pictures of 100·Σ(x̂−x)²/Σx²": lambda restored, sharp: float(
        np.mean(100 * np.sum((restored - sharp) ** 2, axis=(1, 2), dtype=np.float64) / np.sum(sharp**2, axis=(1, 2), dtype=np.float64))
    ),
    "100·share of levels that differ": lambda restored, sharp: 100 * float(np.mean(to_bytes(restored) != to_bytes(sharp))),
}


def set_scores(pictures: NDArray, sharp: NDArray) -> dict[str, float]:
    """Scores of a whole set, (N, H, W): error, MSE and MAE over all pixels, PSNR of that MSE, SSIM averaged over the pictures."""
    mean_square = metrics.mse(pictures, sharp)
    similarity = [metrics.ssim(picture, original) for picture, original in zip(pictures, sharp, strict=True)]
    return {
        "error": metrics.error(pictures, sharp),
        "mse": mean_square,
        "mae": metrics.mae(pictures, sharp),
        "psnr": decibels(mean_square),
        "ssim": float(np.mean([value for value in similarity if value is not None])),
    }


def predict(name: str, blurred: NDArray) -> NDArray[np.float32]:
    """Restore (N, H, W) with a network of the thesis."""
    from deblur import weights  # brings Keras

    network = weights.load(name)
    return np.asarray(network.predict(as_batch(blurred), batch_size=500, verbose=0))[..., 0]


def thesis_report(folder: Path = REPORTS) -> list[dict[str, Any]]:
    """Measure all networks and write thesis.md, .csv, .json and the figures.

    Raises:
        ValueError: Weights are missing or damaged.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    sharp_bytes, labels = load_fashion_mnist("test")
    sharp = from_bytes(sharp_bytes)
    rows = []
    for name, experiment in EXPERIMENTS.items():
        blurred = experiment.blur(sharp_bytes)
        restored = predict(name, blurred)
        card = read_card(name)
        row = {
            "name": name,
            "filter": _title(experiment),
            "printed": experiment.printed,
            "paper_error": experiment.paper_error,
            "epochs": card.training["epochs"],
            "blurred": set_scores(blurred, sharp),
            "restored": set_scores(restored, sharp),
            "definitions": {definition: float(measure(restored, sharp)) for definition, measure in DEFINITIONS.items()},
        }
        rows.append(row)
        figures = {"split": "Fashion-MNIST test, 10,000 pictures", "command": "python -m deblur evaluate thesis", **row["restored"]}
        replace(card, figures=figures | {"subset_psnr": set_scores(restored[SUBSET], sharp[SUBSET])["psnr"]}).write()
        first = [int(np.flatnonzero(labels == label)[0]) for label in SHOWN]
        write_whole(folder / "figures" / f"{name}.png", _grid(_title(experiment), sharp[first], blurred[first], restored[first]))
        write_whole(folder / "figures" / f"{name}-one.png", _grid(_title(experiment), sharp[:1], blurred[:1], restored[:1]))
        print(
            f"{_title(experiment):<40} blurred {row['blurred']['error']:7.2f} %   restored {row['restored']['error']:6.2f} %   paper {_paper(row)}"
        )
    write_whole(
        folder / "thesis.json",
        (json.dumps({"pictures": len(sharp), "rows": rows}, indent=1, ensure_ascii=False) + "\n").encode(),
    )
    write_whole(folder / "thesis.csv", _csv(rows).encode())
    write_whole(folder / "thesis.md", markdown(rows).encode())
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """The report as Markdown: the table, then which definition of the error fits the paper."""
    return "\n".join(
        [
            "# The thesis' networks on 10,000 test garments",
            "",
            "Made by `python -m deblur evaluate thesis`. Error is 100·Σ(x̂−x)²/Σx² over all pictures; PSNR is that of the mean square error over all",
            "pictures; SSIM is the mean over the pictures.",
            "",
            thesis_table(rows),
            "",
            "## Which percentage did the paper print?",
            "",
            "The thesis gives a percentage without a formula. Each plausible definition, measured on the four networks as printed:",
            "",
            _definition_table(rows),
            "",
            _verdict(rows),
            "",
        ]
    )


def thesis_table(rows: list[dict[str, Any]]) -> str:
    """The table alone, as it also stands in the README."""
    lines = [
        "| filter | setting | paper, error % | blurred, error % | restored, error % | MSE, blurred → restored | MAE, blurred → restored | PSNR dB, blurred → restored | SSIM, blurred → restored | epochs |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for row in rows:
        blurred, restored = row["blurred"], row["restored"]
        lines.append(
            f"| {row['filter']} | {'as printed' if row['printed'] else 'as meant'} | {_paper(row)} | {blurred['error']:.2f} | **{restored['error']:.2f}** | {blurred['mse']:.4f} → {restored['mse']:.4f} "
            f"| {blurred['mae']:.3f} → {restored['mae']:.3f} | {blurred['psnr']:.1f} → {restored['psnr']:.1f} | {blurred['ssim']:.3f} → {restored['ssim']:.3f} | {row['epochs']} |"
        )
    return "\n".join(lines)


def _paper(row: dict[str, Any]) -> str:
    return "–" if row["paper_error"] is None else f"{row['paper_error']:.2f}"


def universal_table(figures: list[dict[str, Any]]) -> str:
    """What the universal network's card says of the 10,000 test garments, as it stands in the README."""
    lines = [
        "| blur | stored as | blurred, error % | restored, error % | PSNR dB, blurred → restored | worse than blurred, % of pictures |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for row in figures:
        values = ", ".join(
            f"{name} {value:g}" if not isinstance(value, str) else f"{name} {value}" for name, value in row["values"].items()
        )
        lines.append(
            f"| {row['blur']} {values} | {row['storage']} | {row['blurred_error']:.2f} | **{row['error']:.4f}** "
            f"| {row['blurred_psnr']:.1f} → {row['psnr']:.1f} | {100 * row['harmed']:.2f} |"
        )
    return "\n".join(lines)


def _definition_table(rows: list[dict[str, Any]]) -> str:
    printed = _measured(rows)
    lines = [
        "| definition | " + " | ".join(row["filter"] for row in printed) + " | mean distance to the paper |",
        "| --- |" + " --: |" * (len(printed) + 1),
    ]
    lines.append("| *the paper* | " + " | ".join(f"*{_paper(row)}*" for row in printed) + " | |")
    for definition in DEFINITIONS:
        measured = " | ".join(f"{row['definitions'][definition]:.2f}" for row in printed)
        lines.append(f"| {definition} | {measured} | {100 * distance(rows, definition):.0f} % |")
    return "\n".join(lines)


def distance(rows: list[dict[str, Any]], definition: str) -> float:
    """How far a definition is from the paper's four numbers: the mean of |measured / printed − 1|."""
    return float(np.mean([abs(row["definitions"][definition] / row["paper_error"] - 1) for row in _measured(rows)]))


def _measured(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that the paper has a number for."""
    return [row for row in rows if row["paper_error"] is not None]


def _verdict(rows: list[dict[str, Any]]) -> str:
    ranked = sorted(DEFINITIONS, key=lambda definition: distance(rows, definition))
    best, second = ranked[:2]
    return (
        f"**{best}** is closest, {100 * distance(rows, best):.0f} % away on average; the next, {second}, is {100 * distance(rows, second):.0f} % away. "
        "All four numbers have to fit one formula, and networks trained anew differ a little from the thesis' own; so this is an inference, "
        "not something that the thesis states."
    )


def _title(experiment: Experiment) -> str:
    values = experiment.degradation.values
    if experiment.degradation.blur == "bilateral":
        return f"Bilateral {values['diameter']}/{values['sigma_color']:g}/{values['sigma_space']:g}" + (
            ", on 0–1 (a disk average)" if experiment.printed else ", on 0–255"
        )
    return f"{experiment.degradation.blur.capitalize()} {values['size']}×{values['size']}" + (
        ", clipped (a silhouette)" if experiment.silhouette else ""
    )


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measures = list(rows[0]["blurred"])
    writer.writerow(
        ["name", "printed", "paper_error", "epochs", *(f"{part}_{measure}" for part in ("blurred", "restored") for measure in measures)]
    )
    for row in rows:
        writer.writerow(
            [
                row["name"],
                row["printed"],
                row["paper_error"],
                row["epochs"],
                *(f"{row[part][measure]:.6g}" for part in ("blurred", "restored") for measure in measures),
            ]
        )
    return text.getvalue()


def _grid(title: str, sharp: NDArray, blurred: NDArray, restored: NDArray) -> bytes:
    """Original, blurred and predicted pictures in three rows, as a PNG."""
    count = len(sharp)
    figure = Figure(figsize=(max(count, 3) * 1.05 if count > 1 else 6, 3.7 if count > 1 else 2.5), layout="constrained")
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots(3, count, squeeze=False) if count > 1 else figure.subplots(1, 3, squeeze=False).T
    for line, name, pictures in zip(axes, ("original", "blurred", "predicted"), (sharp, blurred, restored), strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set(xticks=[], yticks=[])
        line[0].set_ylabel(name) if count > 1 else line[0].set_title(name, fontsize=10)
    memory = io.BytesIO()
    figure.savefig(memory, format="png", dpi=110)
    return memory.getvalue()
