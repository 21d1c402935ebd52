"""The view What is this network: how few numbers the thesis' networks are; below it, what blur and restorer do together, and how one learned."""

from html import escape
from typing import Any

import gradio as gr

from deblur.image import WHITE, Bytes, Picture
from deblur.lessons import network as lesson
from deblur.params import Choice
from deblur.reasons import InputError
from deblur.restore import AUTO, RESTORERS
from deblur.thesis import EXPERIMENTS, Experiment
from deblur.ui import epochs, maps, roundtrip
from deblur.ui.controls import Controls, ParamSlider
from deblur.ui.stage import kept_back, sharp_picture
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

NUM_LAYERS = 8  # of the thesis' networks, the sigmoid not counted
PLAIN, RELU = "plain", "relu"


def view(state: State, upload: Bytes | None, asked: str, layer: int, form: str, texts: Texts) -> str:
    """How many numbers the network is, layer by layer, or why it is none with ReLU, as HTML."""
    if kept := kept_back(state, texts):
        return kept
    if state.source != GARMENT:
        return note("net.garments_only", texts)
    name = roundtrip.chosen_network(state, asked)
    try:
        from deblur import weights  # brings Keras

        network = weights.load(name)
        collapsed = lesson.collapse(network)
    except InputError as refusal:
        return f'<p class="note">{escape(texts.reason(refusal.reason))}</p>'
    except ImportError:
        return note("net.no_keras", texts)
    sharp, _ = sharp_picture(state, upload, texts)
    experiment = EXPERIMENTS[name]
    blurred = experiment.blur_one(sharp)
    if form == RELU:
        return _with_relu(network, collapsed, blurred, texts)
    measured = lesson.compare(network, collapsed, blurred)
    told = texts(
        "net.collapse.finding", params=thousands(network.count_params(), texts), numbers=collapsed.kernel.size + 1,
        inside=digits(WHITE * measured.inside, 2), border=digits(WHITE * measured.near_border, 2),
        away=collapsed.border,
    )
    return (
        f'<p class="verdict" role="status">{escape(told)}</p><div class="layers">{_layer(collapsed, layer, texts)}<div>{_psf(experiment, texts)}'
        f"{_answers(measured, texts('net.collapse.by_network', params=thousands(network.count_params(), texts)), texts)}{_all_numbers(collapsed, texts)}</div></div>"
    )


def note(key: str, texts: Texts) -> str:
    """A sentence that stands where there is nothing to show."""
    return f'<p class="note">{escape(texts(key))}</p>'


def thousands(number: int, texts: Texts) -> str:
    """A whole number with the language's sign between thousands."""
    return f"{number:,}".replace(",", texts("net.thousands"))


def _layer(collapsed: lesson.Collapse, layer: int, texts: Texts) -> str:
    """What the network is up to this layer: the kernels of all its features, on one scale."""
    layer = min(max(layer, 1), len(collapsed.stages))
    stage = collapsed.stages[layer - 1]
    count, side = stage.kernels.shape[:2]
    numbers = count * (side * side + 1)
    last = layer == len(collapsed.stages)
    told = texts(
        "net.collapse.last" if last else "net.collapse.layer",
        layer=layer, layers=len(collapsed.stages), count=count, side=side, numbers=thousands(numbers, texts), params=thousands(stage.num_params, texts),
    )
    kernels, legend = maps.sheet(stage.kernels, texts("net.collapse.kernels", side=side), unit=1)
    return f'<figure class="map kernels-of-layer" data-side="{side}" data-count="{count}"><figcaption class="said">{escape(told)}</figcaption>{kernels}<figcaption>{escape(legend)}</figcaption></figure>'


def _psf(experiment: Experiment, texts: Texts) -> str:
    """The kernel of the blur that the network was trained to undo."""
    psf = experiment.degradation.psf
    title = f'<figcaption class="said">{escape(texts("net.collapse.psf"))}</figcaption>'
    if psf is None or experiment.silhouette:
        return f'<figure class="map psf-of-blur">{title}<p class="meaning">{escape(texts("psf.none"))}</p></figure>'
    shown = maps.numbered(psf) if len(psf) <= maps.NUMBERED_SIDE else maps.small((psf / psf.max()).astype("float32"), texts("psf.alt"))
    return f'<figure class="map psf-of-blur">{title}{shown}<figcaption>{escape(texts("net.collapse.psf_range", rows=psf.shape[0], columns=psf.shape[1], largest=digits(float(psf.max()))))}</figcaption></figure>'


