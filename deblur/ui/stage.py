"""What the Play tab shows of a state: the three panels, the verdict in words, the notes under it."""

import hashlib
import logging
import threading
from functools import lru_cache
from html import escape
from math import isinf

import numpy as np
from numpy.typing import NDArray

from deblur import metrics
from deblur.compare import residual
from deblur.data import CLASSES, load_fashion_mnist
from deblur.degrade import Degradation
from deblur.estimate import Estimate
from deblur.image import Bytes, Picture, from_bytes, shrink
from deblur.metrics import Scores
from deblur.reasons import InputError
from deblur.ui import panels
from deblur.ui.state import BLIND, GARMENT, HIDEABLE, YOURS, State
from deblur.ui.texts import Texts, digits, signed
from deblur.ui.upload import LIVE_SIDE, MIN_SIDE

SEED = 0  # of the noise: the same link shows the same picture
_AT_ONCE = threading.BoundedSemaphore(2)  # live events pass Gradio's queue by; two cores can do no more than this at a time


DOUBT = 0.2  # confidence that there is no blur from which on a likelier filter is shown with that doubt


def sharp_picture(state: State, upload: Bytes | None, texts: Texts) -> tuple[Picture, str]:
    """The sharp picture of a state and what it shows, in words."""
    if state.source == YOURS and upload is not None:
        return shrink(from_bytes(upload), LIVE_SIDE, MIN_SIDE), texts("play.your_picture")
    images, labels = load_fashion_mnist("test")
    return from_bytes(images[state.garment]), texts(f"class.{CLASSES[labels[state.garment]]}")


def cause(degradation: Degradation, texts: Texts) -> str:
    """Everything that happened to the picture, in a few words: "Gaussian + noise 0.05 + JPEG 40"."""
    parts = [texts(f"blur.{degradation.blur}.label") if degradation.blurs else texts("blind.unblurred")]
    for name in ("noise", "salt_pepper"):
        if getattr(degradation, name):
            parts.append(f"{texts(f'after.{name}.label')} {digits(getattr(degradation, name))}")
    if degradation.storage == "jpeg":
        parts.append(f"JPEG {degradation.quality}")
    return " + ".join(parts)


def marks(state: State, upload: Bytes | None) -> str:
    """The attributes that say what is shown: as a link says it, and a stamp that also tells apart what no link says, pictures and trained networks."""
    stamp = hashlib.sha256(f"{state.source}?{state.query()}".encode())
    if state.source != GARMENT and upload is not None:
        stamp.update(upload.tobytes())
    for weight in state.trained.weights if state.trained else ():
        stamp.update(weight.tobytes())
    return f'data-query="{escape(state.query())}" data-source="{state.source}" data-stamp="{stamp.hexdigest()[:16]}"'


def kept_back(state: State, texts: Texts) -> str:
    """The note in place of a view that would give away what is hidden for a prediction; empty where nothing is."""
    return "" if state.hide == HIDEABLE[0] else f'<p class="note">{escape(texts("lessons.kept_back"))}</p>'


def stage(state: State, upload: Bytes | None, texts: Texts, ignored: tuple[str, ...] = ()) -> str:
    """The panels, the verdict and the notes as HTML.

    Never raises: an exception in a live event would drop the newest position of a slider.

    Args:
        state: What the controls say.
        upload: The visitor's picture, if there is one.
        texts: Of the page's language.
        ignored: What a link asked for and does not exist.
    """
    try:
        with _AT_ONCE:
            if state.source == BLIND and upload is not None:
                return _blind_stage(state, upload, texts)
            return _stage(state, upload, texts, ignored)
    except InputError as refusal:
        sentence = texts.reason(refusal.reason)
    except Exception:  # of all live events the one place that may catch everything; it is logged, and the page says so
        logging.getLogger(__name__).exception("the stage could not be computed for %s", state)
        sentence = texts("play.failed")
    return f'<div class="stage" {marks(state, upload)}></div><p class="verdict" role="status">{escape(sentence)}</p>'


def _stage(state: State, upload: Bytes | None, texts: Texts, ignored: tuple[str, ...]) -> str:
    sharp, what = sharp_picture(state, upload, texts)
    degradation, restorer = state.degradation, state.tool
    blurred, before = _blurred(sharp.tobytes(), sharp.shape, degradation)
    filter_name, restorer_name = cause(degradation, texts), texts(f"restorer.{state.restorer}.label")
    notes = [texts("play.no_upload")] if state.source != GARMENT and upload is None else []
    if ignored:
        notes.append(texts("play.bad_link", what=", ".join(ignored)))
    try:
        restored = restorer.restore(blurred, degradation, **state.own)
    except InputError as refusal:
        restored_panel = panels.panel("restored", None, texts, restorer_name, [], instead=texts.reason(refusal.reason))
        verdict = texts("verdict.blurred", error=digits(before.error), cause=filter_name)
    else:
        after = metrics.scores(restored, sharp)
        rows = panels.score_rows(after, texts, metrics.gain(before, after))
        restored_panel = panels.panel("restored", restored, texts, restorer_name, rows)
        verdict = verdict_sentence(before, after, metrics.brought_back(blurred, restored, sharp), filter_name, restorer_name, texts)
        doubt = restorer.doubts(degradation, **state.own)
        if doubt and state.hide != "restored":
            notes.append(texts.reason(doubt))
    if state.hide == "restored":
        restored_panel = panels.veiled_panel("restored", texts, restorer_name)
        verdict = texts("verdict.blurred", error=digits(before.error), cause=filter_name)
    sharp_panel = panels.panel("sharp", sharp, texts, what, _size(sharp, texts))
    if state.hide == "sharp":
        sharp_panel = panels.veiled_panel("sharp", texts, "")
    return (
        f'<div class="stage" {marks(state, upload)}>'
        + sharp_panel
        + panels.panel("blurred", blurred, texts, filter_name, panels.score_rows(before, texts))
        + restored_panel
        + f'</div><p class="verdict" role="status">{escape(verdict)}</p>'
        + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    )


