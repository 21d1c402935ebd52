"""What blur and restorer do together: their round trip in frequency, and a network's kernel at two places of one garment."""

from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from deblur.data import SIDE, load_fashion_mnist
from deblur.image import Bytes, Picture, from_bytes
from deblur.kernels import Psf
from deblur.lessons import sensitivity as lesson
from deblur.lessons.sensitivity import NetworkSum, RoundTrip, Sensitivity
from deblur.reasons import InputError
from deblur.restore import AUTO, RESTORERS, thesis_network
from deblur.thesis import EXPERIMENTS
from deblur.ui import maps, panels, plots
from deblur.ui.controls import Controls
from deblur.ui.stage import SEED, kept_back, sharp_picture
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

Place = tuple[int, int]  # row, column

REACH = 6  # px around a place that are shown; what lies further off is faint
COUNT = 65  # frequencies of a curve
STRIPES = (COUNT - 1) // 2  # a quarter of a cycle per px: stripes of 2 px, the finest but one that fit the pixels
LIMITS = (-1.5, 1.5)  # powers of ten of the curves


def garment(index: int) -> Picture:
    """One of the test garments, sharp."""
    return from_bytes(load_fashion_mnist("test")[0][index])


def chosen_network(state: State, asked: str) -> str:
    """The thesis' network that is meant: the one asked for, else that of the Play tab, else the one for its filter."""
    own = str(state.own.get("network", AUTO)) if state.restorer == "thesis" else AUTO
    return thesis_network(state.degradation, asked if asked in EXPERIMENTS else own)


def view(state: State, upload: Bytes | None, asked: str, places: tuple[Place, Place] | None, texts: Texts) -> tuple[str, tuple[Place, Place] | None]:
    """The curves and kernels at two places as HTML, and the places; without any, a flat area and an edge."""
    if kept := kept_back(state, texts):
        return kept, places
    if state.source != GARMENT:
        return f'<p class="note">{escape(texts("net.garments_only"))}</p>', places
    sharp, _ = sharp_picture(state, upload, texts)
    blurred = state.degradation.apply(sharp, SEED)
    last = (blurred.shape[0] - 1, blurred.shape[1] - 1)
    first, second = (
        (min(max(row, 0), last[0]), min(max(column, 0), last[1])) for row, column in places or lesson.calmest_and_busiest(blurred)
    )
    try:
        name = chosen_network(state, asked)
        thesis: tuple[Sensitivity, ...] | str = tuple(lesson.as_sensitivity(of_thesis(name, state.query(), *place)) for place in (first, second))
    except InputError as refusal:
        thesis = texts.reason(refusal.reason)
    except ImportError:
        thesis = texts("net.no_keras")
    universal = _universal(state, first, second, texts)
    curves = _curves(state, first, thesis, universal, texts)
    return (
        f'<div class="roundtrip" data-row="{first[0]}" data-column="{first[1]}">{_places(blurred, first, second, texts)}<div class="curves">{curves}</div></div>'
        f"{_kernels(thesis, universal, texts)}"
    ), (first, second)


def _universal(state: State, first: Place, second: Place, texts: Texts) -> tuple[Sensitivity, ...] | str:
    try:
        return tuple(of_universal(state, *place) for place in (first, second))
    except InputError as refusal:
        return texts.reason(refusal.reason)
    except ImportError:
        return texts("net.no_keras")


def of_universal(state: State, row: int, column: int) -> Sensitivity:
    """The universal network's weights at one pixel of a garment.

    Raises:
        ValueError: It does not apply.
    """
    rows, restored = _jacobian(replace(state, restorer="universal", own={}).query())
    return lesson.row_of(rows, restored, row, column)


def _blurred(query: str) -> tuple[State, Picture]:
    """What a link shows: hashable, unlike a state."""
    state = State.from_query(dict(parse_qsl(query)))
    return state, state.degradation.apply(garment(state.garment), SEED)


@lru_cache(maxsize=8)  # 2.5 MB each
def _jacobian(query: str) -> tuple[NDArray[np.float32], Picture]:
    state, blurred = _blurred(query)
    universal = RESTORERS["universal"]
    refused = universal.accepts(state.degradation, blurred.shape)
    if refused:
        raise InputError.of(refused)
    run = lesson.answers_of(universal, state.degradation)
    return lesson.jacobian(run, blurred), run(blurred[None])[0]


