"""The Play tab: choose a picture, blur it, restore it, and see all three at once."""

from html import escape
from pathlib import Path

import gradio as gr

from deblur import metrics
from deblur.compare import compare
from deblur.data import CLASSES, load_fashion_mnist
from deblur.image import Bytes, Picture, from_bytes, to_bytes
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import panels
from deblur.ui.controls import Controls
from deblur.ui.picker import garment_picker
from deblur.ui.state import DEFAULT_RESTORER, FIRST_GARMENT, GARMENT, YOURS, State
from deblur.ui.texts import Texts, digits, signed
from deblur.ui.upload import MAX_SIDE, picture_upload, read_upload

SEED = 0  # of the noise: the same link shows the same picture

# Keeps the address in step with what is shown, so that it can be shared at any moment.
_FOLLOW_LINK = """
const follow = () => {
  const shown = element.querySelector('[data-query]');
  if (shown) history.replaceState(history.state, '', '?' + shown.dataset.query);
};
watch('value', follow);
"""

# A comparison takes a while: one that arrives after the state has moved on is dropped.
_DROP_STALE = """
watch('value', () => {
  const compared = element.querySelector('[data-query]'), shown = document.querySelector('#stage [data-query]');
  if (compared && compared.dataset.query !== shown.dataset.query) props.value = '';
});
"""


def sharp_picture(state: State, upload: Bytes | None, texts: Texts) -> tuple[Picture, str]:
    """The sharp picture of a state and what it shows, in words."""
    if state.source == YOURS and upload is not None:
        return from_bytes(upload), texts("play.your_picture")
    images, labels = load_fashion_mnist("test")
    return from_bytes(images[state.garment]), texts(f"class.{CLASSES[labels[state.garment]]}")


def stage(state: State, upload: Bytes | None, texts: Texts) -> str:
    """The three panels, the verdict and the notes of a state, as HTML. Never raises: a refusal stands where the picture would be."""
    sharp, what = sharp_picture(state, upload, texts)
    degradation = state.degradation
    blurred = degradation.apply(sharp, SEED)
    before = metrics.scores(blurred, sharp)
    what += f" · {sharp.shape[1]} × {sharp.shape[0]} px"
    filter_name = texts(f"blur.{state.blur}.label")
    restorer_name = texts(f"restorer.{state.restorer}.label")
    notes: list[str] = []
    if state.source == YOURS and upload is None:
        notes.append(texts("play.no_upload"))
    try:
        restored = RESTORERS[state.restorer].restore(blurred, degradation, **state.own)
    except InputError as refusal:
        restored_panel = panels.panel("restored", None, texts, restorer_name, [], instead=texts.reason(refusal.reason))
        verdict = texts("verdict.blurred", error=digits(before.error), blur=filter_name)
    else:
        after = metrics.scores(restored, sharp)
        gain = metrics.gain(before, after)
        restored_panel = panels.panel("restored", restored, texts, restorer_name, panels.score_rows(after, texts, gain))
        verdict = verdict_sentence(before, metrics.brought_back(blurred, restored, sharp), gain, filter_name, restorer_name, texts)
        doubt = RESTORERS[state.restorer].doubts(degradation, **state.own)
        if doubt:
            notes.append(texts.reason(doubt))
    return (
        f'<div class="stage" data-query="{escape(state.query())}">'
        + panels.panel("sharp", sharp, texts, what, [])
        + panels.panel("blurred", blurred, texts, filter_name, panels.score_rows(before, texts))
        + restored_panel
        + f'</div><p class="verdict" role="status">{escape(verdict)}</p>'
        + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    )


def verdict_sentence(before: metrics.Scores, share: float | None, gain: float, blur: str, restorer: str, texts: Texts) -> str:
    """The gain over doing nothing in plain words, a loss included."""
    fields = {"blur": blur, "restorer": restorer, "error": digits(before.error), "gain": signed(gain)}
    if share is None:
        return texts("verdict.nothing_blurred", **fields)
    if gain < 0:
        return texts("verdict.worse", **fields)
    return texts("verdict.better", share=digits(100 * share), **fields)


