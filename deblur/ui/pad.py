"""The field on which the path of a hand is painted, by mouse, pen, finger or keys, and what it says."""

import json
from dataclasses import dataclass

import gradio as gr

from deblur.kernels import Psf
from deblur.lessons.shake import MAX_POINTS, SEED, SIDES, STRENGTH, camera_path, camera_shake, path_psf
from deblur.reasons import InputError
from deblur.ui.texts import Texts

FIELD = SIDES["strong"]  # px a side of what one can paint on
FIRST = json.dumps({"strength": "light", "seed": 2})  # the shake that the tab opens with
TOO_LONG = 100_000  # characters: no path of MAX_POINTS needs them

# The value is what was painted, as JSON: {"points": [[row, column], …]} in px, or a ready-made shake, {"strength": …, "seed": …}.
_PAINT = """
const field = () => element.querySelector('svg'), side = Number(field().dataset.side), most = Number(field().dataset.most);
const linked = /^([a-z]+)-([0-9]{1,4})$/.exec(new URLSearchParams(location.search).get('shake') || '');
let told = linked && element.querySelector(`[data-strength=${linked[1]}]`) ? { strength: linked[1], seed: Number(linked[2]) } : JSON.parse(props.value), made = told.strength ? told : JSON.parse(props.value), points = told.points || [], brush = null, waiting = false;
const link = () => {
  const address = new URL(location.href);
  if (told.strength) address.searchParams.set('shake', told.strength + '-' + told.seed); else address.searchParams.delete('shake');
  history.replaceState(history.state, '', address);
};
const tell = () => { link(); props.value = JSON.stringify(told); trigger('input'); };
const soon = () => { if (!waiting) { waiting = true; setTimeout(() => { waiting = false; tell(); }, 60); } };
const show = () => {
  const drawn = field().querySelector('.drawn'), pen = field().querySelector('.pen'), last = points[points.length - 1];
  drawn.setAttribute('points', points.map(([row, column]) => column + ',' + row).join(' '));
  pen.setAttribute('visibility', last ? 'visible' : 'hidden');
  if (last) { pen.setAttribute('cy', last[0]); pen.setAttribute('cx', last[1]); }
  if (!told.strength) field().querySelector('.ready').setAttribute('points', '');
  element.querySelectorAll('[data-strength]').forEach(button => button.setAttribute('aria-pressed', button.dataset.strength === told.strength));
};
const paint = (next, start) => { points = start ? [next] : [...points, next].slice(0, most + 1); told = { points }; show(); };
const ready = (strength, seed) => { points = []; made = told = { strength, seed }; show(); tell(); };
const kept = value => Math.round(Math.min(Math.max(value, 0), side - 1) * 100) / 100;
const under = event => {
  const box = field().getBoundingClientRect();
  return [kept((event.clientY - box.top) / box.height * side - 0.5), kept((event.clientX - box.left) / box.width * side - 0.5)];
};
element.addEventListener('pointerdown', event => {
  if (!event.target.closest('svg') || brush !== null) return;
  event.preventDefault();
  field().focus({ preventScroll: true });
  brush = event.pointerId;
  try { element.setPointerCapture(brush); } catch { /* made by a script */ }
  paint(under(event), true);
});
element.addEventListener('pointermove', event => {
  if (event.pointerId !== brush) return;
  const between = event.getCoalescedEvents?.() || [];
  for (const one of between.length ? between : [event]) {
    const next = under(one), [row, column] = points[points.length - 1];
    if (Math.hypot(next[0] - row, next[1] - column) > 0.15) paint(next);
  }
  soon();
});
const lift = event => { if (event.pointerId === brush) { brush = null; tell(); } };
element.addEventListener('pointerup', lift);
element.addEventListener('pointercancel', lift);
element.addEventListener('keydown', event => {
  if (!event.target.closest('svg')) return;
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step && !['Escape', 'Delete', 'Backspace'].includes(event.key)) return;
  event.preventDefault();
  if (!step) { clear(); return; }
  if (!points.length) paint([(side - 1) / 2, (side - 1) / 2], true);
  const [row, column] = points[points.length - 1];
  paint([kept(row + step[0]), kept(column + step[1])], event.shiftKey);
  soon();
});
const clear = () => { points = []; told = { points }; show(); tell(); };
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.strength) ready(button.dataset.strength, made.seed);
  else if (button.dataset.seeds) ready(made.strength, Math.floor(Math.random() * Number(button.dataset.seeds)));
  else clear();
});
show();
if (linked) new IntersectionObserver((entries, observer) => {
  if (entries.some(entry => entry.isIntersecting)) { observer.disconnect(); tell(); }
}).observe(element);
"""


@dataclass(frozen=True)
class Shake:
    """What was painted: its PSF, and the path to be shown where the page does not have it, as "column,row column,row …"."""

    psf: Psf
    path: str = ""


def read(told: str | None) -> Shake:
    """Read what the field says.

    Raises:
        ValueError: It is no path, an empty, too long or senseless one.
    """
    if told is not None and len(told) > TOO_LONG:
        raise InputError("too_many_points", "a path of more than {limit} points. Paint a shorter line.", limit=MAX_POINTS, count=f"{MAX_POINTS}+")
    try:
        drawn = json.loads(told or "{}")
    except (ValueError, RecursionError):
        drawn = None
    points = drawn.get("points") if isinstance(drawn, dict) else None
    if isinstance(points, list) and all(isinstance(point, list) and len(point) == 2 and all(map(_is_place, point)) for point in points):
        return Shake(path_psf(points))
    if not isinstance(drawn, dict) or "strength" not in drawn:
        raise InputError("bad_path", "this is no path. Paint a line.", shape="")
    strength, seed = STRENGTH.check(drawn["strength"]), int(SEED.check(drawn.get("seed", SEED.default)))
    path = camera_path(strength, seed) + (FIELD - 1) / 2
    return Shake(camera_shake(strength, seed), " ".join(f"{column:.2f},{row:.2f}" for row, column in path))


def _is_place(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6  # written so that NaN fails


def pad(texts: Texts) -> gr.HTML:
    """The field to paint on, with its buttons; its value is what was painted."""
    grid = "".join(f"M{place - 0.5} -.5V{FIELD - 0.5}M-.5 {place - 0.5}H{FIELD - 0.5}" for place in range(1, FIELD))
    strengths = "".join(
        f'<button type="button" data-strength="{strength}" aria-pressed="false">{texts(f"shake.strength.{strength}")}</button>' for strength in STRENGTH.options
    )
    return gr.HTML(
        FIRST,
        html_template=f'<div class="pad picker"><svg viewBox="-.5 -.5 {FIELD} {FIELD}" tabindex="0" role="application" aria-label="{texts("shake.field")}" '
        f'data-side="{FIELD}" data-most="{MAX_POINTS}"><path class="grid" d="{grid}"/><polyline class="ready"/><polyline class="drawn"/><circle class="pen" r=".7" visibility="hidden"/></svg>'
        f'<div class="classes"><span>{texts("shake.ready")}</span>{strengths}<button type="button" data-seeds="{SEED.high + 1}">⚄ {texts("play.dice")}</button>'
        f'<button type="button" class="clear">{texts("shake.clear")}</button></div></div>',
        js_on_load=_PAINT,
        elem_id="shake-pad",
        apply_default_css=False,
    )
