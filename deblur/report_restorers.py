"""The report that `deblur.evaluate_restorers` writes, from what it measured: Markdown and figures."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from deblur.image import write_whole

NOTHING = "nothing"
INVERTING = (NOTHING, "wiener", "richardson_lucy", "total_variation")  # the usual ways to undo a known PSF; where there is none, nothing


@dataclass(frozen=True)
class Row:
    """One restorer on one degradation; scores over all pictures together, PSNR of their mean squared error."""

    pictures: str
    blur: str
    size: float
    noise: float
    restorer: str
    strength: str
    psnr: float
    gain: float
    error: float
    worse: float
    milliseconds: float


def markdown(rows: Sequence[Row], tools: dict[str, dict[str, dict[str, float | None]]], seed: int, minutes: float) -> str:
    """The report: means over the grid, the grid itself, and the wrong tools."""
    lines = [
        "# Restorers", "", f"`python -m deblur evaluate restorers` with seed {seed}; {minutes:.0f} minutes where this was made. 8-bit storage; "
        "strengths tuned for each cell on pictures that are not measured.",
    ]
    for kind in tools:
        own = [row for row in rows if row.pictures == kind]
        names = list(dict.fromkeys(row.restorer for row in own))
        cells = {(row.blur, row.size, row.noise, row.restorer): row for row in own}
        places = list(dict.fromkeys((row.blur, row.size, row.noise) for row in own))
        lines += ["", f"## {kind.capitalize()}", "", "Over all cells that a restorer accepts:", ""]
        lines += ["| restorer | cells | gain, dB | worst gain, dB | pictures made worse, % | ms |", "| --- | --: | --: | --: | --: | --: |"]
        for name in names[1:]:
            some = [row for row in own if row.restorer == name]
            gains = [row.gain for row in some]
            lines.append(
                f"| {name} | {len(some)} | {np.mean(gains):.2f} | {min(gains):.2f} | {100 * np.mean([row.worse for row in some]):.1f} "
                f"| {np.mean([row.milliseconds for row in some]):.1f} |"
            )
        if "universal" in names:
            for who, rivals in (
                ("the best other answer, doing nothing included", names),
                ("the best of Wiener, Richardson–Lucy and total variation, or doing nothing", INVERTING),
            ):
                ahead = [_ahead(cells, place, rivals) for place in places if (*place, "universal") in cells]
                lines += ["", f"The universal network over {who}: {np.mean(ahead):+.2f} dB on average, {min(ahead):+.2f} dB in its worst cell."]
        lines += ["", "PSNR in dB; best in bold:", "", f"| filter | size | noise | {' | '.join(names)} |", f"| --- |{' --: |' * (len(names) + 2)}"]
        for blur, size, noise in places:
            values = [cells.get((blur, size, noise, name)) for name in names]
            best = max(row.psnr for row in values if row)
            shown = [f"**{row.psnr:.2f}**" if row and row.psnr == best else f"{row.psnr:.2f}" if row else "–" for row in values]
            lines.append(f"| {blur} | {size:g} | {noise:g} | {' | '.join(shown)} |")
        lines += ["", "The wrong tool: gain in dB over doing nothing, filters at their default values.", ""]
        filters = list(next(iter(tools[kind].values())))
        lines += [f"| tool | {' | '.join(filters)} |", f"| --- |{' --: |' * len(filters)}"]
        lines += [f"| {tool} | {' | '.join('–' if value is None else f'{value:+.1f}' for value in gains.values())} |" for tool, gains in tools[kind].items()]
    return "\n".join(lines) + "\n"


def _ahead(cells: dict[tuple[str, float, float, str], Row], place: tuple[str, float, float], rivals: Sequence[str]) -> float:
    others = [row.psnr for key, row in cells.items() if key[:3] == place and key[3] in rivals and key[3] not in ("universal", "thesis")]
    return cells[(*place, "universal")].psnr - max(others)


def by_size(rows: Sequence[Row]) -> Figure:
    """Error against the size of the filter, without noise, one panel a filter."""
    return panels(rows, [row for row in rows if row.noise == 0], "size", "size, px")


def by_noise(rows: Sequence[Row]) -> Figure:
    """Error against the noise, the second size of each filter, one panel a filter."""
    second = {blur: sorted({row.size for row in rows if row.blur == blur})[1] for blur in _filters(rows)}
    return panels(rows, [row for row in rows if row.size == second[row.blur]], "noise", "noise, standard deviation")


def _filters(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.blur for row in rows))


def panels(rows: Sequence[Row], some: Sequence[Row], across: str, label: str) -> Figure:
    figure = Figure(figsize=(13, 6), layout="constrained")
    names = list(dict.fromkeys(row.restorer for row in rows))
    axes_of = figure.subplots(2, 4).flat
    filters = _filters(rows)
    for axes in axes_of[len(filters) :]:
        axes.set_axis_off()
    for axes, blur in zip(axes_of, filters, strict=False):
        for place, name in enumerate(names):
            own = [row for row in some if row.blur == blur and row.restorer == name]
            style = {"color": "black", "linestyle": "--"} if name == NOTHING else {"color": f"C{place - 1}"}
            axes.plot([getattr(row, across) for row in own], [row.error for row in own], marker="o", markersize=3, label=name, **style)
        axes.set(title=blur, xlabel=label, ylabel="error, %", yscale="log")
        axes.grid(alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def matrix(table: dict[str, dict[str, float | None]]) -> Figure:
    """The wrong-tool matrix as coloured cells: blue helps, red harms."""
    values = np.array([[np.nan if gain is None else gain for gain in gains.values()] for gains in table.values()])
    figure = Figure(figsize=(8, 0.42 * len(table) + 1.5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.ma.masked_invalid(values), cmap="RdBu", vmin=-10, vmax=10, aspect="auto")
    filters = list(next(iter(table.values())))
    axes.set_xticks(range(len(filters)), filters)
    axes.set_yticks(range(len(table)), list(table))
    for (row, column), gain in np.ndenumerate(values):
        axes.text(column, row, "–" if np.isnan(gain) else f"{gain:+.1f}", ha="center", va="center", color="white" if abs(gain) > 6 else "black")
    axes.set_title("gain in dB over doing nothing")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    memory = io.BytesIO()
    figure.savefig(memory, format="png", dpi=110)
    write_whole(path, memory.getvalue())