@lru_cache(maxsize=16)
def _blurred(values: bytes, shape: tuple[int, ...], degradation: Degradation) -> tuple[Picture, Scores]:
    """The blurred picture with its numbers: kept, because neither changes while a visitor moves the restorer's sliders."""
    sharp = np.frombuffer(values, np.float32).reshape(shape)
    blurred = degradation.apply(sharp, SEED)
    return blurred, metrics.scores(blurred, sharp)


def _blind_stage(state: State, upload: Bytes, texts: Texts) -> str:
    """A picture that came blurred: there is no truth to compare with, only the blurred picture itself."""
    blurred, degradation, restorer = from_bytes(upload), state.suffered, state.tool
    restorer_name = texts(f"restorer.{state.restorer}.label")
    try:
        restored = restorer.restore(blurred, degradation, **state.own)
    except InputError as refusal:
        restored_panel = panels.panel("restored", None, texts, restorer_name, [], instead=texts.reason(refusal.reason))
        verdict = texts("blind.refused")
    else:
        left = digits(residual(restored, blurred, degradation), 2)
        restored_panel = panels.panel("restored", restored, texts, restorer_name, [(texts("compare.residual"), left)])
        verdict = texts("blind.verdict", cause=cause(degradation, texts), restorer=restorer_name, residual=left)
    if state.hide == "restored":
        restored_panel, verdict = panels.veiled_panel("restored", texts, restorer_name), texts("lessons.veiled")
    return _without_truth(marks(state, upload), blurred, restored_panel, verdict, texts)


def looking(state: State, upload: Bytes, texts: Texts) -> str:
    """A picture that came blurred, before it is known by what."""
    verdict = texts("blind.looking")
    restored_panel = panels.panel("restored", None, texts, "", [], instead=verdict)
    return _without_truth(f'{marks(state, upload)} aria-busy="true"', from_bytes(upload), restored_panel, verdict, texts)


def _without_truth(attributes: str, blurred: Picture, restored_panel: str, verdict: str, texts: Texts) -> str:
    return (
        f'<div class="stage" {attributes}>'
        + panels.panel("sharp", None, texts, "", [], instead=texts("blind.unknown"))
        + panels.panel("blurred", blurred, texts, texts("play.your_picture"), _size(blurred, texts))
        + restored_panel
        + f'</div><p class="verdict" role="status">{escape(verdict)}</p>'
    )


def _size(picture: NDArray, texts: Texts) -> list[tuple[str, str]]:
    return [(texts("numbers.size"), f"{picture.shape[1]} × {picture.shape[0]} px")]


def estimates(guesses: list[Estimate], texts: Texts) -> str:
    """The likeliest degradations of a picture, with their confidence."""
    rows = "".join(
        f'<li style="--share:{guess.confidence:.2f}"><span>{escape(describe(guess.degradation, texts))}</span>'
        f"<b>{digits(100 * guess.confidence, 2)} %</b></li>"
        for guess in guesses[:3]
    )
    unblurred = next(guess.confidence for guess in guesses if not guess.degradation.blurs)
    likeliest = not guesses[0].degradation.blurs
    told = texts("blind.estimated_unblurred" if likeliest else "blind.estimated_perhaps" if unblurred > DOUBT else "blind.estimated")
    return f'<p class="meaning">{escape(told)}</p><ol class="estimates">{rows}</ol>'


def describe(degradation: Degradation, texts: Texts) -> str:
    """What happened, with the filter's values, if it has any: "Gaussian + noise 0.05 (size 5, sigma 1.2)"."""
    words = [
        f"{texts(f'blur.{degradation.blur}.{name}.label')} {value if isinstance(value, str) else f'{value:g}'}"
        for name, value in degradation.values.items()
    ]
    return cause(degradation, texts) + (f" ({', '.join(words)})" if words else "")


def verdict_sentence(before: Scores, after: Scores, share: float | None, cause: str, restorer: str, texts: Texts) -> str:
    """The gain over doing nothing in plain words, a loss included.

    Args:
        before: Of the blurred picture.
        after: Of the restored one.
        share: Of the error that was brought back; None if there was none.
        cause: What happened to the picture.
        restorer: Its name.
        texts: Of the page's language.
    """
    gain = metrics.gain(before, after)
    fields = {"cause": cause, "restorer": restorer, "error": digits(before.error), "gain": signed(gain)}
    if share is None:
        return texts("verdict.harm" if gain < 0 else "verdict.nothing_blurred", **fields)
    if isinf(before.error):
        return texts("verdict.black", **fields)
    if gain < 0:
        return texts("verdict.worse", **fields)
    return texts("verdict.better", share=digits(100 * share), **fields)
