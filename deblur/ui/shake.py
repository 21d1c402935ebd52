"""The Draw your shake tab: the path of a hand becomes the blur, and is undone knowing it, almost knowing it and not knowing it."""

import zlib
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from deblur import metrics
from deblur.degrade import MIRRORED, NOISE, Degradation
from deblur.image import Bytes
from deblur.lessons.shake import TURN, Attempt, Undone, undo
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import maps, panels
from deblur.ui.controls import Controls, ParamSlider
from deblur.ui.pad import pad, read
from deblur.ui.stage import SEED as NOISE_SEED
from deblur.ui.stage import cause, describe, sharp_picture
from deblur.ui.state import State, allowed, default_restorer
from deblur.ui.texts import Texts, digits, signed

# Begins a screen before it is in sight, since the pad above shows what comes of it, and waits until the field has said what a link asks for. The path of a ready-made shake is known to the server alone. What stands beside a newer path grows pale until its own answer comes.
_SHOW_PATH = """
new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) setTimeout(() => trigger('seen'), 80); }, {rootMargin: '100%'}).observe(element);
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
        return Degradation.from_psf(read(self.told).psf, self.noise, border=MIRRORED)


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
    captions = (texts("shake.right"), texts("shake.turned", turn=f"{setting.turn:g}"), texts("shake.guessed", blur=cause(guess.with_(noise=0.0), texts) if guess else "–"))
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
    for followed in (gr.on(changes, follow, inputs, shown_first, **quick), shown_first.seen(follow, inputs, shown_first, **quick)):
        followed.then(undo_it, inputs, shown_rest, **heavy)