def _answers(measured: lesson.Comparison, by_network: str, texts: Texts) -> str:
    """The two answers and their difference."""
    pictures = (measured.network, by_network), (measured.collapsed, texts("net.collapse.short"))
    shown = [maps.figure(maps.small(picture.astype("float32"), caption), caption) for picture, caption in pictures]
    return f'<div class="arithmetic answers">{shown[0]}<b>−</b>{shown[1]}<b>=</b>{maps.signed(measured.difference, texts("net.collapse.difference"))}</div>'


def _all_numbers(collapsed: lesson.Collapse, texts: Texts) -> str:
    cells = "".join(f"<span>{digits(float(value), 2)}</span>" for value in collapsed.kernel.ravel())
    return (
        f'<details class="inside"><summary>{escape(texts("net.collapse.all", numbers=collapsed.kernel.size + 1))}</summary><div class="scroll">'
        f'<div class="all-numbers" style="--columns:{collapsed.kernel.shape[1]}">{cells}</div></div><p>{escape(texts("net.collapse.bias", bias=digits(collapsed.bias)))}</p></details>'
    )


def _with_relu(network: Any, collapsed: lesson.Collapse, blurred: Picture, texts: Texts) -> str:
    """What fails as soon as the layers are not affine."""
    changed = lesson.with_activation(network, "relu")
    measured = lesson.compare(changed, collapsed, blurred)
    told = texts(
        "net.collapse.relu_finding", wrong=digits(WHITE * lesson.superposition(changed, blurred), 2),
        right=digits(WHITE * lesson.superposition(network, blurred), 1), away=digits(WHITE * max(measured.inside, measured.near_border), 2),
    )
    return (
        f'<p class="verdict" role="status">{escape(told)}</p>'
        f'{_answers(measured, texts("net.collapse.relu"), texts)}<p class="meaning">{escape(texts("net.collapse.relu_meaning"))}</p>'
    )


def build(texts: Texts, tab: gr.Tab, around: gr.Tab, controls: Controls, picture: gr.State) -> None:
    """Lay out the view inside the current Blocks; opening its `tab`, or the one `around` it later, shows the state of the Play tab."""
    gr.HTML(f'<h2 class="question">{escape(texts("net.collapse.question"))}</h2><p class="meaning">{escape(texts("net.collapse.hint"))}</p>')
    networks = next(param for param in RESTORERS["thesis"].params if isinstance(param, Choice))
    with gr.Group(elem_id="network-controls", elem_classes="bare"):
        asked = gr.Radio(
            [(texts(f"restorer.thesis.network.options.{option}"), option) for option in networks.options],
            value=AUTO, label=texts("net.collapse.which"), elem_id="network-which", elem_classes="chips",
        )
        layer = ParamSlider(1, NUM_LAYERS, NUM_LAYERS, step=1, label=texts("net.collapse.layers"), elem_id="network-layer", buttons=[])
        form = gr.Radio(
            [(texts(f"net.collapse.form.{form}"), form) for form in (PLAIN, RELU)],
            value=PLAIN, label=texts("net.collapse.between"), elem_id="network-form", elem_classes="chips",
        )
    asks = gr.State(0)  # how often the view was opened: computed only once it has been
    shown = gr.HTML("", elem_id="network", apply_default_css=False)

    def look(which: str, upto: float | None, kind: str, uploaded: Bytes | None, *values: object) -> str:
        return view(controls.state(values), uploaded, which, int(upto or 1), kind, texts)

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    inputs = [asked, layer, form, picture, *controls.by_key.values()]
    gr.on([asks.change, asked.input, layer.input, form.input], look, inputs, shown, **quick)
    answered = roundtrip.build(texts, asks, asked, controls, picture)
    epochs.build(texts, answered, controls, picture)
    counted: dict[str, Any] = quick | {"queue": True, "trigger_mode": "multiple"}  # outside the queue a state's change tells nobody
    tab.select(lambda times: times + 1, asks, asks, **counted)
    around.select(lambda times: times + 1 if times else gr.skip(), asks, asks, **counted)
