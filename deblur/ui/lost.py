"""The What is lost tab: how many details of a garment a blur destroys, and what that means for everyone who wants them back."""

from html import escape
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from deblur.image import WHITE, Bytes, Picture, clip
from deblur.lessons import ledger
from deblur.lessons.twins import twins
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import panels
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
    weakest = _signed(spectrum.pattern(len(spectrum.gains) - 1), texts("lost.details.weakest", gain=digits(float(spectrum.gains[-1]))))
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
        restored = RESTORERS[state.restorer].restore(blurred, state.degradation, **state.own)
        parts = ledger.split(blurred, restored, state.degradation, sharp=sharp)
    except InputError as refusal:
        return _refused("invented", refusal, texts)
    told = texts(
        "lost.invented.finding",
        restorer=texts(f"restorer.{state.restorer}.label"),
        recovered=digits(parts.recovered_share),
        invented=digits(parts.invented_share),
    )
    maps = _signed(parts.recovered, texts("lost.invented.recovered")) + _signed(parts.invented, texts("lost.invented.invented"))
    return f'{_question("invented", texts)}<p>{escape(told)}</p><div class="arithmetic">{maps}</div>'


def _signed(values: NDArray[np.float64], caption: str) -> str:
    """A signed map around mid grey, with the range it shows."""
    largest = float(np.abs(values).max()) or 1.0
    rows, columns = values.shape
    address = panels.data_uri(clip(0.5 + values / (2 * largest)))
    limit = digits(WHITE * largest) if largest < 1 else "1"
    return (
        f'<figure class="map"><div class="frame small"><img class="picture crisp" style="--w:{columns};--h:{rows}" width="{columns}" '
        f'height="{rows}" alt="{escape(caption)}" src="{address}"></div><figcaption>{escape(caption)}: −{limit} … +{limit}</figcaption></figure>'
    )


def _curve(gains: NDArray[np.float64], floor: float, texts: Texts) -> str:
    """The gains from the largest to the smallest on a logarithmic scale, with the line under which a detail is lost."""
    width, height, left, bottom = 420, 190, 44, 24

    def y(gain: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return 8 + (height - bottom - 8) * np.log10(np.maximum(gain, LOWEST)) / np.log10(LOWEST)

    across = np.linspace(left, width - 6, len(gains))
    points = " ".join(f"{x:.1f},{level:.1f}" for x, level in zip(across, y(gains), strict=True))
    line = float(y(floor))
    marks = "".join(
        f'<text x="{left - 6}" y="{float(y(10.0**-power)) + 4:.0f}" text-anchor="end">{label}</text>'
        for power, label in ((0, "1"), (2, "10⁻²"), (4, "10⁻⁴"))
    )
    return (
        f'<svg class="response wide" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(texts("lost.details.curve"))}">'
        f'<path class="axis" d="M{left} 8V{height - bottom}H{width - 6}"/><polyline points="{points}"/>'
        f'<path class="floor" d="M{left} {line:.1f}H{width - 6}"/>{marks}'
        f'<text x="{left + 4}" y="{line - 5:.0f}">{escape(texts("lost.details.floor"))}</text>'
        f'<text x="{width - 6}" y="{height - 6}" text-anchor="end">{len(gains)} {escape(texts("lost.details.axis"))}</text></svg>'
    )


def build(texts: Texts, tab: gr.Tab, controls: Controls, picture: gr.State) -> None:
    """Lay out the tab inside the current Blocks; it shows the state of the Play tab when it is opened."""
    gr.HTML(f'<p class="meaning">{escape(texts("lost.hint"))}</p>')
    shown = gr.HTML("", elem_id="lost", apply_default_css=False)

    def look(uploaded: Bytes | None, *values: object) -> str:
        return view(controls.state(values), uploaded, texts)

    quiet: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "heavy"}
    tab.select(look, [picture, *controls.by_key.values()], shown, trigger_mode="always_last", **quiet)
