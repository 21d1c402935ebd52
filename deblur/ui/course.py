"""What the lessons show, as HTML: aim and steps, the banner over a step's state, a prediction held against what is measured."""

from html import escape
from urllib.parse import parse_qsl

from deblur.lessons.answers import Answer, Scene
from deblur.lessons.course import LESSONS, Lesson, Question
from deblur.reasons import InputError
from deblur.ui import maps
from deblur.ui.place import Place
from deblur.ui.stage import sharp_picture
from deblur.ui.state import State
from deblur.ui.texts import Texts, digits


def scene(query: str, texts: Texts) -> Scene:
    """What a question of the course is about."""
    state = State.from_query(dict(parse_qsl(query)))
    return Scene(sharp_picture(state, None, texts)[0], state.degradation, state.restorer, state.own)


def banner(place: Place, texts: Texts) -> str:
    """The place for the address, and over a step's state what to do and to look at, with the way on and back."""
    mark = f'<span data-place="{escape(place.query())}" hidden></span>'
    if not place.step:
        return mark
    lesson = LESSONS[place.lesson - 1]
    key = f"lessons.course.{lesson.key}"
    step = lesson.steps[place.step - 1].key
    title = texts("lessons.step_of", lesson=place.lesson, title=texts(f"{key}.title"), step=place.step, count=len(lesson.steps))
    last = place.step == len(lesson.steps)
    onward = _button(texts("lessons.to_questions" if last else "lessons.next"), place.lesson, 0 if last else place.step + 1, "strong")
    return (
        f'{mark}<section class="step-now" tabindex="-1" aria-label="{escape(title)}"><div><h2>{escape(title)}</h2>'
        f"<p>{escape(texts(f'{key}.steps.{step}.do'))} <b>{escape(texts('lessons.look'))}</b> {escape(texts(f'{key}.steps.{step}.look'))}</p></div>"
        f"<nav>{_button(texts('lessons.back'), place.lesson, 0)}{onward}"
        f'<button type="button" class="leave" data-lesson="0" data-step="0" aria-label="{escape(texts("lessons.close"))}" title="{escape(texts("lessons.close"))}">×</button></nav></section>'
    )


def _button(text: str, lesson: int, step: int, kind: str = "") -> str:
    return f'<button type="button" class="go {kind}" data-lesson="{lesson}" data-step="{step}">{escape(text)}</button>'


def body(number: int, texts: Texts) -> str:
    """A lesson's aim and its steps, each with the picture it leads to."""
    lesson = LESSONS[number - 1]
    key = f"lessons.course.{lesson.key}"
    steps = ""
    for place, step in enumerate(lesson.steps, 1):
        picture = maps.small(scene(step.query, texts).blurred(), texts("lessons.thumbnail"))
        steps += (
            f"<li>{picture}<div><p>{escape(texts(f'{key}.steps.{step.key}.do'))}</p>"
            f'<p class="meaning"><b>{escape(texts("lessons.look"))}</b> {escape(texts(f"{key}.steps.{step.key}.look"))}</p>'
            f"{_button(texts('lessons.try'), number, place, 'strong')}</div></li>"
        )
    heading = f"{texts('lessons.number', number=number)} · {texts(f'{key}.title')}"
    return (
        f'<article class="lesson"><h2 class="question">{escape(heading)} <span>{escape(texts("lessons.minutes", minutes=lesson.minutes))}</span></h2>'
        f'<p class="aim"><b>{escape(texts("lessons.aim"))}.</b> {escape(texts(f"{key}.aim"))}</p><ol class="steps">{steps}</ol>'
        f"<h3>{escape(texts('lessons.predict'))}</h3></article>"
    )


def watch_out(number: int, texts: Texts) -> str:
    """What the lesson warns of."""
    told = texts(f"lessons.course.{LESSONS[number - 1].key}.watch")
    return f'<p class="note watch"><b>{escape(texts("lessons.watch_out"))}.</b> {escape(told)}</p>'


def told(lesson: Lesson, question: Question, answer: Answer, texts: Texts) -> str:
    """The measured answer: its sentence with the numbers, and the pictures that show it."""
    numbers = {name: str(value) if isinstance(value, int) else digits(value) for name, value in answer.numbers.items()}
    shown = "".join(
        maps.figure(maps.small(picture, texts(f"lessons.picture.{name}")), texts(f"lessons.picture.{name}"))
        for name, picture in answer.pictures.items()
    )
    sentence = texts(f"lessons.course.{lesson.key}.questions.{question.key}.told", **numbers)
    return f"<p>{escape(sentence)}</p>" + (f'<div class="arithmetic">{shown}</div>' if shown else "")


def reveal(number: int, place: int, predicted: str | None, texts: Texts) -> str:
    """Measure, and hold the prediction against it."""
    lesson = LESSONS[number - 1]
    question = lesson.questions[place]
    if predicted not in question.options:
        return f'<p class="note" role="status">{escape(texts("lessons.choose_first"))}</p>'
    try:
        answer = question.answer(scene(question.query, texts))
    except InputError as refusal:
        return f'<p class="note" role="status">{escape(texts.reason(refusal.reason))}</p>'
    except ImportError:  # the networks need TensorFlow, the page does not
        return f'<p class="note" role="status">{escape(texts("lessons.unavailable"))}</p>'
    hit = predicted == answer.right
    option = texts(f"lessons.course.{lesson.key}.questions.{question.key}.options.{answer.right}")
    verdict = texts("lessons.right" if hit else "lessons.wrong", option=option)
    return f'<div class="answer {"hit" if hit else "miss"}" role="status"><p class="verdict">{escape(verdict)}</p>{told(lesson, question, answer, texts)}</div>'