def build(texts: Texts) -> None:
    """Lay out the tab inside the current Blocks and wire its events."""
    controls = Controls(texts)
    picture = gr.State(None, time_to_live=3600)
    first = State.from_fields(lambda key: None)
    with gr.Row(elem_id="play", equal_height=False):
        with gr.Column(scale=14, min_width=320, elem_id="play-pictures"):
            with gr.Column(elem_id="sources"):
                source = gr.Radio(
                    [(texts("play.garments"), GARMENT), (texts("play.yours"), YOURS)],
                    value=GARMENT,
                    label=texts("play.picture"),
                    show_label=False,
                    container=False,
                    elem_id="control-source",
                    elem_classes=["chips", "strong"],
                )
                controls.add("source", source)
                with gr.Group(elem_classes="bare") as controls.groups["source.garment"]:
                    controls.add("garment", garment_picker(texts, FIRST_GARMENT))
                with gr.Group(visible=False, elem_classes="bare") as controls.groups["source.yours"]:
                    upload = picture_upload(texts)
                    gr.HTML(f'<p class="meaning">{escape(texts("play.upload_limits", side=MAX_SIDE))}</p>')
            shown = gr.HTML(stage(first, None, texts), js_on_load=_FOLLOW_LINK, elem_id="stage", apply_default_css=False)
            psf = gr.HTML(panels.psf_card(first.degradation.psf, texts), elem_id="psf", apply_default_css=False)
            with gr.Column(elem_id="compare"):
                compare_all = gr.Button(texts("compare.button"), elem_id="compare-all", size="sm")
                compared = gr.HTML("", js_on_load=_DROP_STALE, elem_id="compared", apply_default_css=False)
        with gr.Column(scale=5, min_width=320, elem_id="play-controls"):
            with gr.Column(elem_classes=["card", "blurred"]):
                gr.HTML(f"<h2>{texts('play.blur')}</h2>")
                controls.blur()
                with gr.Accordion(texts("play.noise_and_storage"), open=False, elem_id="after-blur"):
                    controls.after_blur()
            with gr.Column(elem_classes=["card", "restored"]):
                gr.HTML(f"<h2>{texts('play.restore')}</h2>")
                controls.restorer(DEFAULT_RESTORER)

    components = list(controls.by_key.values())
    groups = list(controls.groups.values())

    def render(state: State, uploaded: Bytes | None) -> tuple[str, str, str]:
        return stage(state, uploaded, texts), panels.psf_card(state.degradation.psf, texts), ""  # a comparison of before would be stale

    def live(uploaded: Bytes | None, *values: object) -> tuple[str, str, str]:
        return render(controls.state(values), uploaded)

    def compare_restorers(uploaded: Bytes | None, *values: object) -> str:
        state = controls.state(values)
        sharp, _ = sharp_picture(state, uploaded, texts)
        row = panels.comparison(compare(state.degradation.apply(sharp, SEED), state.degradation, sharp), texts)
        return f'<div data-query="{escape(state.query())}">{row}</div>'

    def fold(*values: object) -> list[dict]:
        visible = controls.visible(controls.state(values))
        return [gr.update(visible=visible[name]) for name in controls.groups]

    def open_link(request: gr.Request) -> list[object]:
        state = State.from_query(dict(request.query_params))
        fields, visible = state.fields(), controls.visible(state)
        settings = [
            gr.update(value=str(fields[key]) if key == "garment" else fields[key]) if key in fields else gr.skip()
            for key in controls.by_key
        ]
        return [*settings, *(gr.update(visible=visible[name]) for name in controls.groups), *render(state, None)]

    def keep(path: Path | None) -> tuple[object, object]:
        if path is None:  # cleared to make room for the next one
            return gr.skip(), gr.skip()
        try:
            return to_bytes(read_upload(path)), gr.update(value=YOURS)
        except InputError as refusal:
            raise gr.Error(texts.reason(refusal.reason), title=texts("play.refused"), print_exception=False) from refusal

    quick = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    gr.on([component.input for component in components], live, [picture, *components], [shown, psf, compared], **quick)
    folding = [controls.by_key[key] for key in ("source", "blur", "restorer", "storage")]
    gr.on([component.input for component in folding], fold, components, groups, **quick)
    upload.input(keep, upload, [picture, source], trigger_mode="multiple", show_progress="minimal", api_visibility="private").then(
        live, [picture, *components], [shown, psf, compared], show_progress="hidden", api_visibility="private"
    )
    compare_all.click(
        compare_restorers,
        [picture, *components],
        compared,
        trigger_mode="always_last",
        show_progress="minimal",
        concurrency_limit=1,
        concurrency_id="heavy",
        api_visibility="private",
    )
    gr.on(
        [_page().load],
        open_link,
        None,
        [*components, *groups, shown, psf, compared],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _page() -> gr.Blocks:
    page = gr.context.Context.root_block
    assert page is not None, "build() runs inside a Blocks"
    return page
