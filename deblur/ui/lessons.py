"""The Lessons tab: six lessons that lead through the Play tab, with questions to predict and reveal; the games and the teacher's page beside them."""

from html import escape
from typing import Any

import gradio as gr

from deblur.lessons.course import LESSONS
from deblur.ui import games, teacher
from deblur.ui.controls import Controls
from deblur.ui.course import banner, body, reveal, watch_out
from deblur.ui.place import COURSE, MATCH, MYSTERY, TEACHER, Place
from deblur.ui.state import State
from deblur.ui.texts import Texts

MOST_QUESTIONS = max(len(lesson.questions) for lesson in LESSONS)

# The buttons of a step say where they lead.
_GO = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-lesson]');
  if (button) trigger('go', { lesson: Number(button.dataset.lesson), step: Number(button.dataset.step) });
});
"""

# A new place belongs into the address; whoever is led to a step finds it at the top, with the keyboard too.
_ARRIVE = (
    _GO
    + """
watch('value', () => {
  document.dispatchEvent(new Event('place'));
  const step = element.querySelector('.step-now');
  if (step) setTimeout(() => { window.scrollTo(0, 0); step.focus({ preventScroll: true }); }, 50);
});
"""
)


def build_place() -> gr.HTML:
    """Make the place's mark and banner; they stand above the pictures of the Play tab. Empty until the page has read its link."""
    return gr.HTML("", js_on_load=_ARRIVE, elem_id="place", apply_default_css=False)


