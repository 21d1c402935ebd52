"""The microscope's second half: what a network did at the clicked pixel, by its own weights there."""

from html import escape

import numpy as np

from deblur.image import WHITE, Bytes, to_bytes
from deblur.lessons import sensitivity as lesson
from deblur.reasons import InputError
from deblur.restore import AUTO
from deblur.ui import maps
from deblur.ui.roundtrip import chosen_network, garment, of_thesis, of_universal
from deblur.ui.stage import SEED, kept_back
from deblur.ui.state import BLIND, GARMENT, State
from deblur.ui.texts import Texts, digits, signed

NETWORKS = ("thesis", "universal")  # the restorers that have weights of their own
REACH = 6  # px around the pixel that are shown


def view(state: State, upload: Bytes | None, row: int, column: int, texts: Texts) -> str:
    """The weights of the chosen restorer at one pixel and what they explain, as HTML; nothing if it is no network."""
    if state.restorer not in NETWORKS or state.source == BLIND or kept_back(state, texts):
        return ""
    title = f"<h3>{escape(texts('net.own.title', restorer=texts(f'restorer.{state.restorer}.label')))}</h3>"
    if state.source != GARMENT:
        return f'<div class="inside">{title}<p class="note">{escape(texts("net.garments_only"))}</p></div>'
    sharp = garment(state.garment)
    row, column = min(max(row, 0), sharp.shape[0] - 1), min(max(column, 0), sharp.shape[1] - 1)
    try:
        told, shown = (_thesis if state.restorer == "thesis" else _universal)(state, row, column, texts)
    except InputError as refusal:
        return f'<div class="inside">{title}<p class="note">{escape(texts.reason(refusal.reason))}</p></div>'
    except ImportError:
        return f'<div class="inside">{title}<p class="note">{escape(texts("net.no_keras"))}</p></div>'
    return f'<div class="inside own">{title}<p class="verdict" role="status">{escape(told)}</p><div class="arithmetic">{shown}</div></div>'


def _thesis(state: State, row: int, column: int, texts: Texts) -> tuple[str, str]:
    found = of_thesis(chosen_network(state, AUTO), state.query(), row, column)
    blurred = state.degradation.apply(garment(state.garment), SEED)
    level = int(to_bytes(np.array(found.value)))
    slopes = lesson.as_sensitivity(found)
    told = texts(
        "net.own.thesis", row=row, column=column, count=int(np.count_nonzero(found.weights)), weighed=digits(found.total - found.bias),
        bias=signed(found.bias), total=digits(found.total), level=level, half=_px(lesson.reach_of(slopes, 0.5), texts),
        most=_px(lesson.reach_of(slopes, 0.9), texts),
    )
    weights = lesson.around(found.weights, row, column, REACH)
    window = lesson.around(blurred, row, column, REACH)
    shown = (
        f"{maps.signed(weights, texts('net.own.weights'), unit=1)}<b>×</b>{maps.weights(WHITE * window, texts('net.own.window'), whole=True)}<b>Σ</b>"
        f'<span class="total">{digits(found.total - found.bias)} {signed(found.bias)} = {digits(found.total)}</span><b>→</b><span class="total">{level}</span>'
    )
    return told, shown


def _universal(state: State, row: int, column: int, texts: Texts) -> tuple[str, str]:
    found = of_universal(state, row, column)
    level = int(to_bytes(np.array(found.value)))
    if not found.weights.any():
        return texts("net.own.cut", row=row, column=column, level=level), ""
    blurred = state.degradation.apply(garment(state.garment), SEED)
    explained = round(WHITE * float(np.sum(found.weights * blurred)))
    told = texts(
        "net.own.universal", row=row, column=column, level=level, own=signed(float(found.weights[row, column])), half=_px(lesson.reach_of(found, 0.5), texts),
        most=_px(lesson.reach_of(found, 0.9), texts), explained=_whole(explained), rest=_whole(level - explained),
    )
    window = lesson.around(blurred, row, column, REACH)
    shown = f"{maps.signed(lesson.around(found.weights, row, column, REACH), texts('net.own.slopes'), unit=1)}{maps.weights(WHITE * window, texts('net.own.window'), whole=True)}"
    return told, shown


def _px(reach: int, texts: Texts) -> str:
    return f"{reach} {texts('unit.px')}"


def _whole(number: int) -> str:
    return str(number).replace("-", "−")