@lru_cache(maxsize=256)
def of_thesis(name: str, query: str, row: int, column: int) -> NetworkSum:
    """One pixel of a garment restored by one of the thesis' networks, as the sum it is.

    Raises:
        ValueError: The weights are missing or damaged.
    """
    from deblur import weights  # brings Keras

    return lesson.network_sum(weights.load(name), _blurred(query)[1], row, column)


def _places(blurred: Picture, first: Place, second: Place, texts: Texts) -> str:
    """The blurred garment with both places marked, to be clicked."""
    height, width = blurred.shape
    inside = maps.image(maps.data_uri(blurred), blurred.shape, texts("net.trip.picture"))
    for kind, (row, column) in (("second", second), ("first", first)):
        inside = f'<span class="mark {kind}" style="--row:{row};--column:{column};--w:{width};--h:{height}">{inside}</span>'
    named = "".join(
        f'<li class="{kind}">{escape(texts(f"net.trip.{kind}", row=row, column=column))}</li>' for kind, (row, column) in (("first", first), ("second", second))
    )
    return (
        f'<figure class="panel blurred places"><figcaption><span class="name">{escape(texts("role.blurred"))}</span></figcaption>'
        f'<div class="markable" tabindex="0" aria-label="{escape(texts("net.trip.hint"))}"><div class="frame">{inside}</div></div><ul class="legend">{named}</ul></figure>'
    )


def _curves(state: State, place: Place, thesis: tuple[Sensitivity, ...] | str, universal: tuple[Sensitivity, ...] | str, texts: Texts) -> str:
    """One small drawing for each restorer, all on the same axes, and what they say in one sentence."""
    psf = state.degradation.psf
    refused = RESTORERS["wiener"].accepts(state.degradation, (SIDE, SIDE))
    if refused or psf is None:
        return f'<p class="note">{escape(texts.reason(refused)) if refused else ""}</p>'
    strength = state.own["strength"] if state.restorer == "wiener" else 0.0
    wiener = lesson.wiener_round_trip(psf, state.degradation.noise_variance, float(strength), COUNT)
    trips: dict[str, RoundTrip | str] = {
        "thesis": _trip(psf, thesis),
        "wiener": wiener,
        "universal": _trip(psf, universal),
    }
    drawn = "".join(_curve(name, trip, texts) for name, trip in trips.items())
    back = "; ".join(
        texts("net.trip.back", restorer=texts(f"restorer.{name}.label"), share=digits(100 * float(trip.product[STRIPES]), 2))
        for name, trip in trips.items()
        if isinstance(trip, RoundTrip)
    )
    told = texts("net.trip.finding", left=digits(100 * float(wiener.blur[STRIPES]), 2), back=back, row=place[0], column=place[1])
    return f'<p class="verdict" role="status">{escape(told)}</p><div class="trips">{drawn}</div>{_legend(texts)}'


def _trip(psf: Psf, found: tuple[Sensitivity, ...] | str) -> RoundTrip | str:
    return found if isinstance(found, str) else lesson.round_trip(psf, found[0], COUNT)


def _curve(name: str, trip: RoundTrip | str, texts: Texts) -> str:
    label = texts(f"restorer.{name}.label")
    inside = f'<p class="note">{escape(trip)}</p>' if isinstance(trip, str) else trip_plot(trip, f"{label}: {texts('net.trip.alt')}", texts)
    return f'<figure class="map trip" data-restorer="{name}"><figcaption class="said">{escape(label)}</figcaption>{inside}</figure>'


