"""The Look inside tab: the arithmetic that made one pixel, and where one sharp pixel went."""

from html import escape
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from deblur.image import Bytes, to_bytes
from deblur.lessons.code import code
from deblur.lessons.pixel import BilateralSum, Explanation, Ranked, WeightedSum, explain, reached
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import maps, own_weights, panels
from deblur.ui.controls import Controls
from deblur.ui.stage import SEED, cause, kept_back, sharp_picture
from deblur.ui.state import BLIND, NEEDS_NO_NETWORK, State
from deblur.ui.texts import Texts

GREEN = 1  # the channel that is explained in a picture in colour


def view(state: State, upload: Bytes | None, row: int, column: int, texts: Texts) -> tuple[str, int, int]:
    """The three pictures with the pixel marked and the arithmetic that made it, as HTML, and the pixel itself, moved inside the picture."""
    if kept := kept_back(state, texts):
        return kept, row, column
    if state.source == BLIND:  # nothing is known of how such a picture came about
        return f'<p class="note">{escape(texts("inside.blind"))}</p>', row, column
    sharp, what = sharp_picture(state, upload, texts)
    row, column = min(max(row, 0), sharp.shape[0] - 1), min(max(column, 0), sharp.shape[1] - 1)
    degradation = state.degradation
    blurred = degradation.apply(sharp, SEED)
    channel = None if sharp.ndim == 2 else GREEN
    try:
        restored = state.tool.restore(blurred, degradation, **state.own)
    except InputError:
        restored = None
    marked = "".join(
        panels.marked_panel(role, picture, (row, column), texts, caption)
        for role, picture, caption in (
            ("sharp", sharp, what),
            ("blurred", blurred, cause(degradation, texts)),
            ("restored", restored, texts(f"restorer.{state.restorer}.label")),
        )
        if picture is not None
    )
    made, went = explain(sharp, degradation, row, column, channel), reached(sharp, degradation, row, column, channel)
    count = int(np.count_nonzero(went.weights))
    return (
        f'<div class="inside" data-row="{row}" data-column="{column}"><div class="stage markable" tabindex="0" aria-label="{escape(texts("inside.hint"))}">{marked}</div>'
        f'<p class="verdict" role="status">{escape(sentence(made, to_bytes(sharp)[row, column], texts))}</p>'
        f'<div class="arithmetic">{arithmetic(made, texts)}</div>'
        f"<h3>{escape(texts('inside.reverse'))}</h3><p>{escape(texts('inside.reached', count=count))}</p>"
        f'<div class="arithmetic">{maps.weights(went.weights, texts("inside.reached_map"), whole=True)}</div>{code_of(state, sharp.ndim == 3, texts)}</div>',
        row,
        column,
    )


def sentence(made: Explanation, sharp_level: NDArray[np.uint8], texts: Texts) -> str:
    """The finding in one sentence with its numbers."""
    fields = {
        "row": made.row,
        "column": made.column,
        "was": int(np.atleast_1d(sharp_level)[made.channel or 0]),
        "level": made.level,
        "filtered": made.filtered,
    }
    if isinstance(made, Ranked):
        return texts("inside.ranked", count=made.strip.size, rank=made.rank + 1, **fields)
    return texts("inside.summed", count=int(np.count_nonzero(made.weights)), total=f"{made.total:.2f}", **fields)  # type: ignore[attr-defined]


