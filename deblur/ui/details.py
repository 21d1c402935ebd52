"""How many details the blur destroys: the singular values as a falling curve, a line to be moved, and the pattern of the chosen detail."""

import math
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from deblur.image import WHITE
from deblur.lessons import ledger
from deblur.reasons import InputError
from deblur.ui import maps, plots
from deblur.ui.controls import Controls
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

LOWEST = 1e-5  # the gain where the curve ends
SIZE = (350, 190)  # px, as on a phone; wide screens enlarge it
NOISE = "noise"  # stands for the level of noise and rounding in the state
_POWERS = (-2.5, math.log10(WHITE))  # of the slider's grey levels

# A click takes the detail under the pointer, the arrow keys step from the chosen one; the drawing is new each time, so it gets its focus back.
_PICK = """
let steered = false;
const curve = () => element.querySelector('.curve');
const pick = number => trigger('pick', { number: Math.min(Math.max(Math.round(number), 1), Number(curve().dataset.count)) });
element.addEventListener('click', event => {
  if (!event.target.closest('.curve svg')) return;
  const { left, right, wide, count } = curve().dataset, box = curve().querySelector('svg').getBoundingClientRect();
  const share = ((event.clientX - box.left) / box.width * wide - left) / (wide - left - right);
  steered = true;
  pick(1 + share * (count - 1));
});
element.addEventListener('keydown', event => {
  if (!event.target.closest('.curve')) return;
  const { number, count } = curve().dataset;
  const next = { ArrowRight: +number + 1, ArrowUp: +number + 1, ArrowLeft: +number - 1, ArrowDown: +number - 1, PageDown: +number + 28, PageUp: +number - 28, Home: 1, End: +count }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  steered = true;
  pick(next);
});
watch('value', () => {
  if (steered && document.activeElement === document.body) curve()?.focus({ preventScroll: true });
  steered = false;
});
"""

# The slider runs in powers of ten, the box beside it in grey levels; the value is the level, as text.
_LINE = """
const range = element.querySelector('input[type=range]'), box = element.querySelector('input[type=number]');
const show = () => {
  const level = Number(props.value);
  if (!(level >= 0)) return;
  if (document.activeElement !== range) range.value = Math.log10(Math.max(level, 1e-9));
  if (document.activeElement !== box) box.value = Number(level.toPrecision(3));
  range.setAttribute('aria-valuetext', Number(level.toPrecision(3)) + ' ' + range.dataset.unit);
};
const move = level => { props.value = String(level); show(); trigger('input'); };
range.addEventListener('input', () => move((10 ** Number(range.value)).toPrecision(3)));
box.addEventListener('input', () => { if (box.value !== '' && Number(box.value) >= 0) move(box.value); });
element.addEventListener('click', event => { const button = event.target.closest('button'); if (button) move(button.dataset.level); });
watch('value', show);
show();
"""


def view(state: State, shape: tuple[int, ...], level: float | None, number: int | None, texts: Texts) -> tuple[str, float, int]:
    """The curve with the line and the chosen detail, as HTML, and where line and detail are.

    Args:
        state: Of the Play tab.
        shape: Of the garment.
        level: Where the line is, grey levels; None for that of noise and rounding.
        number: Of the detail, from 1; None for the one that the line takes first.
        texts: Of the page's language.

    Raises:
        ValueError: As for `ledger.spectrum`.
    """
    spectrum = ledger.spectrum(state.degradation, shape)
    noise, count = ledger.floor_of(state.degradation), len(spectrum.gains)
    floor = noise if level is None else level / WHITE
    lost = spectrum.lost(floor)
    number = min(max(number or count - lost + 1, 1), count)
    gain = float(spectrum.gains[number - 1])
    fields = {"count": count, "lost": lost, "number": number, "gain": digits(gain), "levels": digits(WHITE * gain), "floor": digits(WHITE * floor)}
    finding = texts("details.finding_noise" if math.isclose(floor, noise, rel_tol=0.01) else "details.finding", **fields)
    fate = texts("details.lost" if gain < floor else "details.known", **fields)
    left, right, _, _ = plots.Frame((0, 1), (0, 1), SIZE).margins
    return (
        f'<p class="verdict" role="status">{escape(finding)}</p><div class="arithmetic">'
        f'<div class="curve" tabindex="0" role="slider" aria-label="{escape(texts("details.choose"))}" aria-valuemin="1" aria-valuemax="{count}" aria-valuenow="{number}" '
        f'aria-valuetext="{escape(fate)}" data-left="{left}" data-right="{right}" data-wide="{SIZE[0]}" data-count="{count}" data-number="{number}">'
        f"{_curve(spectrum, floor, number, texts)}</div>"
        f'<div class="chosen">{maps.signed(spectrum.pattern(number - 1), texts("details.pattern"), unit=1)}'
        f"{maps.signed(spectrum.trace(number - 1), texts('details.trace'), unit=1, limit=1)}</div></div><p>{escape(fate)}</p>",
        WHITE * floor,
        number,
    )