def build(texts: Texts, tabs: gr.Tabs, play: gr.Tab, tab: gr.Tab, place_mark: gr.HTML, controls: Controls) -> None:
    """Lay out the tab inside the current Blocks.

    Args:
        texts: Of the page's language.
        tabs: All tabs of the page, to lead to Play and back.
        play: The tab whose state the steps set.
        tab: This one.
        place_mark: From `build_place`.
        controls: Of the Play tab.
    """
    names = [f"{number} · {texts(f'lessons.course.{lesson.key}.title')}" for number, lesson in enumerate(LESSONS, 1)]
    asked: list[tuple[gr.Group, gr.Radio, gr.Button, gr.HTML]] = []
    with gr.Tabs(elem_id="lessons", overflow_behavior="wrap") as views:
        with gr.Tab(texts(f"lessons.view.{COURSE}"), id=COURSE) as course:
            gr.HTML(f'<h2 class="question">{escape(texts("lessons.question"))}</h2>')
            chosen = gr.Radio(
                list(zip(names, range(1, len(LESSONS) + 1), strict=True)), value=1, label=texts("lessons.choose"), show_label=False, container=False,
                elem_id="lesson-choice", elem_classes=["chips", "strong"],
            )
            shown = gr.HTML(body(1, texts), js_on_load=_GO, elem_id="lesson", apply_default_css=False)
            with gr.Row(elem_id="questions", equal_height=False):
                for number in range(MOST_QUESTIONS):
                    with gr.Column(elem_classes=["card", "predict"], min_width=300, visible=number < len(LESSONS[0].questions)) as group:
                        radio = gr.Radio(**_asking(1, number, texts), elem_id=f"question-{number + 1}", elem_classes="options")
                        button = gr.Button(texts("lessons.reveal"), size="sm", elem_classes="pill", elem_id=f"reveal-{number + 1}")
                        asked.append((group, radio, button, gr.HTML("", elem_id=f"answer-{number + 1}", apply_default_css=False)))
            warned = gr.HTML(watch_out(1, texts), elem_id="watch-out", apply_default_css=False)
        with gr.Tab(texts(f"lessons.view.{MYSTERY}"), id=MYSTERY) as mystery:
            guessing = games.build_mystery(texts, mystery, place_mark)
        with gr.Tab(texts(f"lessons.view.{MATCH}"), id=MATCH) as match:
            playing = games.build_match(texts, match, place_mark)
        with gr.Tab(texts(f"lessons.view.{TEACHER}"), id=TEACHER) as for_teachers:
            teacher.build(texts)

    lesson_parts = [shown, warned, *(part for group, radio, _, result in asked for part in (group, radio, result))]

    def lesson_of(number: int) -> list[object]:
        parts: list[object] = [body(number, texts), watch_out(number, texts)]
        for place in range(MOST_QUESTIONS):
            there = place < len(LESSONS[number - 1].questions)
            parts += [gr.update(visible=there), gr.update(**_asking(number, place, texts)), ""]
        return parts

    def choose(number: int) -> list[object]:
        return [banner(Place(COURSE, number), texts), *lesson_of(number)]

    def go(event: gr.EventData, current: int, made: int) -> list[object]:
        """Set a step's state and lead to it, or back to its lesson, or out of the lesson."""
        wanted: dict[str, Any] = event._data or {}
        asked_for = {"lesson": str(wanted.get("lesson", "")), "step": str(wanted.get("step", ""))}
        place, _ = Place.from_query(asked_for)
        lesson: list[object] = [gr.skip()] * len(lesson_parts) if place.lesson == current else lesson_of(place.lesson)
        if place.step:
            settings: list[object] = [gr.update(selected="play"), gr.skip(), *controls.settings(State.from_query(place.step_query())), made + 1]
        else:
            back: list[object] = [gr.update(selected="lessons"), gr.update(selected=COURSE)] if place.view else [gr.skip()] * 2
            settings = [*back, *[gr.skip()] * (len(controls.targets) + 1)]
        number = gr.skip() if place.lesson == current or not place.view else place.lesson
        return [banner(place if place.view else Place(COURSE, current), texts), number, *(lesson if place.view else [gr.skip()] * len(lesson_parts)), *settings]

    def open_link(request: gr.Request) -> list[object]:
        place, _ = Place.from_query(request.query_params)
        if not place.view:
            return [banner(Place(COURSE), texts), *[gr.skip()] * (3 + len(lesson_parts) + len(guessing) + len(playing))]
        away = [gr.skip()] * 2 if place.step else [gr.update(selected="lessons"), gr.update(selected=place.view)]
        lesson = [place.lesson, *lesson_of(place.lesson)] if place.view == COURSE else [gr.skip()] * (1 + len(lesson_parts))
        seed: list[object] = [place.seed if place.view == MYSTERY else gr.skip()]
        opponent: list[object] = [place.seed, place.rival] if place.view == MATCH else [gr.skip()] * 2
        return [banner(place, texts), *away, *lesson, *seed, *opponent]

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
    going = [place_mark, chosen, *lesson_parts, tabs, views, *controls.targets, controls.moves]
    for source in (shown, place_mark):
        source.go(go, [chosen, controls.moves], going, concurrency_limit=4, **quiet)
    chosen.input(choose, [chosen], [place_mark, *lesson_parts], queue=False, **quiet)
    course.select(lambda number: banner(Place(COURSE, number), texts), [chosen], place_mark, queue=False, **quiet)
    for_teachers.select(lambda: banner(Place(TEACHER), texts), None, place_mark, queue=False, **quiet)
    for number, (_, radio, button, result) in enumerate(asked):
        button.click(
            lambda lesson, predicted, number=number: reveal(lesson, number, predicted, texts), [chosen, radio], result,
            show_progress="minimal", api_visibility="private", trigger_mode="always_last", concurrency_limit=1, concurrency_id="heavy",
        )
    for opened in (tab, play):
        opened.select(None, None, None, js="() => { document.dispatchEvent(new Event('place')); }", api_visibility="private")
    page = gr.context.Context.root_block
    assert page is not None, "build() runs inside a Blocks"
    gr.on([page.load], open_link, None, [place_mark, tabs, views, chosen, *lesson_parts, *guessing, *playing], queue=False, **quiet)


def _asking(number: int, place: int, texts: Texts) -> dict[str, Any]:
    """What a question's radio shows; of a question that the lesson lacks, nothing."""
    lesson = LESSONS[number - 1]
    if place >= len(lesson.questions):
        return {"choices": [], "value": None, "label": ""}
    question = lesson.questions[place]
    key = f"lessons.course.{lesson.key}.questions.{question.key}"
    return {"choices": [(texts(f"{key}.options.{option}"), option) for option in question.options], "value": None, "label": texts(f"{key}.ask")}


