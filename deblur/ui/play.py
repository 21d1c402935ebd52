"""The Play tab: its layout and its events. What it shows is made in `stage`, `panels`, `picker` and `upload`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from deblur.compare import NOTHING, TRUTH, Entry, compare
from deblur.estimate import estimate, likeliest_blur
from deblur.image import Bytes, from_bytes, to_bytes
from deblur.reasons import InputError
from deblur.ui import panels
from deblur.ui.controls import Controls
from deblur.ui.picker import garment_picker
from deblur.ui.place import Place
from deblur.ui.stage import SEED, estimates, kept_back, looking, marks, sharp_picture, stage
from deblur.ui.state import BLIND, FIRST_GARMENT, GARMENT, HIDEABLE, YOURS, State, default_restorer
from deblur.ui.texts import Texts
from deblur.ui.upload import picture_upload, read_upload, upload_hint

NO_COMPARISON = ""  # what stands there while nobody has asked for one; any change of the state makes it stale

# Keeps the address in step with what is shown, so that it can be shared at any moment: the state of this tab, after the step of a lesson that
# led to it; the place alone where a lesson or a game is on the screen. A picture that is kept back comes when its button is pressed.
_FOLLOW_LINK = """
const follow = () => {
  const shown = element.querySelector('[data-query]'), place = document.querySelector('#place [data-place]')?.dataset.place;
  const lessons = document.querySelector('#lessons'), asked = new URLSearchParams(location.search);
  if (lessons && !lessons.watched) {  // whoever leaves a lesson takes the state of the controls along
    lessons.watched = true;
    new IntersectionObserver(follow).observe(lessons);
  }
  if (!shown || place === undefined) return;  // before the place is known, the address is still what was asked for
  const kept = ['tab', 'shake'].filter(name => asked.get(name)).map(name => name + '=' + encodeURIComponent(asked.get(name)));  // of other tabs
  const parts = lessons && lessons.offsetParent ? [place] : [place.includes('step=') ? place : '', shown.dataset.query];
  history.replaceState(history.state, '', location.pathname + '?' + [...parts, ...kept].filter(Boolean).join('&'));
};
watch('value', follow);
document.addEventListener('place', () => setTimeout(follow, 50));
element.addEventListener('click', event => { if (event.target.closest('.unveil')) trigger('unveil', {}); });
"""

# A comparison takes a while: one that arrives after the state has moved on is dropped. Whoever asked for it is told.
_DROP_STALE = """
let asked = false;
watch('value', () => {
  const compared = element.querySelector('[data-stamp]'), shown = document.querySelector('#stage [data-stamp]');
  const stale = compared && compared.dataset.stamp !== shown?.dataset.stamp;
  asked = asked || Boolean(compared);
  if (stale || (asked && !props.value)) props.value = AGAIN;
});
"""


@dataclass
class Sight:
    """What a visitor looks at now, as `marks` says it: one object of the session, which every event may change while another one runs."""

    now: str = ""


def build(texts: Texts) -> tuple[Controls, gr.State, gr.events.Dependency]:
    """Lay out the tab inside the current Blocks and wire its events.

    Returns:
        The controls and the visitor's picture, for other tabs; the event that sets the controls to what the link says.
    """
    controls = Controls(texts)
    picture = gr.State(None, time_to_live=3600)
    trained = gr.State(None)
    last = gr.State(None, time_to_live=3600)  # the picture that was last estimated
    sight = gr.State(Sight())
    linked = gr.State(("", ()))  # the state that the opened link asked for, and what of the link does not exist
    controls.add("trained", trained)
    first = replace(State.from_fields(lambda key: None), restorer="wiener", own={})  # needs no network: the page must not wait for one
    with gr.Row(elem_id="play", equal_height=False):
        with gr.Column(scale=14, min_width=320, elem_id="play-pictures"):
            with gr.Column(elem_id="sources"):
                source = gr.Radio(
                    [(texts("play.garments"), GARMENT), (texts("play.yours"), YOURS), (texts("play.blind"), BLIND)],
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
                    told = gr.HTML(upload_hint(texts), elem_id="upload-told", apply_default_css=False)
                    with gr.Group(visible=False, elem_classes="bare") as controls.groups["source.blind"]:
                        estimated = gr.HTML(
                            f'<p class="meaning">{escape(texts("blind.hint"))}</p>', elem_id="estimated", apply_default_css=False
                        )
                        estimate_again = gr.Button(texts("blind.button"), elem_id="estimate", size="sm")
            # Without its query: the address stays what was asked for until the first answer.
            shown = gr.HTML(stage(first, None, texts).replace("data-query=", "data-before="), js_on_load=_FOLLOW_LINK, elem_id="stage", apply_default_css=False)
            gr.HTML(
                f"<details><summary>{texts('numbers.what')}</summary><p>{texts('numbers.meaning')}</p></details>",
                elem_id="meaning",
                apply_default_css=False,
            )
            with gr.Column(elem_classes=["card", "restored"]):
                gr.HTML(f"<h2>{texts('play.restore')}</h2>")
                controls.restorer(default_restorer())
        with gr.Column(scale=5, min_width=320, elem_id="play-controls"), gr.Column(elem_classes=["card", "blurred"]):
            gr.HTML(f"<h2>{texts('play.blur')}</h2>")
            controls.blur()
            psf = gr.HTML(panels.psf_card(first.degradation.psf, texts), elem_id="psf", apply_default_css=False)
            with gr.Accordion(texts("play.noise_and_storage"), open=False, elem_id="after-blur") as controls.spoils:
                controls.after_blur()
    with gr.Column(elem_id="compare"):
        again = f'<p class="note">{escape(texts("compare.again"))}</p>'
        compare_all = gr.Button(texts("compare.button"), elem_id="compare-all", size="sm")
        compared = gr.HTML(NO_COMPARISON, js_on_load=_DROP_STALE.replace("AGAIN", json.dumps(again)), elem_id="compared", apply_default_css=False)
        hidden = gr.Radio(
            [(texts("lessons.hide.nothing") if role == HIDEABLE[0] else texts(f"role.{role}"), role) for role in HIDEABLE],
            value=HIDEABLE[0],
            label=texts("lessons.hide.label"),
            elem_id="control-hide",
            elem_classes="chips",
        )
        controls.add("hide", hidden)

    components = list(controls.by_key.values())
    groups = list(controls.groups.values())

    def live(
        uploaded: Bytes | None, looked_at: Bytes | None, sees: Sight, opened: tuple[str, tuple[str, ...]], *values: object
    ) -> tuple[object, object, str]:
        state, (asked, unknown) = controls.state(values), opened
        sees.now = marks(state, uploaded)
        if state.source == BLIND and uploaded is not None and not _same(uploaded, looked_at):
            return looking(state, uploaded, texts), gr.skip(), NO_COMPARISON  # the estimate sets the controls, which ends here again
        ignored = unknown if state.query() == asked else ()
        return stage(state, uploaded, texts, ignored), panels.psf_card(state.degradation.psf, texts), NO_COMPARISON

    def look(uploaded: Bytes | None, sees: Sight, *values: object) -> None:
        sees.now = marks(controls.state(values), uploaded)

    def compare_restorers(uploaded: Bytes | None, sees: Sight, *values: object) -> Iterator[str]:
        """One restorer after the other, until all are done or the visitor looks at something else."""
        state = controls.state(values)
        if kept := kept_back(state, texts):
            yield kept
            return
        waiting = [NOTHING, *state.restorers]
        if state.source == BLIND and uploaded is not None:
            at_work = compare(from_bytes(uploaded), state.suffered, restorers=state.restorers)
        else:
            sharp, _ = sharp_picture(state, uploaded, texts)
            at_work = compare(state.degradation.apply(sharp, SEED), state.degradation, sharp, state.restorers)
            waiting.append(TRUTH)
        shown_now, entries = marks(state, uploaded), list[Entry]()
        while sees.now == shown_now and (entry := next(at_work, None)):
            entries.append(entry)
            waiting.remove(entry.name)
            yield f'<div {shown_now}>{panels.comparison(entries, texts, waiting)}</div>'

    def fold(*values: object) -> list[dict]:
        visible = controls.visible(controls.state(values))
        return [gr.update(visible=visible[name]) for name in controls.groups]

    def open_link(request: gr.Request, made: int) -> list[object]:
        place, query = Place.from_query(request.query_params)
        state = State.from_query({**place.step_query(), **query})
        return [*controls.settings(state), (state.query(), state.ignored(query)), made + 1]

    def unveil(event: gr.EventData, made: int, *values: object) -> list[object]:
        return [*controls.settings(replace(controls.state(values), hide=HIDEABLE[0])), made + 1]

    def guess(uploaded: Bytes | None, made: int, *values: object) -> list[object]:
        """Set the controls to the likeliest degradation of a picture that came blurred."""
        state = controls.state(values)
        if state.source != BLIND or uploaded is None:
            return [gr.skip()] * len(guessed)
        try:
            found = estimate(from_bytes(uploaded))
        except InputError as refusal:
            told = f'<p class="note" role="alert">{escape(texts.reason(refusal.reason))}</p>'
            return [*[gr.skip()] * len(controls.targets), told, made + 1, uploaded]
        return [*controls.settings(state.with_degradation(likeliest_blur(found))), estimates(found, texts), made + 1, uploaded]

    def guess_once(uploaded: Bytes | None, before: Bytes | None, made: int, *values: object) -> list[object]:
        """The same, but not again for the picture of before: the event may come again without anybody's doing (docs/decisions.md)."""
        if _same(uploaded, before):
            return [gr.skip()] * len(guessed)
        return guess(uploaded, made, *values)

    def keep(path: Path | None, chosen: str, before: Bytes | None) -> tuple[object, object, str]:
        if path is None:  # cleared to make room for the next one
            return gr.skip(), gr.skip(), upload_hint(texts)
        try:
            return to_bytes(read_upload(path)), gr.update(value=chosen if chosen == BLIND else YOURS), upload_hint(texts)
        except InputError as refusal:
            return gr.skip(), gr.skip(), upload_hint(texts, texts.reason(refusal.reason), before is not None)

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    outputs = [shown, psf, compared]
    # One event for everything that changes the stage, so that the newest state always wins.
    gr.on(
        [picture.change, controls.moves.change, trained.change, *(component.input for component in controls.inputs)],
        live,
        [picture, last, sight, linked, *components],
        outputs,
        **quick,
    )
    folding = [controls.by_key[key] for key in ("source", "blur", "restorer", "storage", "hide")]
    gr.on([component.input for component in folding], fold, components, groups, **(quick | {"trigger_mode": "multiple"}))
    # Sets the controls at once and leaves the picture to the event above: what a visitor changes meanwhile must not be set back when it is done.
    opened = _page().load(open_link, controls.moves, [*controls.targets, linked, controls.moves], show_progress="hidden", api_visibility="private")
    queued: dict[str, Any] = {"trigger_mode": "always_last", "concurrency_limit": 1, "api_visibility": "private"}
    upload.input(keep, [upload, source, picture], [picture, source, told], show_progress="hidden", **queued)
    guessed = [*controls.targets, estimated, controls.moves, last]
    every = queued | {"trigger_mode": "multiple"}
    gr.on([picture.change, source.input], guess_once, [picture, last, controls.moves, *components], guessed, show_progress="hidden", **every)
    estimate_again.click(guess, [picture, controls.moves, *components], guessed, show_progress="hidden", **queued)
    shown.unveil(unveil, [controls.moves, *components], [*controls.targets, controls.moves], show_progress="hidden", **queued)
    asked = compare_all.click(look, [picture, sight, *components], None, **(quick | {"trigger_mode": "multiple"}))
    asked.then(compare_restorers, [picture, sight, *components], compared, show_progress="hidden", concurrency_id="heavy", **queued)
    return controls, picture, opened


def _same(one: Bytes | None, other: Bytes | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


def _page() -> gr.Blocks:
    page = gr.context.Context.root_block
    assert page is not None, "build() runs inside a Blocks"
    return page