def arithmetic(made: Explanation, texts: Texts) -> str:
    """The window and what the filter does with it, as small maps joined by signs."""
    window = maps.weights(made.window, texts("inside.window"))
    if isinstance(made, BilateralSum):
        factors = [
            maps.weights(made.by_distance, texts("inside.by_distance")),
            maps.weights(made.by_value, texts("inside.by_value")),
            maps.weights(made.weights, texts("inside.weights")),
        ]
        return f"{factors[0]}<b>×</b>{factors[1]}<b>→</b>{factors[2]}<b>×</b>{window}<b>→</b>{_total(made)}"
    if isinstance(made, WeightedSum):
        return f"{window}<b>×</b>{maps.weights(made.weights, texts('inside.weights'))}<b>=</b>{maps.weights(made.products, texts('inside.products'))}<b>Σ</b>{_total(made)}"
    assert isinstance(made, Ranked)
    strip = "".join(f"<span{' class=chosen' if place == made.rank else ''}>{value:g}</span>" for place, value in enumerate(made.strip))
    return f'{window}<b>→</b><figure class="map"><div class="ranks">{strip}</div><figcaption>{escape(texts("inside.strip"))}</figcaption></figure>'


def code_of(state: State, colour: bool, texts: Texts) -> str:
    """The code for exactly this state, each dialect folded away."""
    own = state.restorer not in RESTORERS  # no program can fetch a visitor's own network
    restorer, values = (NEEDS_NO_NETWORK, {}) if own else (state.restorer, dict(state.own))
    written = code(state.degradation, restorer, values, SEED, colour)
    folded = "".join(
        f"<details><summary>{escape(texts(f'inside.code.{dialect}'))}</summary><pre><code>{escape(text)}</code></pre></details>"
        for dialect in (("opencv", "numpy") if own else ("opencv", "numpy", "deblur", "command", "client"))
        if (text := getattr(written, dialect))
    )
    return f"<h3>{escape(texts('inside.code.title'))}</h3>{folded}" + (f'<p class="note">{escape(texts("train.no_code"))}</p>' if own else "")


def _total(made: WeightedSum) -> str:
    return f'<span class="total">{made.total:.2f} → {made.level}</span>'


def build(texts: Texts, tabs: list[gr.Tab], controls: Controls, picture: gr.State) -> None:
    """Lay out the view inside the current Blocks; opening any of `tabs` shows the state of the Play tab."""
    gr.HTML(f'<h2 class="question">{escape(texts("inside.question"))}</h2><p class="meaning">{escape(texts("inside.hint"))}</p>')
    with gr.Row(elem_id="inside-place"):
        row = gr.Number(10, label=texts("inside.row"), precision=0, min_width=90, elem_id="inside-row")
        column = gr.Number(10, label=texts("inside.column"), precision=0, min_width=90, elem_id="inside-column")
    shown = gr.HTML("", js_on_load=panels.PICK, elem_id="inside", apply_default_css=False)
    own = gr.HTML("", elem_id="inside-own", apply_default_css=False)
    inputs = [row, column, picture, *controls.by_key.values()]
    outputs = [shown, row, column]

    def look(asked_row: float | None, asked_column: float | None, uploaded: Bytes | None, *values: object) -> list[Any]:
        asked = int(asked_row or 0), int(asked_column or 0)
        html, *place = view(controls.state(values), uploaded, *asked, texts)
        # A place that stands is left alone: an answer that comes late must not fill a box that is being typed in.
        return [html, *(gr.skip() if inside == typed else inside for inside, typed in zip(place, asked, strict=True))]

    def picked(event: gr.EventData, uploaded: Bytes | None, *values: object) -> tuple[str, int, int]:
        place: dict[str, Any] = event._data or {}
        return view(controls.state(values), uploaded, int(place.get("row", 0)), int(place.get("column", 0)), texts)

    def look_at_network(asked_row: float | None, asked_column: float | None, uploaded: Bytes | None, *values: object) -> str:
        return own_weights.view(controls.state(values), uploaded, int(asked_row or 0), int(asked_column or 0), texts)

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    heavy: dict[str, Any] = {**quick, "queue": True, "concurrency_limit": 1, "concurrency_id": "heavy"}  # a network's weights take longer, so they follow
    looked = gr.on([*(tab.select for tab in tabs), row.input, column.input], look, inputs, outputs, **quick)
    clicked = shown.pick(picked, inputs[2:], outputs, **quick)
    for answered in (looked, clicked):
        answered.then(look_at_network, inputs, own, **heavy)
