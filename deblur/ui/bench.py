"""“Is it even a convolution?”: two laws that every convolution keeps, put to any filter or restorer of the page."""

from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from deblur.blur import BLURS
from deblur.data import CLASSES, COUNTS, load_fashion_mnist
from deblur.degrade import LEVEL, Degradation
from deblur.image import WHITE, Picture, clip, from_bytes
from deblur.lessons.bench import CUT_ONLY, MARGIN, Trial, before_last_step, filter_trials, restorer_of, restorer_trials
from deblur.reasons import InputError, Reason
from deblur.restore import RESTORERS
from deblur.ui import maps
from deblur.ui.controls import Controls
from deblur.ui.state import GARMENT, State
from deblur.ui.texts import Texts, digits

FILTER, RESTORER = "blur", "restorer"
THINGS = (*(f"{FILTER}.{name}" for name in BLURS), *(f"{RESTORER}.{name}" for name in RESTORERS))
WITH_LAST_STEP = tuple(f"{RESTORER}.{name}" for name in (*CUT_ONLY, "thesis"))
SHIFT = (3, 2)  # px down and to the right
FRAME = MARGIN - 4  # px of black that are not shown around the moved picture
LEAST = 0.001  # grey levels: what is less is not told

# The view is computed when it is looked at, however it came into sight.
_SEEN = "new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) trigger('seen'); }).observe(element);"


def pair(garment: int) -> tuple[Picture, Picture]:
    """A garment and the one that follows it in the test set."""
    images, _ = load_fashion_mnist("test")
    return from_bytes(images[garment]), from_bytes(images[(garment + 1) % COUNTS["test"]])


@lru_cache(maxsize=64)
def trials(query: str, thing: str, whole: bool = True) -> tuple[Trial, Trial] | Reason:
    """Superposition and shift for one thing in the state of a link, or why it cannot be put to the test.

    Args:
        query: The link's query string; its filter and restorer have the values it says, all others their defaults.
        thing: One of `THINGS`.
        whole: With its last step, the sigmoid or the cut to [0, 1]; counts for `WITH_LAST_STEP` only.
    """
    state = State.from_query(dict(parse_qsl(query)))
    first, second = pair(state.garment)
    kind, name = thing.split(".")
    try:
        if kind == FILTER:
            return filter_trials(Degradation(name, state.values if name == state.blur else {}), first, second)
        own = state.own if name == state.restorer else {}
        run = restorer_of(RESTORERS[name], state.degradation, **own)
        if not whole:
            run = before_last_step(RESTORERS[name], state.degradation, **own) or run
        return restorer_trials(run, state.degradation, first, second)
    except InputError as refusal:
        return refusal.reason


def view(state: State, thing: str, whole: bool, texts: Texts) -> str:
    """The two pictures, both sides of both laws with their difference, and the verdict, as HTML."""
    name = _name(thing, whole, texts)
    outcome = trials(state.query(), thing, whole)
    note = "" if state.source == GARMENT else f'<p class="note">{escape(texts("bench.garments_only"))}</p>'
    if isinstance(outcome, Reason):
        return f'{note}<p class="verdict" role="status">{escape(texts("bench.refused", thing=name, why=texts.reason(outcome)))}</p>'
    adds, moves = outcome
    told = texts(f"bench.verdict.{_kept(adds)}_{_kept(moves)}", thing=name, sum=_levels(adds, texts), shift=_levels(moves, texts))
    why = texts.get(f"bench.why.{thing}.{'whole' if whole else 'before'}") or texts.get(f"bench.why.{thing}") or ""
    role = "blurred" if thing.startswith(FILTER) else "restored"
    laws = "".join(
        f'<section class="law"><h3>{escape(texts(f"bench.{law}.title"))}</h3><p class="meaning">{escape(texts(f"bench.{law}.told", down=SHIFT[0], right=SHIFT[1]))}</p>'
        f'<div class="stage">{_sides(role, trial, law, texts)}{_difference(trial, texts)}</div></section>'
        for law, trial in (("sum", adds), ("shift", moves))
    )
    return (
        f'{note}<div class="bench" data-thing="{thing}" data-whole="{str(whole).lower()}"><p class="verdict" role="status">{escape(told)}</p>'
        f'<p class="why">{escape(why)}</p><div class="laws">{laws}</div>'
        f'<div class="put">{_garments(state, thing, texts)}<p class="meaning">{escape(texts("bench.half"))}</p></div></div>'
    )


