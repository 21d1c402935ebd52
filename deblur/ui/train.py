"""The Train tab: a network learns while the visitor watches, and becomes a restorer of the Play tab for this visit."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from deblur.lessons.trainer import OPTIONS, OWN, Recipe, Trained, pictures
from deblur.lessons.workshop import Status, Workshop
from deblur.reasons import InputError
from deblur.ui.controls import Controls
from deblur.ui.stage import describe
from deblur.ui.state import State, allowed
from deblur.ui.texts import Texts
from deblur.ui.training import garments, view

FIRST = 2  # options that stand open; the others are folded away
# On a phone the lesson stands below the controls.
_TO_THE_LESSON = "() => { if (innerWidth <= 700) document.querySelector('#training').scrollIntoView({ behavior: 'smooth' }); }"
PACE = 0.4  # s between two looks; Gradio notices only when something is sent that the visitor has left
COMPANIONS = (0, 13, 28)  # test garments beside the one of the Play tab: a boot with laces, a dress, a sandal


def recipe_of(state: State, values: tuple[object, ...]) -> Recipe:
    """What the controls of both tabs ask for."""
    return Recipe(state.degradation, {param.name: allowed(param, value) for param, value in zip(OPTIONS, values, strict=True)})


def garments_of(state: State) -> tuple[int, ...]:
    """The three garments that are shown, the Play tab's first."""
    return (state.garment, *(index for index in COMPANIONS if index != state.garment))[:3]


def trained_of(status: Status, recipe: Recipe) -> Trained | None:
    """What there is to keep of a training: nothing before its first epoch."""
    last = status.epochs[-1] if status.epochs else None
    return Trained(recipe, last.number, last.weights) if last and last.number else None


def build(texts: Texts, tab: gr.Tab, tabs: gr.Tabs, controls: Controls, workshop: Workshop) -> None:
    """Lay out the tab inside the current Blocks.

    Args:
        texts: Of the page's language.
        tab: The tab itself.
        tabs: All of the page, of which "play" is opened for the trained network.
        controls: Of the Play tab.
        workshop: Where all visitors' trainings run.
    """
    options = Controls(texts)
    result = gr.State(None)
    against = gr.HTML(f'<h2 class="question">{escape(texts("train.question"))}</h2>', elem_id="train-against", apply_default_css=False)
    with gr.Row(elem_id="train", equal_height=False):
        with gr.Column(scale=5, min_width=300, elem_id="train-controls"), gr.Column(elem_classes=["card", "restored"]):
            for param in OPTIONS[:FIRST]:
                options.parameter(f"train.{param.name}", param, f"train.{param.name}")
            with gr.Row(elem_id="train-buttons"):
                start = gr.Button(texts("train.start"), elem_id="train-start", elem_classes="pill strong", size="sm")
                stop = gr.Button(texts("train.stop"), elem_id="train-stop", elem_classes="pill", size="sm", visible=False)
                use = gr.Button(texts("train.use"), elem_id="train-use", elem_classes="pill strong", size="sm", visible=False)
            with gr.Accordion(texts("train.more"), open=False, elem_id="train-more"):
                for param in OPTIONS[FIRST:]:
                    options.parameter(f"train.{param.name}", param, f"train.{param.name}")
        with gr.Column(scale=14, min_width=320):
            shown = gr.HTML("", elem_id="training", apply_default_css=False)
    asked = [*options.by_key.values()]
    outputs = [shown, result, start, stop, use]

    def buttons(status: Status, kept: object) -> list[object]:
        """Start, stop and use, each where it can be done."""
        label = texts("train.leave" if status.ahead else "train.stop")
        over = status.ending is not None
        return [gr.update(visible=over), gr.update(visible=not over, value=label), gr.update(visible=over and kept is not None)]

    def refused(sentence: str) -> list[object]:
        told = f'<div class="training" data-ending="refused"><p class="note" role="alert">{escape(sentence)}</p></div>'
        return [told, gr.skip(), gr.update(visible=True), gr.update(visible=False), gr.skip()]

    async def learn(request: gr.Request, before: Trained | None, *values: Any) -> AsyncIterator[list[object]]:
        """Train for one visitor, whose leaving closes this iterator; the network of an earlier training stays until there is a new one."""
        state = controls.state(values[len(asked) :])
        try:
            recipe, indices = recipe_of(state, values[: len(asked)]), garments_of(state)
            sharp, blurred = pictures(recipe, indices)
            job = workshop.enter(str(request.session_hash), recipe, indices)
        except InputError as refusal:
            yield refused(texts.reason(refusal.reason))
            return
        try:
            sent: Status | None = None
            while True:
                status = job.look()
                news = sent is None or (status.ahead, len(status.epochs), status.ending) != (sent.ahead, len(sent.epochs), sent.ending)
                if news:
                    kept = trained_of(status, recipe) or before
                    html = view(status, recipe, sharp, blurred, workshop.seconds, texts)
                    yield [html, kept, *buttons(status, kept)]
                else:
                    yield [gr.skip()] * len(outputs)
                if status.ending is not None:
                    return  # at once: the button to start again does nothing before
                sent = status
                await asyncio.sleep(PACE)
        except Exception:  # the visitor gets a sentence, and nobody behind waits for it
            logging.getLogger(__name__).exception("a training could not be shown")
            yield refused(texts("train.nothing.failed"))
        finally:
            job.stop()

    def end(request: gr.Request) -> None:
        workshop.stop(str(request.session_hash))

    def put_to_use(kept: Trained | None, *values: object) -> list[object]:
        """Make it the Play tab's restorer."""
        if kept is None:
            return [gr.skip()] * (3 + len(controls.groups))
        state = replace(controls.state(values), restorer=OWN, own={}, trained=kept)
        visible = controls.visible(state)
        chooser = gr.update(choices=controls.restorer_choices(kept), value=OWN)
        return [kept, chooser, gr.Tabs(selected="play"), *(gr.update(visible=visible[name]) for name in controls.groups)]

    def look(request: gr.Request, kept: Trained | None, *values: Any) -> tuple[object, object]:
        """What it would train against; the pictures only while there is no training to be seen."""
        state = controls.state(values[len(asked) :])
        told = f'<h2 class="question">{escape(texts("train.question"))}</h2><p class="meaning">{escape(texts("train.against", what=describe(state.degradation, texts)))}</p>'
        if kept is not None or workshop.busy(str(request.session_hash)):
            return told, gr.skip()
        try:
            recipe = recipe_of(state, values[: len(asked)])
            sharp, blurred = pictures(recipe, garments_of(state))
        except InputError as refusal:
            return told, f'<div class="training"><p class="note">{escape(texts.reason(refusal.reason))}</p></div>'
        return told, f'<div class="training"><div class="lesson">{garments(sharp, blurred, None, texts)}</div></div>'

    inputs = [result, *asked, *controls.by_key.values()]
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", **private}
    tab.select(look, inputs, [against, shown], **quick)
    # No limit here: who waits must see the place in line, and the workshop trains one at a time.
    start.click(learn, inputs, outputs, concurrency_limit=None, concurrency_id="training", show_progress="hidden", **private)
    start.click(None, None, None, js=_TO_THE_LESSON)
    stop.click(end, None, None, queue=False, show_progress="hidden", **private)
    use.click(
        put_to_use, [result, *controls.by_key.values()], [controls.by_key["trained"], controls.by_key["restorer"], tabs, *controls.groups.values()],
        show_progress="hidden", **private,
    )  # fmt: skip
