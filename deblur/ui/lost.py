"""The What is lost tab: how many details of a garment a blur destroys, and what that means for everyone who wants them back."""

from html import escape
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from deblur.image import WHITE, Bytes, Picture
from deblur.lessons import ledger
from deblur.lessons.twins import twins
from deblur.reasons import InputError
from deblur.ui import maps, panels, plots
from deblur.ui.controls import Controls
from deblur.ui.stage import SEED, sharp_picture
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

LOWEST = 1e-5  # where the curve of the gains ends


def view(state: State, upload: Bytes | None, texts: Texts) -> str:
    """The four questions of the tab, answered for the current garment, filter and restorer, as HTML."""
    if state.source != GARMENT:
        return f'<p class="note">{escape(texts("lost.garments_only"))}</p>'
    sharp, _ = sharp_picture(state, upload, texts)
    parts = (_details, _twins, _storages, _invented)
    return "".join(f'<section class="lost">{part(state, sharp, texts)}</section>' for part in parts)


def _question(key: str, texts: Texts) -> str:
    return f'<h2 class="question">{escape(texts(f"lost.{key}.question"))}</h2>'


def _refused(key: str, refusal: InputError, texts: Texts) -> str:
    return f'{_question(key, texts)}<p class="note">{escape(texts.reason(refusal.reason))}</p>'


def _details(state: State, sharp: Picture, texts: Texts) -> str:
    try:
        spectrum = ledger.spectrum(state.degradation, sharp.shape)
    except InputError as refusal:
        return _refused("details", refusal, texts)
    floor = ledger.floor_of(state.degradation)
    lost = spectrum.lost(floor)
    told = texts("lost.details.finding", count=len(spectrum.gains), lost=lost, floor=digits(WHITE * floor))
    weakest = maps.signed(spectrum.pattern(len(spectrum.gains) - 1), texts("lost.details.weakest", gain=digits(float(spectrum.gains[-1]))))
    return (
        f'{_question("details", texts)}<p>{escape(told)}</p><div class="arithmetic">{_curve(spectrum.gains, floor, texts)}{weakest}</div>'
    )


def _twins(state: State, sharp: Picture, texts: Texts) -> str:
    found = twins(sharp, state.degradation)
    if not found.largest:
        return f"{_question('twins', texts)}<p>{escape(texts('lost.twins.none'))}</p>"
    told = texts("lost.twins.finding", share=digits(100 * found.share), rms=digits(found.rms), largest=found.largest)
    shown = "".join(
        panels.panel(role, picture, texts, caption, [])
        for role, picture, caption in (
            ("sharp", found.first, texts("lost.twins.first")),
            ("sharp", found.second, texts("lost.twins.second")),
            ("blurred", found.blurred, texts("lost.twins.both")),
        )
    )
    return f'{_question("twins", texts)}<p>{escape(told)}</p><div class="stage">{shown}</div>'


def _storages(state: State, sharp: Picture, texts: Texts) -> str:
    try:
        stored = ledger.storages(sharp, state.degradation, floor=-6.0)
    except InputError as refusal:
        return _refused("storages", refusal, texts)
    shown = "".join(
        panels.panel("restored", one.restored, texts, texts(f"after.storage.options.{one.storage}"), [("PSNR", f"{digits(one.psnr)} dB")])
        for one in stored
    )
    return f'{_question("storages", texts)}<p>{escape(texts("lost.storages.finding"))}</p><div class="stage">{shown}</div>'


def _invented(state: State, sharp: Picture, texts: Texts) -> str:
    blurred = state.degradation.apply(sharp, SEED)
    try:
        restored = state.tool.restore(blurred, state.degradation, **state.own)
        parts = ledger.split(blurred, restored, state.degradation, sharp=sharp)
    except InputError as refusal:
        return _refused("invented", refusal, texts)
    told = texts(
        "lost.invented.finding",
        restorer=texts(f"restorer.{state.restorer}.label"),
        recovered=digits(parts.recovered_share),
        invented=digits(parts.invented_share),
    )
    shown = maps.signed(parts.recovered, texts("lost.invented.recovered")) + maps.signed(parts.invented, texts("lost.invented.invented"))
    return f'{_question("invented", texts)}<p>{escape(told)}</p><div class="arithmetic">{shown}</div>'


def _curve(gains: NDArray[np.float64], floor: float, texts: Texts) -> str:
    """The gains from the largest to the smallest on a logarithmic scale, with the line under which a detail is lost."""
    places, powers, level = np.arange(len(gains)), np.log10(np.maximum(gains, LOWEST)), np.log10(max(floor, LOWEST))
    lines = [
        plots.Line(places, powers, label=texts("lost.details.curve")),
        plots.Line(places[[0, -1]], np.array([level, level]), "floor", texts("lost.details.floor")),
    ]
    ends = {0.0: "1", float(len(gains) - 1): f"{len(gains)} {texts('lost.details.axis')}"}
    y_marks = {0.0: "1", -2.0: "10⁻²", -4.0: "10⁻⁴"}
    return plots.plot(lines, texts("lost.details.curve"), (0, len(gains) - 1), (np.log10(LOWEST), 0), ends, y_marks)


def build(texts: Texts, tab: gr.Tab, controls: Controls, picture: gr.State) -> None:
    """Lay out the tab inside the current Blocks; it shows the state of the Play tab when it is opened."""
    gr.HTML(f'<p class="meaning">{escape(texts("lost.hint"))}</p>')
    shown = gr.HTML("", elem_id="lost", apply_default_css=False)

    def look(uploaded: Bytes | None, *values: object) -> str:
        return view(controls.state(values), uploaded, texts)

    quiet: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "heavy"}
    tab.select(look, [picture, *controls.by_key.values()], shown, trigger_mode="always_last", **quiet)
