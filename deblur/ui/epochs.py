"""How the thesis' Gaussian network learned: leaf through its epochs."""

from functools import lru_cache
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from deblur import metrics
from deblur.epochs import KEPT
from deblur.image import Bytes, Picture
from deblur.lessons import epochs as lesson
from deblur.lessons import network as networks
from deblur.lessons.sensitivity import RoundTrip, kernel_round_trip
from deblur.reasons import InputError
from deblur.thesis import EXPERIMENTS
from deblur.ui import maps, panels, plots
from deblur.ui.controls import Controls, ParamSlider
from deblur.ui.roundtrip import garment, trip_plot
from deblur.ui.stage import kept_back, sharp_picture
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits, signed


def view(state: State, upload: Bytes | None, step: int, texts: Texts) -> str:
    """The network after one of the epochs that were kept, on the current garment, as HTML; or why there is none."""
    if kept := kept_back(state, texts):
        return kept
    if state.source != GARMENT:
        return f'<p class="note">{escape(texts("net.garments_only"))}</p>'
    sharp, what = sharp_picture(state, upload, texts)
    try:
        history = lesson.history()
        epoch = history.epochs[min(max(step, 0), len(history.epochs) - 1)]
        blurred, restored = _answer(state.garment, epoch)
        kernel, trip = _kernel(epoch)
    except InputError as refusal:
        return f'<p class="note">{escape(texts.reason(refusal.reason))}</p>'
    except ImportError:
        return f'<p class="note">{escape(texts("net.no_keras"))}</p>'
    before, after = metrics.scores(blurred, sharp), metrics.scores(restored, sharp)
    gain = metrics.gain(before, after)
    kind = "untrained" if epoch == 0 else "worse" if gain < 0 else "better"
    told = texts(
        f"net.epochs.{kind}", epoch=epoch, epochs=len(history.losses), psnr=digits(after.psnr), before=digits(before.psnr), gain=digits(abs(gain)),
        loss="–" if epoch == 0 else digits(history.losses[epoch - 1]),
    )
    shown = "".join(
        panels.panel(role, picture, texts, caption, numbers)
        for role, picture, caption, numbers in (
            ("sharp", sharp, what, []),
            ("blurred", blurred, texts("net.epochs.blurred"), [("PSNR", f"{digits(before.psnr)} dB")]),
            ("restored", restored, texts("net.epochs.after", epoch=epoch), [("PSNR", f"{digits(after.psnr)} dB"), (texts("numbers.gain"), f"{signed(gain)} dB")]),
        )
    )
    ticks = "".join(f"<span{' class=now' if one == epoch else ''}>{one}</span>" for one in history.epochs)
    return (
        f'<div class="ticks" aria-hidden="true">{ticks}</div><p class="verdict" role="status">{escape(told)}</p><div class="stage">{shown}</div>'
        f'<div class="arithmetic learned">{maps.signed(kernel, texts("net.epochs.kernel"), unit=1)}'
        f"{maps.figure(trip_plot(trip, texts('net.trip.alt'), texts), texts('net.epochs.trip'))}"
        f"{maps.figure(_losses(history.losses, epoch, texts), texts('net.epochs.loss'))}</div>"
    )


@lru_cache(maxsize=256)
def _answer(index: int, epoch: int) -> tuple[Picture, Picture]:
    blurred = EXPERIMENTS[lesson.NAME].blur_one(garment(index))
    return blurred, networks.answers(lesson.network_after(epoch))(blurred[None])[0].astype(np.float32)


@lru_cache(maxsize=len(KEPT))
def _kernel(epoch: int) -> tuple[networks.Map, RoundTrip]:
    collapsed = networks.collapse(lesson.network_after(epoch))
    psf = EXPERIMENTS[lesson.NAME].degradation.psf
    assert psf is not None, "a Gaussian"
    return collapsed.kernel, kernel_round_trip(psf, collapsed)


def _losses(losses: tuple[float, ...], epoch: int, texts: Texts) -> str:
    """The loss by epoch on a logarithmic scale, with a line at the current one."""
    powers, epochs = np.log10(losses), np.arange(1, len(losses) + 1)
    x, y = (0, len(losses)), (float(np.floor(10 * powers.min()) / 10), float(np.ceil(10 * powers.max()) / 10))
    now = plots.Line(np.array([epoch, epoch]), np.array(y), "floor")
    marks = {float(np.log10(value)): digits(value) for value in (0.05, 0.02, 0.01, 0.005) if y[0] <= np.log10(value) <= y[1]}
    ends = {0.0: "0", float(len(losses)): f"{len(losses)} {texts('net.epochs.axis')}"}
    return plots.plot([plots.Line(epochs, powers, "restored"), now], texts("net.epochs.loss"), x, y, ends, marks, size=(300, 180))


def build(texts: Texts, before: gr.events.Dependency, controls: Controls, picture: gr.State) -> None:
    """Lay out the view inside the current Blocks; it shows the Play tab's garment after the answer `before`, and follows its own slider."""
    gr.HTML(f'<h2 class="question later">{escape(texts("net.epochs.question"))}</h2><p class="meaning">{escape(texts("net.epochs.hint"))}</p>')
    step = ParamSlider(0, len(KEPT) - 1, len(KEPT) - 1, step=1, label=texts("net.epochs.slider"), elem_id="network-epoch", buttons=[])
    shown = gr.HTML("", elem_id="epochs", apply_default_css=False)

    def look(place: float | None, uploaded: Bytes | None, *values: object) -> str:
        return view(controls.state(values), uploaded, int(place or 0), texts)

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    inputs = [step, picture, *controls.by_key.values()]
    before.then(look, inputs, shown, **quick)
    step.input(look, inputs, shown, **quick)
