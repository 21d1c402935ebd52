"""The Draw your shake tab: the path of a hand becomes the blur, and is undone knowing it, almost knowing it and not knowing it."""

import json
import zlib
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from deblur import metrics
from deblur.degrade import NOISE, Degradation
from deblur.image import Bytes
from deblur.kernels import Psf
from deblur.lessons.shake import MAX_POINTS, SEED, SIDES, STRENGTH, TURN, Attempt, Undone, camera_path, camera_shake, path_psf, undo
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import maps, panels
from deblur.ui.controls import Controls, ParamSlider
from deblur.ui.stage import SEED as NOISE_SEED
from deblur.ui.stage import describe, sharp_picture
from deblur.ui.state import State, allowed, default_restorer
from deblur.ui.texts import Texts, digits, signed

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
if (linked) props.value = JSON.stringify(told);
"""

# The path of a ready-made shake is known to the server alone. What stands beside a newer path grows pale until its own answer comes.
_SHOW_PATH = """
new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) trigger('seen'); }).observe(element);
watch('value', () => {
  const made = element.querySelector('[data-key]'), rest = document.querySelector('#shake-rest [data-key]');
  document.querySelector('#shake-pad .ready').setAttribute('points', document.querySelector('#shake-pad [aria-pressed=true]') ? made.dataset.path : '');
  if (rest) rest.classList.toggle('stale', rest.dataset.key !== made.dataset.key);
});
"""
_STALE = """
watch('value', () => {
  const made = document.querySelector('#shake-first [data-key]'), rest = element.querySelector('[data-key]');
  if (made && rest) rest.classList.toggle('stale', rest.dataset.key !== made.dataset.key);
});
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


@dataclass(frozen=True)
class Setting:
    """Everything that the tab's answer depends on."""

    told: str | None
    noise: float
    turn: float
    restorer: str
    garment: State
    upload: Bytes | None

    @classmethod
    def of(cls, told: str | None, noise: object, turn: object, restorer: object, garment: State, upload: Bytes | None) -> "Setting":
        """The setting that raw values stand for, each moved to the closest allowed one."""
        chosen = restorer if isinstance(restorer, str) and restorer in RESTORERS else default_restorer()
        return cls(told, float(allowed(NOISE, noise)), float(allowed(TURN, turn)), chosen, garment, upload)

    @property
    def key(self) -> str:
        """Short, and different for other settings."""
        picture = b"" if self.upload is None else self.upload.tobytes()
        parts = (self.told, self.noise, self.turn, self.restorer, self.garment.garment, self.garment.source)
        return f"{zlib.crc32(picture, zlib.crc32(repr(parts).encode())):08x}"

    def degradation(self) -> Degradation:
        """The shake, then noise, then rounding.

        Raises:
            ValueError: As for `read`.
        """
        return Degradation.from_psf(read(self.told).psf, self.noise)


def first(setting: Setting, texts: Texts) -> str:
    """The PSF, the sharp and the shaken picture, as HTML: what can follow the hand."""
    try:
        shake, degradation = read(setting.told), setting.degradation()
        sharp, what = sharp_picture(setting.garment, setting.upload, texts)
        blurred = degradation.apply(sharp, NOISE_SEED)
    except InputError as refusal:
        return f'<div data-key="{setting.key}" data-path=""><p class="note" role="status">{escape(texts.reason(refusal.reason))}</p></div>'
    psf = shake.psf
    drawn = maps.small((psf / psf.max()).astype("float32"), texts("psf.alt"))
    size = texts("shake.psf_size", rows=psf.shape[0], columns=psf.shape[1], largest=digits(float(psf.max())))
    noise = f" + {texts('after.noise.label')} {digits(setting.noise)}" if setting.noise else ""
    return (
        f'<div class="stage" data-key="{setting.key}" data-path="{shake.path}"><figure class="panel psf-panel"><figcaption><span class="name">{escape(texts("shake.psf"))}</span></figcaption>'
        f'{drawn}<p class="told">{escape(size)}</p></figure>'
        + panels.panel("sharp", sharp, texts, what, [])
        + panels.panel("blurred", blurred, texts, texts("shake.shaken") + noise, [("PSNR", f"{digits(metrics.psnr(blurred, sharp))} dB")])
        + "</div>"
    )


def rest(setting: Setting, texts: Texts) -> str:
    """The shaken picture restored with the right PSF, with one that is turned and with the estimate; and what that tells, as HTML."""
    try:
        degradation = setting.degradation()
        sharp, _ = sharp_picture(setting.garment, setting.upload, texts)
        undone = undo(sharp, degradation.apply(sharp, NOISE_SEED), degradation, setting.restorer, setting.turn)
    except InputError:
        return f'<div data-key="{setting.key}"></div>'  # `first` says why
    guess = undone.estimated.believed
    captions = (texts("shake.right"), texts("shake.turned", turn=f"{setting.turn:g}"), texts("shake.guessed", blur=texts(f"blur.{guess.blur}.label") if guess else "–"))
    shown = "".join(
        _panel(attempt, caption, texts) for attempt, caption in zip((undone.right, undone.turned, undone.estimated), captions, strict=True)
    )
    return (
        f'<div data-key="{setting.key}"><p class="verdict" role="status">{escape(finding(undone, setting, texts))}</p><div class="stage">{shown}</div>'
        f'<p class="meaning">{escape(texts("shake.honest"))}</p></div>'
    )