def trip_plot(trip: RoundTrip, alt: str, texts: Texts) -> str:
    """Blur, restorer and both together by frequency, on a logarithmic scale; what is lost or turned round lies at the bottom."""

    def powers(shares: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log10(np.maximum(shares, 10 ** LIMITS[0]))

    lines = [
        plots.Line(trip.frequencies[[0, -1]], np.zeros(2), "ideal"),
        plots.Line(trip.frequencies, powers(trip.blur), "blurred"),
        plots.Line(trip.frequencies, powers(trip.restorer), "restored"),
        plots.Line(trip.frequencies, powers(trip.product), "sharp"),
    ]
    ends = {0.0: texts("psf.coarse"), 0.5: texts("psf.fine")}
    return plots.plot(lines, alt, (0, 0.5), LIMITS, ends, {-1.0: "1/10", 0.0: "1", 1.0: "10"}, size=(300, 180))


def _legend(texts: Texts) -> str:
    rows = "".join(
        f'<li class="{kind}">{escape(texts(f"net.trip.{key}"))}</li>'
        for kind, key in (("blurred", "blur"), ("restored", "restorer"), ("sharp", "product"), ("ideal", "ideal"))
    )
    return f'<ul class="legend">{rows}</ul><p class="meaning">{escape(texts("net.trip.meaning"))}</p>'


def _kernels(thesis: tuple[Sensitivity, ...] | str, universal: tuple[Sensitivity, ...] | str, texts: Texts) -> str:
    """The kernels of both networks at both places, and how far they are from each other."""
    title = f'<h2 class="question">{escape(texts("net.same.question"))}</h2>'
    told, rows = [], ""
    for name, found in (("universal", universal), ("thesis", thesis)):
        if isinstance(found, str):
            rows += f'<p class="note">{escape(found)}</p>'
            continue
        sums = [float(np.abs(one.weights).sum()) for one in found]
        kernels = [lesson.around(one.weights, one.row, one.column, REACH) for one in found]
        if not all(sums):
            told.append(texts(f"net.same.{name}_cut"))
        else:
            share = digits(100 * lesson.apart(kernels[0] / sums[0], kernels[1] / sums[1]), 2)
            told.append(texts(f"net.same.{name}", share=share, factor=digits(sums[0] / sums[1], 2)))
        label = texts(f"restorer.{name}.label")
        shown = "".join(
            f'<div class="at {kind}">{maps.signed(kernel, texts(f"net.same.at_{kind}", restorer=label), unit=1)}</div>'
            for kind, kernel in zip(("first", "second"), kernels, strict=True)
        )
        rows += f'<div class="arithmetic pair" data-restorer="{name}">{shown}</div>'
    sentence = f'<p class="verdict" role="status">{escape(" ".join(told))}</p>' if told else ""
    return f'<section class="lost">{title}{sentence}<div class="pairs">{rows}</div><p class="meaning">{escape(texts("net.same.meaning"))}</p></section>'


def next_places(places: tuple[Place, Place] | None, picked: Place) -> tuple[Place, Place] | None:
    """A click moves the first place and leaves the second where the first was; a step to a neighbour moves the first alone."""
    if places is None:
        return None
    first, second = places
    step = max(abs(first[0] - picked[0]), abs(first[1] - picked[1]))
    return picked, second if step <= 1 else first


def build(texts: Texts, asks: gr.State, asked: gr.Radio, controls: Controls, picture: gr.State) -> gr.events.Dependency:
    """Lay out the view inside the current Blocks; it follows the clicked places and, which is returned, the asked network and every change of `asks`."""
    gr.HTML(f'<h2 class="question later">{escape(texts("net.trip.question"))}</h2><p class="meaning">{escape(texts("net.trip.hint"))}</p>')
    places = gr.State(None)
    shown = gr.HTML("", js_on_load=panels.PICK, elem_id="roundtrip", apply_default_css=False)
    state = [asked, places, picture, *controls.by_key.values()]

    def look(which: str, where: tuple[Place, Place] | None, uploaded: Bytes | None, *values: object) -> tuple[str, Any]:
        return view(controls.state(values), uploaded, which, where, texts)

    def picked(event: gr.EventData, which: str, where: tuple[Place, Place] | None, uploaded: Bytes | None, *values: object) -> tuple[str, Any]:
        place: dict[str, Any] = event._data or {}
        return look(which, next_places(where, (int(place["row"]), int(place["column"]))), uploaded, *values)

    heavy: dict[str, Any] = {
        "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "heavy",
    }
    shown.pick(picked, state, [shown, places], **heavy)
    return gr.on([asks.change, asked.input], look, state, [shown, places], **(heavy | {"trigger_mode": "multiple"}))