def table(state: State, texts: Texts) -> str:
    """Everything the page has, and how far it is from each law."""
    rows = ""
    for thing in THINGS:
        for whole in (True, False) if thing in WITH_LAST_STEP else (True,):
            outcome = trials(state.query(), thing, whole)
            cells = (
                f'<td class="refused" colspan="2">{escape(texts.reason(outcome))}</td>'
                if isinstance(outcome, Reason)
                else "".join(f'<td class="{_kept(trial)}"><b>{escape(_grade(trial, texts))}</b> {_levels(trial, texts)}</td>' for trial in outcome)
            )
            rows += f"<tr><th>{escape(_name(thing, whole, texts))}</th>{cells}</tr>"
    head = "".join(f"<th>{escape(texts(f'bench.table.{column}'))}</th>" for column in ("thing", "sum", "shift"))
    return (
        f'<h3>{escape(texts("bench.table.title"))}</h3><p class="meaning">{escape(texts("bench.table.told"))}</p>'
        f'<div class="scroll"><table class="report laws"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _name(thing: str, whole: bool, texts: Texts) -> str:
    name = texts(f"{thing}.label")
    return name if whole or thing not in WITH_LAST_STEP else f"{name} ({texts(f'bench.before.{thing}')})"


def _kept(trial: Trial) -> str:
    return "kept" if trial.unseen else "broken"


def _grade(trial: Trial, texts: Texts) -> str:
    return texts(f"bench.grade.{'kept' if trial.holds else 'nearly' if trial.unseen else 'broken'}")


def _levels(trial: Trial, texts: Texts) -> str:
    levels = WHITE * trial.largest
    return texts("bench.below", limit=digits(LEAST)) if 0 < levels < LEAST else digits(levels)


def _garments(state: State, thing: str, texts: Texts) -> str:
    """A and B as they are handed over, each at half its light."""
    _, labels = load_fashion_mnist("test")
    degradation = state.degradation
    figures = ""
    for letter, picture, number in zip("AB", pair(state.garment), (state.garment, (state.garment + 1) % COUNTS["test"]), strict=True):
        handed = picture if thing.startswith(FILTER) else degradation.reblur(picture)
        what = texts(f"class.{CLASSES[labels[number]]}")
        if not thing.startswith(FILTER):
            what = texts("bench.blurred_by", what=what, filter=texts(f"blur.{state.blur}.label"))
        figures += maps.figure(maps.small(clip(handed / 2), f"{letter}: {what}"), f"{letter}: {what}")
    return figures


def _sides(role: str, trial: Trial, law: str, texts: Texts) -> str:
    """Both sides of a law: as pictures, or as signed maps of one scale where one of them leaves the range of pictures."""
    both = {"left": trial.left, "right": trial.right}
    if law == "shift" and trial.unseen:  # most of the black frame need not be shown, unless something differs there
        both = {side: values[FRAME:-FRAME, FRAME:-FRAME] for side, values in both.items()}
    low, high = min(float(values.min()) for values in both.values()), max(float(values.max()) for values in both.values())
    limit, ordinary = max(-low, high), low > -LEVEL / 2 and high < 1 + LEVEL / 2
    shown = ""
    for side, values in both.items():
        title = texts(f"bench.{law}.{side}")
        inside = maps.small(clip(values), title) if ordinary else maps.signed_picture(values, title, limit)
        told = texts("bench.range", low=_range(values.min()), high=_range(values.max()))
        shown += _panel(role, title, inside, told if ordinary else f"{told}. {texts('bench.around', limit=_range(limit))}")
    return shown


def _range(value: float) -> str:
    return digits(round(WHITE * float(value), 2))


def _difference(trial: Trial, texts: Texts) -> str:
    told = texts("bench.differ", grade=_grade(trial, texts), largest=_levels(trial, texts))
    if trial.holds:
        return _panel(_kept(trial), texts("bench.difference"), f'<div class="frame"><p class="instead">{escape(texts("bench.nothing"))}</p></div>', told)
    legend = texts("bench.around", limit=_levels(trial, texts))
    return _panel(_kept(trial), texts("bench.difference"), maps.signed_picture(trial.difference, texts("bench.difference")), f"{told}. {legend}")


def _panel(role: str, title: str, inside: str, told: str) -> str:
    return f'<figure class="panel {role}"><figcaption><span class="name">{escape(title)}</span></figcaption>{inside}<p class="told">{escape(told)}</p></figure>'


def build(texts: Texts, controls: Controls) -> None:
    """Lay out the view inside the current Blocks; it takes filter, restorer and garment from the Play tab whenever it comes into sight."""
    gr.HTML(f'<h2 class="question">{escape(texts("bench.question"))}</h2><p class="meaning">{escape(texts("bench.hint"))}</p>')
    chosen = gr.Radio(
        [(texts(f"{thing}.label"), thing) for thing in THINGS],
        value=THINGS[0],
        label=texts("bench.choose"),
        show_label=False,
        container=False,
        elem_id="bench-thing",
        elem_classes="chips",
    )
    before = gr.Checkbox(False, label=texts("bench.without"), visible=False, container=False, elem_id="bench-before")
    shown = gr.HTML("", js_on_load=_SEEN, elem_id="bench", apply_default_css=False)
    all_things = gr.HTML("", js_on_load=_SEEN, elem_id="bench-table", min_height=40, apply_default_css=False)
    followed = gr.State("")  # the filter of the Play tab that was last shown here

    def look(thing: str, without: bool, *values: object) -> tuple[object, str]:
        thing = thing if thing in THINGS else THINGS[0]
        return gr.update(visible=thing in WITH_LAST_STEP), view(controls.state(values), thing, not without or thing not in WITH_LAST_STEP, texts)

    def arrive(thing: str, without: bool, before_now: str, *values: object) -> tuple[object, ...]:
        """Show the filter of the Play tab if it is another one than last time, else what was chosen here."""
        blur = controls.state(values).blur
        thing = thing if blur == before_now else f"{FILTER}.{blur}"
        return thing, blur, *look(thing, without, *values)

    def everything(*values: object) -> str:
        return table(controls.state(values), texts)

    components = list(controls.by_key.values())
    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    shown.seen(arrive, [chosen, before, followed, *components], [chosen, followed, before, shown], **quick)
    gr.on([chosen.input, before.input], look, [chosen, before, *components], [before, shown], **quick)
    all_things.seen(
        everything, components, all_things,
        trigger_mode="always_last", show_progress="minimal", concurrency_limit=1, concurrency_id="heavy", api_visibility="private",
    )  # fmt: skip
