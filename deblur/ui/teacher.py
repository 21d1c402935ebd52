"""The teacher's page: aims, plans, links that restore a step with or without what the class should not see yet, questions with their answers."""

from html import escape
from typing import Any

import gradio as gr

from deblur.lessons.course import LESSONS
from deblur.reasons import InputError
from deblur.ui.course import scene, told
from deblur.ui.place import COURSE, MATCH, MYSTERY, Place
from deblur.ui.texts import Texts

SEEDS = (1, 2, 3)  # of the games that are proposed
PLANS = ("short", "long")


def page(texts: Texts) -> str:
    """Everything but the answers, as HTML."""
    parts = (_intro, _plans, _lessons, _games)
    return f'<article class="teacher">{"".join(part(texts) for part in parts)}</article>'


def answers(texts: Texts) -> str:
    """Every question with its options and what is measured at this moment."""
    shown = ""
    for number, lesson in enumerate(LESSONS, 1):
        shown += f"<h4>{number} · {escape(texts(f'lessons.course.{lesson.key}.title'))}</h4><ol>"
        for question in lesson.questions:
            key = f"lessons.course.{lesson.key}.questions.{question.key}"
            try:
                answer = question.answer(scene(question.query, texts))
            except InputError as refusal:
                found = f"<p>{escape(texts.reason(refusal.reason))}</p>"
            except ImportError:  # the networks need TensorFlow, the page does not
                found = f"<p>{escape(texts('lessons.unavailable'))}</p>"
            else:
                measured = texts("lessons.measured", option=texts(f"{key}.options.{answer.right}"))
                found = f"<p><b>{escape(measured)}</b></p>{told(lesson, question, answer, texts)}"
            offered = " · ".join(texts(f"{key}.options.{option}") for option in question.options)
            shown += f'<li><p>{escape(texts(f"{key}.ask"))}</p><p class="meaning">{escape(offered)}</p>{found}</li>'
        shown += "</ol>"
    return f'<div class="teacher answers" role="status">{shown}</div>'


def build(texts: Texts) -> None:
    """Lay out the page inside the current tab; the answers are computed when asked for."""
    gr.HTML(page(texts), elem_id="teacher", apply_default_css=False)
    asked = gr.Button(texts("lessons.teacher.show_answers"), size="sm", elem_id="show-answers", elem_classes="pill")
    shown = gr.HTML("", elem_id="teacher-answers", apply_default_css=False)
    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "heavy"}
    asked.click(lambda: answers(texts), None, shown, show_progress="minimal", **quiet)


def _intro(texts: Texts) -> str:
    return (
        f'<h2 class="question">{escape(texts("lessons.teacher.question"))}</h2><p>{escape(texts("lessons.teacher.intro"))}</p>'
        f"<p>{escape(texts('lessons.teacher.hide'))}</p>"
    )


def _plans(texts: Texts) -> str:
    shown = ""
    for plan in PLANS:
        entries = "".join(f"<li>{escape(entry)}</li>" for entry in texts.all(f"lessons.teacher.plans.{plan}"))
        shown += f"<section><h4>{escape(texts(f'lessons.teacher.{plan}'))}</h4><ol>{entries}</ol></section>"
    return f'<h3>{escape(texts("lessons.teacher.plan"))}</h3><div class="plans">{shown}</div>'


def _lessons(texts: Texts) -> str:
    key = "lessons.teacher"
    head = "".join(f"<th scope=col>{escape(texts(f'{key}.{name}'))}</th>" for name in ("lesson", "time", "aims", "links"))
    rows, step_name = "", texts(f"{key}.step")
    for number, lesson in enumerate(LESSONS, 1):
        own = f"lessons.course.{lesson.key}"
        steps = ""
        for step in range(1, len(lesson.steps) + 1):
            place = Place(COURSE, number, step)
            steps += f"<li>{_link(place, f'{step_name} {step}', '&hide=nothing')} · {_link(place, texts(f'{key}.hidden'), '&hide=restored')}</li>"
        rows += (
            f"<tr><th scope=row>{number} · {_link(Place(COURSE, number), texts(f'{own}.title'))}</th><td>{lesson.minutes}</td>"
            f"<td>{escape(texts(f'{own}.aim'))}</td><td><ul>{steps}</ul></td></tr>"
        )
    return f'<h3>{escape(texts(f"{key}.links"))}</h3><div class="scroll"><table class="report plan"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _games(texts: Texts) -> str:
    key = "lessons.teacher"
    kinds = (("mystery", MYSTERY, "thesis"), ("match", MATCH, "thesis"), ("match_universal", MATCH, "universal"))
    rows = "".join(
        f"<li>{' · '.join(_link(Place(view, seed=seed, rival=rival), texts(f'{key}.{name}', seed=seed)) for seed in SEEDS)}</li>"
        for name, view, rival in kinds
    )
    return f"<h3>{escape(texts(f'{key}.games'))}</h3><ul>{rows}</ul><h3>{escape(texts(f'{key}.answers'))}</h3><p>{escape(texts(f'{key}.answers_hint'))}</p>"


def _link(place: Place, text: str, more: str = "") -> str:
    return f'<a href="?{escape(place.query() + more)}" target="_blank" rel="noopener">{escape(text)}</a>'
