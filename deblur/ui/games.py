"""The two games: name the hidden filter from test pictures; restore better than a network."""

from html import escape
from typing import Any

import gradio as gr

from deblur.data import CLASSES, load_fashion_mnist
from deblur.degrade import Degradation
from deblur.lessons.games import POINTS, RIVALS, Mystery, challenge, check_guess, mystery, play
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import maps, panels
from deblur.ui.controls import Controls
from deblur.ui.course import banner
from deblur.ui.place import FIRST_RIVAL, MATCH, MAX_SEED, MYSTERY, Place
from deblur.ui.stage import describe
from deblur.ui.texts import Texts, digits

STARTS = {"wiener": 30.0, "richardson_lucy": 1}  # the player's restorers, begun so badly that there is something to tune
Played = dict[int, tuple[float, float]]  # points of the first guess, and what could be had, by seed


def probes(game: Mystery, texts: Texts, guess: dict[str, Any] | None = None) -> str:
    """The test pictures before and after the hidden filter, and after the guess if there is one; nothing here says which filter it is."""
    rows = {"before": game.probes, "after": game.answers} | ({"yours": guess} if guess else {})
    head = "".join(f"<th scope=col>{escape(texts(f'lessons.game.mystery.probe.{name}'))}</th>" for name in game.probes)
    cells = "".join(
        f'<tr class="{row}"><th scope=row>{escape(texts(f"lessons.game.mystery.{row}"))}</th>'
        + "".join(
            f"<td>{maps.small(picture, texts(f'lessons.game.mystery.probe.{name}') + ', ' + texts(f'lessons.game.mystery.{row}'))}</td>"
            for name, picture in pictures.items()
        )
        + "</tr>"
        for row, pictures in rows.items()
    )
    label = escape(texts("lessons.game.mystery.table"))
    return f'<table class="probes" aria-label="{label}"><thead><tr><td></td>{head}</tr></thead><tbody>{cells}</tbody></table>'


def judged(seed: int, blur: str, values: dict[str, Any], played: Played, texts: Texts) -> tuple[str, str, Played]:
    """The probes with the guess beside them, what it is worth, and the points so far; only a first guess counts."""
    game = mystery(seed)
    key = "lessons.game.mystery"
    verdict = check_guess(game, blur, values)
    played = {seed: (verdict.points, verdict.most)} | played
    lines = [texts(f"{key}.{'right_filter' if verdict.right_filter else 'wrong_filter'}")]
    if verdict.same_answers:
        lines = [texts(f"{key}.same")]
    marks = "".join(
        f'<li class="{word}">{escape(texts(f"blur.{blur}.{name}.label"))}: <b>{escape(texts(f"{key}.value.{word}"))}</b></li>'
        for name, word in verdict.values.items()
    )
    lines.append(texts(f"{key}.points", points=f"{verdict.points:.3g}", most=f"{verdict.most:g}"))
    points, most = (sum(entry[part] for entry in played.values()) for part in (0, 1))
    total = texts(f"{key}.total", points=f"{points:.3g}", most=f"{most:g}", count=len(played))
    told = (
        f'<div class="judged" role="status"><p class="verdict{"" if verdict.points else " lost"}">{escape(" ".join(lines))}</p>{f"<ul class=marks>{marks}</ul>" if marks else ""}'
        f"<p>{escape(texts(f'{key}.hidden', what=describe(game.hidden, texts)))}</p><p class=meaning>{escape(total)}</p></div>"
    )
    made = {name: Degradation(blur, values).apply(picture) for name, picture in game.probes.items()}
    return probes(game, texts, made), told, played


def build_mystery(texts: Texts, tab: gr.Tab, place_mark: gr.HTML) -> list[gr.components.Component]:
    """Lay out the mystery filter inside the current tab; returns what a link sets: the seed."""
    key = "lessons.game.mystery"
    hint = texts(f"{key}.hint", filter=f"{POINTS['filter']:g}", values=f"{POINTS['value']:g}")
    gr.HTML(f'<h2 class="question">{escape(texts(f"{key}.question"))}</h2><p class="meaning">{escape(hint)}</p>')
    controls = Controls(texts, scope="mystery")
    played = gr.State({})
    with gr.Row(equal_height=False, elem_classes="game"):
        with gr.Column(scale=14, min_width=320):
            shown = gr.HTML("", elem_id="mystery-probes", apply_default_css=False)
            told = gr.HTML("", elem_id="mystery-told", apply_default_css=False)
        with gr.Column(scale=5, min_width=320), gr.Column(elem_classes=["card", "blurred"]):
            controls.blur()
            guess = gr.Button(texts(f"{key}.guess"), variant="primary", elem_id="mystery-guess", elem_classes="pill")
            seed, another = _seed(texts, MYSTERY)

    def start(number: float | None) -> tuple[str, str, str]:
        return banner(Place(MYSTERY, seed=_whole(number)), texts), probes(mystery(_whole(number)), texts), ""

    def judge(number: float | None, points: Played, *values: object) -> tuple[str, str, Played]:
        state = controls.state(values)
        return judged(_whole(number), state.blur, dict(state.values), points, texts)

    def fold(blur: str) -> list[dict]:
        return [gr.update(visible=name == f"blur.{blur}") for name in controls.groups]

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    gr.on([tab.select, seed.change], start, [seed], [place_mark, shown, told], **quick)
    another.click(_next, [seed], seed, **quick)
    controls.by_key["blur"].input(fold, [controls.by_key["blur"]], list(controls.groups.values()), **(quick | {"trigger_mode": "multiple"}))
    guess.click(judge, [seed, played, *controls.by_key.values()], [shown, told, played], show_progress="hidden", api_visibility="private")
    return [seed]