def _curve(spectrum: ledger.Spectrum, floor: float, number: int, texts: Texts) -> str:
    """The gains from the largest to the smallest on a logarithmic scale, the line under which a detail is lost, and the chosen detail."""
    count = len(spectrum.gains)
    places, powers, level = np.arange(1, count + 1), np.log10(np.maximum(spectrum.gains, LOWEST)), math.log10(max(floor, LOWEST))
    lines = [
        plots.Line(places, powers, label=texts("details.curve")),
        plots.Line(places[[0, -1]], np.array([level, level]), "floor", texts("details.line", floor=digits(WHITE * floor))),
    ]
    x, y = (1, count), (math.log10(LOWEST), 0)
    frame = plots.Frame(x, y, SIZE)
    across, up = frame.across(number), frame.up(float(powers[number - 1]))
    marker = f'<path class="at" d="M{across:.1f} {frame.up(y[1]):.1f}V{frame.up(y[0]):.1f}"/><circle class="at" cx="{across:.1f}" cy="{up:.1f}" r="5"/>'
    x_marks = {1.0: "1", float(count): f"{count} {texts('details.axis')}"}
    y_marks = {0.0: "1", -1.0: "0.1", -2.0: "0.01", -3.0: "0.001", -4.0: "10⁻⁴"}
    return plots.plot(lines, texts("details.curve"), x, y, x_marks, y_marks, SIZE, marker)


def build(texts: Texts, tab: gr.Tab, controls: Controls, shape: tuple[int, int] = ledger.SHAPE) -> gr.events.Dependency:
    """Lay out the view inside the current Blocks; opening the tab sets line and detail to what the Play tab's state gives, which is returned."""
    gr.HTML(f'<h2 class="question">{escape(texts("details.question"))}</h2>', apply_default_css=False)
    with gr.Row(elem_id="details-controls", visible=False) as row:
        line = gr.HTML(
            "1",
            html_template=f'<div class="line"><label>{texts("details.move")} <input type="range" min="{_POWERS[0]}" max="{_POWERS[1]:.4f}" step="0.01" data-unit="{texts("unit.levels")}">'
            f'<input type="number" min="0" max="{WHITE}" step="any" aria-label="{texts("details.move")}, {texts("unit.levels")}"> {texts("unit.levels")}</label>'
            f'<button type="button" data-level="1">{texts("details.one_level")}</button><button type="button" data-level="{NOISE}">{texts("details.noise")}</button></div>',
            js_on_load=_LINE,
            elem_id="details-line",
            apply_default_css=False,
        )
        number = gr.Number(1, label=texts("details.number"), precision=0, min_width=120, elem_id="details-number")
    shown = gr.HTML("", js_on_load=_PICK, elem_id="details", apply_default_css=False)
    inputs = [line, number, *controls.by_key.values()]

    def look(asked: str | None, detail: float | None, *values: object) -> list[Any]:
        state = controls.state(values)
        if state.source != GARMENT:
            return [f'<p class="note">{escape(texts("lost.garments_only"))}</p>', gr.skip(), gr.skip(), gr.update(visible=False)]
        try:
            html, level, at = view(state, shape, _level(asked), None if detail is None else int(detail), texts)
        except InputError as refusal:
            return [f'<p class="note">{escape(texts.reason(refusal.reason))}</p>', gr.skip(), gr.skip(), gr.update(visible=False)]
        # What the visitor holds is left alone: an answer that comes late must not move the line back, nor fill a box that is being typed in.
        moved = asked == NOISE
        return [html, f"{level:.4g}" if moved else gr.skip(), gr.skip() if detail is None and not moved else at, gr.update(visible=True)]

    def opened(*values: object) -> list[Any]:
        return look(NOISE, None, *values)

    def picked(event: gr.EventData, asked: str | None, _number: float | None, *values: object) -> list[Any]:
        return look(asked, (event._data or {}).get("number"), *values)

    outputs = [shown, line, number, row]
    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    gr.on([line.input, number.input], look, inputs, outputs, **quick)
    shown.pick(picked, inputs, outputs, **quick)
    return tab.select(opened, inputs[2:], outputs, **quick)


def _level(asked: str | None) -> float | None:
    """The level that the control says, in grey levels; None for that of noise and rounding, and for what is no level."""
    try:
        level = float(asked or NOISE)
    except ValueError:
        return None
    return min(level, float(WHITE)) if level >= 0 else None
