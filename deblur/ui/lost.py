"""The What is lost tab: how many details of a garment a blur destroys (`details`), and what that means for everyone who wants them back."""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from deblur.image import WHITE, Bytes, Picture
from deblur.lessons import ledger
from deblur.lessons.twins import Twins, answers, twins
from deblur.reasons import InputError
from deblur.ui import details, maps, panels
from deblur.ui.controls import Controls
from deblur.ui.stage import SEED, kept_back, sharp_picture
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

Part = Callable[[State, Picture, Texts], str]


def view(part: Part, state: State, upload: Bytes | None, texts: Texts) -> str:
    """One question of the tab, answered for the current garment, filter and restorer, as HTML."""
    if state.source != GARMENT:
        return ""
    if kept := kept_back(state, texts):
        return kept if part is twin else ""
    sharp, _ = sharp_picture(state, upload, texts)
    return f'<section class="lost">{part(state, sharp, texts)}</section>'


def _question(key: str, texts: Texts) -> str:
    return f'<h2 class="question">{escape(texts(f"lost.{key}.question"))}</h2>'


def _refused(key: str, refusal: InputError, texts: Texts) -> str:
    return f'{_question(key, texts)}<p class="note">{escape(texts.reason(refusal.reason))}</p>'


def twin(state: State, sharp: Picture, texts: Texts) -> str:
    """Two pictures with the same blurred one, and which of them each restorer finds."""
    try:
        found = twins(sharp, state.degradation)
    except InputError as refusal:
        return _refused("twins", refusal, texts)
    if not found.largest:
        return f"{_question('twins', texts)}<p>{escape(texts('lost.twins.none'))}</p>"
    told = texts("lost.twins.finding", share=digits(100 * found.share), rms=digits(found.rms), largest=found.largest)
    shown = "".join(
        panels.panel(role, picture, texts, caption, [])
        for role, picture, caption in (
            ("sharp", found.first, texts("lost.twins.first")),
            ("sharp", found.second, texts("lost.twins.second")),
            ("blurred", found.blurred, texts("lost.twins.both")),
        )
    )
    return f'{_question("twins", texts)}<p>{escape(told)}</p><div class="stage">{shown}</div>{_answers(found, state, texts)}'


def _answers(found: Twins, state: State, texts: Texts) -> str:
    """What every restorer makes of the common blurred picture, and which twin that is nearer to."""
    given = answers(found, state.degradation)
    nearer = {answer.name: texts("answers.first" if answer.to_first >= answer.to_second else "answers.second") for answer in given if answer.picture is not None}
    cards = ""
    for answer in given:
        title = texts(f"restorer.{answer.name}.label")
        if answer.picture is None:
            cards += panels.panel("restored", None, texts, title, [], instead=texts.reason(answer.reason) if answer.reason else "")
            continue
        numbers = [(texts("answers.to_first"), f"{digits(answer.to_first)} dB"), (texts("answers.to_second"), f"{digits(answer.to_second)} dB")]
        cards += panels.panel("restored", answer.picture, texts, title, [*numbers, (texts("answers.nearer"), nearer[answer.name])])
    first = sum(which == texts("answers.first") for which in nearer.values())
    told = texts("answers.finding", count=len(nearer), first=first, second=len(nearer) - first)
    example = next((answer for answer in given if answer.name == state.restorer and answer.picture is not None), None)
    if example:
        fields = {"restorer": texts(f"restorer.{example.name}.label"), "first": digits(example.to_first), "second": digits(example.to_second)}
        told += " " + texts("answers.example", nearer=nearer[example.name], **fields)
    return f'<h3>{escape(texts("answers.question"))}</h3><p>{escape(told)}</p><div class="compare">{cards}</div>'


def storage(state: State, sharp: Picture, texts: Texts) -> str:
    """The same inverse after each kind of storage."""
    try:
        stored = ledger.storages(sharp, state.degradation, floor=-6.0)
    except InputError as refusal:
        return _refused("storages", refusal, texts)
    told = texts("storage.finding", **dict(zip(("float", "eight_bit", "jpeg"), (digits(one.psnr) for one in stored), strict=True)))
    shown = "".join(
        panels.panel("restored", one.restored, texts, texts(f"after.storage.options.{one.storage}"), [("PSNR", f"{digits(one.psnr)} dB")])
        for one in stored
    )
    return f'{_question("storages", texts)}<p>{escape(told)}</p><div class="stage">{shown}</div>'


def invented(state: State, sharp: Picture, texts: Texts) -> str:
    """What the restorer added, divided into what the data determine and what they do not."""
    blurred = state.degradation.apply(sharp, SEED)
    try:
        restored = state.tool.restore(blurred, state.degradation, **state.own)
        parts = ledger.split(blurred, restored, state.degradation, sharp=sharp)
    except InputError as refusal:
        return _refused("invented", refusal, texts)
    told = texts(
        "lost.invented.finding",
        restorer=texts(f"restorer.{state.restorer}.label"),
        recovered=digits(parts.recovered_share),
        invented=digits(parts.invented_share),
    )
    shares = ((ledger.RECOVERED, "recovered", parts.recovered_share), (ledger.INVENTED, "invented", parts.invented_share))
    legend = "".join(
        f'<li style="--line:rgb({", ".join(f"{WHITE * value:.0f}" for value in colour)})">{escape(texts(f"overlay.{name}", share=digits(share)))}</li>'
        for colour, name, share in shares
    )
    painted = maps.small(ledger.overlay(parts, restored), texts("overlay.alt"))
    shown = f'<div class="overlay">{maps.figure(painted, texts("overlay.caption"))}<ul class="legend areas">{legend}</ul></div>'
    shown += maps.signed(parts.recovered, texts("lost.invented.recovered")) + maps.signed(parts.invented, texts("lost.invented.invented"))
    return f'{_question("invented", texts)}<p>{escape(told)}</p><div class="arithmetic">{shown}</div>'


def build(texts: Texts, tab: gr.Tab, controls: Controls, picture: gr.State) -> None:
    """Lay out the tab inside the current Blocks; it shows the state of the Play tab when it is opened, each question as soon as it is answered."""
    gr.HTML(f'<p class="meaning">{escape(texts("lost.hint"))}</p>')
    with gr.Column(elem_id="lost"):
        answered = details.build(texts, tab, controls)
        for part in (twin, storage, invented):
            answered = _show(part, texts, answered, controls, picture)


def _show(part: Part, texts: Texts, before: gr.events.Dependency, controls: Controls, picture: gr.State) -> gr.events.Dependency:
    shown = gr.HTML("", elem_id=f"lost-{part.__name__}", apply_default_css=False)

    def look(uploaded: Bytes | None, *values: object) -> str:
        return view(part, controls.state(values), uploaded, texts)

    quiet: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "heavy"}
    return before.then(look, [picture, *controls.by_key.values()], shown, trigger_mode="always_last", **quiet)