def duel(seed: int, rival: str, restorer: str, own: dict[str, Any], texts: Texts) -> str:
    """Both sides on the same blurred picture, and who is ahead, in words."""
    key = "lessons.game.match"
    given = challenge(seed, rival)
    try:
        match = play(given.sharp, given.degradation, restorer, own, rival, seed)
    except InputError as refusal:
        return f'<p class="note" role="status">{escape(texts.reason(refusal.reason))}</p>'
    except ImportError:  # the networks need TensorFlow, the page does not
        return f'<p class="note" role="status">{escape(texts("lessons.unavailable"))}</p>'
    numbers = {"player": match.player_psnr, "rival": match.rival_psnr, "before": match.before, "lead": abs(match.player_psnr - match.rival_psnr)}
    garment = texts(f"class.{CLASSES[load_fashion_mnist('test')[1][given.garment]]}")
    sides = (
        ("sharp", given.sharp, garment, None),
        ("blurred", match.blurred, describe(given.degradation, texts), match.before),
        ("restored", match.player, texts(f"{key}.you", restorer=texts(f"restorer.{restorer}.label")), match.player_psnr),
        ("restored", match.rival, texts(f"{key}.levels.{rival}"), match.rival_psnr),
    )
    shown = "".join(
        panels.panel(role, picture, texts, caption, [] if score is None else [("PSNR", f"{digits(score)} dB")])
        for role, picture, caption, score in sides
    )
    sentence = texts(f"{key}.{match.outcome}", **{name: digits(value) for name, value in numbers.items()})
    return (
        f'<div class="stage four" data-outcome="{match.outcome}">{shown}</div><p class="verdict {match.outcome}" role="status">{escape(sentence)}</p>'
        f'<p class="meaning">{escape(texts(f"{key}.{rival}"))}</p>'
    )


def build_match(texts: Texts, tab: gr.Tab, place_mark: gr.HTML) -> list[gr.components.Component]:
    """Lay out the match inside the current tab; returns what a link sets: the seed and the rival."""
    key = "lessons.game.match"
    gr.HTML(f'<h2 class="question">{escape(texts(f"{key}.question"))}</h2><p class="meaning">{escape(texts(f"{key}.hint"))}</p>')
    controls = Controls(texts, scope="match")
    with gr.Row(equal_height=False, elem_classes="game"):
        with gr.Column(scale=14, min_width=320):
            shown = gr.HTML("", elem_id="match", apply_default_css=False)
        with gr.Column(scale=5, min_width=320), gr.Column(elem_classes=["card", "restored"]):
            rival = gr.Radio(
                [(texts(f"{key}.levels.{name}"), name) for name in RIVALS], value=FIRST_RIVAL, label=texts(f"{key}.level"), elem_id="match-rival",
                elem_classes="chips",
            )
            chosen = gr.Radio(
                [(texts(f"restorer.{name}.label"), name) for name in STARTS], value=next(iter(STARTS)), label=texts("play.restorer"),
                elem_id="match-restorer", elem_classes="chips",
            )
            controls.add("restorer", chosen)
            for name, start in STARTS.items():
                with gr.Group(visible=name == next(iter(STARTS))) as controls.groups[f"restorer.{name}"]:
                    gr.HTML(f'<p class="meaning">{escape(texts(f"restorer.{name}.info"))}</p>')
                    (param,) = RESTORERS[name].params
                    controls.parameter(f"restorer.{name}.{param.name}", param, f"restorer.{name}.{param.name}", start)
            seed, another = _seed(texts, MATCH)

    def live(number: float | None, against: str, *values: object) -> tuple[str, str]:
        state = controls.state(values)
        place = Place(MATCH, seed=_whole(number), rival=against)
        return banner(place, texts), duel(place.seed, against, state.restorer, dict(state.own), texts)

    def fold(restorer: str) -> list[dict]:
        return [gr.update(visible=name == f"restorer.{restorer}") for name in controls.groups]

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    moved = [tab.select, seed.change, rival.change, *(component.input for component in controls.by_key.values())]
    gr.on(moved, live, [seed, rival, *controls.by_key.values()], [place_mark, shown], **quick)
    another.click(_next, [seed], seed, **quick)
    chosen.input(fold, [chosen], list(controls.groups.values()), **(quick | {"trigger_mode": "multiple"}))
    return [seed, rival]


def _seed(texts: Texts, name: str) -> tuple[gr.Number, gr.Button]:
    with gr.Row(elem_classes="seed"):
        seed = gr.Number(
            1, label=texts("lessons.game.seed"), info=texts("lessons.game.seed_hint"), precision=0, min_width=120, elem_id=f"{name}-seed"
        )
        another = gr.Button(texts("lessons.game.another"), size="sm", elem_id=f"{name}-another", elem_classes="pill")
    return seed, another


def _whole(number: float | None) -> int:
    """What was typed as a seed; nothing typed is 0."""
    return int(min(max(number or 0, 0), MAX_SEED))


def _next(number: float | None) -> int:
    return (_whole(number) + 1) % (MAX_SEED + 1)