def finding(undone: Undone, setting: Setting, texts: Texts) -> str:
    """What knowing the path is worth, in one sentence."""
    restorer, guess = texts(f"restorer.{setting.restorer}.label"), undone.estimated
    gains = [attempt.gain for attempt in (undone.right, undone.turned, guess)]
    if guess.believed is None or guess.confidence is None:
        return texts("shake.no_estimate", restorer=restorer, right=_gain(undone.right, texts), turned=_gain(undone.turned, texts), turn=f"{setting.turn:g}")
    took = {"took": describe(guess.believed, texts), "sure": digits(100 * guess.confidence, 2)}
    if gains[0] is not None and gains[0] == gains[1] == gains[2]:
        return texts("shake.same", restorer=restorer, gain=_gain(undone.right, texts), **took)
    return texts(
        "shake.finding",
        restorer=restorer,
        right=_gain(undone.right, texts),
        turned=_gain(undone.turned, texts),
        estimated=_gain(guess, texts),
        turn=f"{setting.turn:g}",
        **took,
    )


def _gain(attempt: Attempt, texts: Texts) -> str:
    return texts("shake.refused") if attempt.gain is None else f"{signed(attempt.gain)} dB"


def _panel(attempt: Attempt, caption: str, texts: Texts) -> str:
    if attempt.restored is None or attempt.psnr is None:
        return panels.panel("restored", None, texts, caption, [], instead=texts.reason(attempt.reason) if attempt.reason else "")
    rows = [("PSNR", f"{digits(attempt.psnr)} dB"), (texts("numbers.gain"), _gain(attempt, texts))]
    return panels.panel("restored", attempt.restored, texts, caption, rows)


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


def build(texts: Texts, controls: Controls, picture: gr.State) -> None:
    """Lay out the tab inside the current Blocks; the picture is that of the Play tab."""
    gr.HTML(f'<h2 class="question">{escape(texts("shake.question"))}</h2><p class="meaning">{escape(texts("shake.hint"))}</p>')
    with gr.Row(elem_id="shake", equal_height=False):
        with gr.Column(scale=5, min_width=320, elem_id="shake-left"):
            painted = pad(texts)
            with gr.Column(elem_id="shake-controls", elem_classes=["card", "restored"]):
                noise, turn = (
                    ParamSlider(param.low, param.high, param.default, step=param.step, label=label, info=info, elem_id=f"control-shake-{param.name}", buttons=[])
                    for param, label, info in (
                        (NOISE, texts("after.noise.label"), texts("after.noise.info")),
                        (TURN, f"{texts('shake.turn.label')} ({texts('unit.degrees')})", texts("shake.turn.info")),
                    )
                )
                restorer = gr.Radio(
                    [(texts(f"restorer.{name}.label"), name) for name in RESTORERS],
                    value=default_restorer(),
                    label=texts("play.restorer"),
                    show_label=False,
                    elem_id="control-shake-restorer",
                    elem_classes="chips",
                )
        with gr.Column(scale=11, min_width=320, elem_id="shake-right"):
            shown_first = gr.HTML("", js_on_load=_SHOW_PATH, elem_id="shake-first", min_height=60, apply_default_css=False)
            shown_rest = gr.HTML("", js_on_load=_STALE, elem_id="shake-rest", apply_default_css=False)

    def setting(told: str | None, noise: object, turn: object, restorer: object, uploaded: Bytes | None, values: tuple[object, ...]) -> Setting:
        return Setting.of(told, noise, turn, restorer, controls.state(values), uploaded)

    def follow(told: str | None, noise: object, turn: object, restorer: object, uploaded: Bytes | None, *values: object) -> str:
        return first(setting(told, noise, turn, restorer, uploaded, values), texts)

    def undo_it(told: str | None, noise: object, turn: object, restorer: object, uploaded: Bytes | None, *values: object) -> str:
        return rest(setting(told, noise, turn, restorer, uploaded, values), texts)

    inputs = [painted, noise, turn, restorer, picture, *controls.by_key.values()]
    changes = [painted.input, noise.input, turn.input, restorer.input]
    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    heavy: dict[str, Any] = quick | {"queue": True, "concurrency_limit": 1, "concurrency_id": "heavy"}
    gr.on(changes, follow, inputs, shown_first, **quick)
    gr.on(changes, undo_it, inputs, shown_rest, **heavy)
    shown_first.seen(follow, inputs, shown_first, **quick)
    shown_first.seen(undo_it, inputs, shown_rest, **heavy)
