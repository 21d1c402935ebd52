"""Lessons, games and the teacher's page as HTML: addresses, what is kept back, what is told."""

import dataclasses
import re
from urllib.parse import parse_qsl

import cv2
import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.data import load_fashion_mnist
from deblur.lessons.course import LESSONS
from deblur.lessons.games import challenge, mystery
from deblur.restore import AUTO, RESTORERS
from deblur.ui import course, epochs, games, inside, lost, network, own_weights, roundtrip, teacher
from deblur.ui.maps import data_uri
from deblur.ui.place import COURSE, MATCH, MYSTERY, TEACHER, Place
from deblur.ui.stage import stage
from deblur.ui.state import HIDEABLE, State
from deblur.ui.texts import LANGUAGES, digits, load_texts

EVERYWHERE = [
    *(Place(COURSE, number, step) for number, lesson in enumerate(LESSONS, 1) for step in range(len(lesson.steps) + 1)),
    Place(MYSTERY, seed=7), Place(MATCH, seed=0), Place(MATCH, seed=999_999, rival="universal"), Place(TEACHER), Place(),
]


@pytest.mark.parametrize("place", EVERYWHERE, ids=lambda place: place.query() or "nowhere")
def test_a_place_survives_its_link_beside_a_state(place) -> None:
    asked = {**dict(parse_qsl(place.query())), "blur": "median"}
    assert Place.from_query(asked) == (place, {"blur": "median"})


@pytest.mark.parametrize(
    "query",
    [{"lesson": "0"}, {"lesson": "7"}, {"lesson": "-1"}, {"lesson": "²"}, {"lesson": "9" * 400}, {"step": "1"}, {"game": "chess"}, {"seed": "3"}, {"lesson": ""}],
    ids=str,
)
def test_nonsense_leads_nowhere_and_is_named(query) -> None:
    place, rest = Place.from_query(query)
    assert place == Place() and rest == query
    assert State.from_query(rest).ignored(rest) == tuple(query)


def test_a_step_that_does_not_exist_leads_to_its_lesson_and_is_named() -> None:
    assert Place.from_query({"lesson": "2", "step": "9"}) == (Place(COURSE, 2), {"step": "9"})
    assert Place.from_query({"game": "match", "seed": "x", "rival": "y"}) == (Place(MATCH), {"seed": "x", "rival": "y"})


@pytest.mark.parametrize("restorer", ["wiener", "thesis"])
def test_a_hidden_restored_picture_is_not_in_the_page(restorer) -> None:
    texts = load_texts("en")
    shown = State.from_query({"restorer": restorer, "blur_size": "5"})
    hidden = State.from_query({"restorer": restorer, "blur_size": "5", "hide": "restored"})
    html, whole = stage(hidden, None, texts), stage(shown, None, texts)
    pictures = re.findall(r"data:image/png;base64,[^\"]+", whole)
    assert len(set(pictures)) == 3 and len(set(re.findall(r"data:image/png;base64,[^\"]+", html))) == 2
    assert pictures[-1] not in html and 'class="unveil"' in html and "brought back" in whole and "brought back" not in html
    assert texts("numbers.gain") in whole and texts("numbers.gain") not in html and "wrong tool" not in html
    assert "hide=restored" in html and "hide" not in shown.query()


def test_a_hidden_sharp_picture_is_not_in_the_page() -> None:
    texts = load_texts("en")
    sharp = re.findall(r"data:image/png;base64,[^\"]+", stage(State.from_query({}), None, texts))[0]
    html = stage(State.from_query({"hide": "sharp"}), None, texts)
    assert sharp not in html and texts("class.pullover") not in html and "brought back" in html


def test_what_a_space_adds_to_a_link_is_no_mistake_of_the_visitor() -> None:
    query = {"__theme": "dark", "__sign": "x", "theme": "dark"}
    assert State.from_query(query).ignored(query) == ("theme",)


def test_hide_is_a_part_of_the_state() -> None:
    for value in ("nothing", "sharp", "restored"):
        state = State.from_query({"hide": value})
        assert state.hide == value and state.ignored({"hide": value}) == ()
        assert State.from_query(dict(parse_qsl(state.query()))) == state
    assert State.from_query({"hide": "all"}).ignored({"hide": "all"}) == ("hide",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_picture_a_button_and_a_banner(language) -> None:
    texts = load_texts(language)
    for number, lesson in enumerate(LESSONS, 1):
        html = course.body(number, texts)
        assert html.count("<img") == html.count('class="go strong"') == len(lesson.steps)
        for place in range(1, len(lesson.steps) + 1):
            over = course.banner(Place(COURSE, number, place), texts)
            assert f'data-place="lesson={number}&amp;step={place}"' in over and texts("lessons.back") in over
            onward = texts("lessons.to_questions" if place == len(lesson.steps) else "lessons.next")
            assert onward in over


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prediction_is_needed_before_anything_is_revealed(language) -> None:
    texts = load_texts(language)
    for nothing in (None, "", "nonsense"):
        html = course.reveal(1, 0, nothing, texts)
        assert texts("lessons.choose_first") in html and "28" not in html
    assert texts("lessons.right", option="28") in course.reveal(1, 0, "28", texts)
    wrong = course.reveal(1, 0, "85", texts)
    assert texts("lessons.wrong", option="28") in wrong and wrong.count("<img") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_teacher_sees_every_answer_with_its_numbers(language) -> None:
    texts = load_texts(language)
    html = teacher.answers(texts)
    for lesson in LESSONS:
        for question in lesson.questions:
            measured = question.answer(course.scene(question.query, texts))
            assert texts(f"lessons.course.{lesson.key}.questions.{question.key}.ask") in html
            for number in measured.numbers.values():
                assert (str(number) if isinstance(number, int) else digits(number)) in html
    assert texts("lessons.unavailable") not in html
    assert "Traceback" not in html and "{" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_the_teacher_exists(language) -> None:
    links = re.findall(r'href="\?([^"]+)"', teacher.page(load_texts(language)))
    assert len(links) > 50
    for link in links:
        place, rest = Place.from_query(dict(parse_qsl(link.replace("&amp;", "&"))))
        assert place.view and State.from_query({**place.step_query(), **rest}).ignored(rest) == ()


@pytest.mark.parametrize("seed", range(8))
def test_a_mystery_does_not_tell_what_is_hidden(seed) -> None:
    texts = load_texts("en")
    game = mystery(seed)
    html = games.probes(game, texts)
    words = re.sub(r"base64,[^\"]+", "", html)
    assert game.hidden.blur not in words and texts(f"blur.{game.hidden.blur}.label") not in words
    assert all(f"{name}" not in words for name in game.hidden.values)
    assert html.count("<img") == 10


def test_a_guess_is_judged_in_words_and_only_the_first_one_counts() -> None:
    texts = load_texts("en")
    seed = next(seed for seed in range(99) if mystery(seed).hidden.blur == "median")
    size = mystery(seed).hidden.values["size"]
    pictures, told, played = games.judged(seed, "median", {"size": 15 if size < 10 else 3}, {}, texts)
    assert "The filter is right." in told and f"Median (size {size})" in told and pictures.count("<img") == 15
    assert played[seed][1] == 5 and 2 <= played[seed][0] < 5
    _, again, later = games.judged(seed, "median", {"size": size}, played, texts)
    assert "exactly the same" in again and "5 of 5 points" in again and later == played
    _, wrong, _ = games.judged(seed, "motion", {}, {}, texts)
    assert "Another filter did this. 0 of 5 points." in wrong


def test_the_yours_row_is_what_opencv_makes() -> None:
    texts = load_texts("en")
    pictures, _, _ = games.judged(3, "average", {"size": 5}, {}, texts)
    dot = (255 * mystery(3).probes["dot"] + 0.5).astype(np.uint8)
    assert data_uri(cv2.blur(dot, (5, 5)).astype(np.float32) / 255) in pictures


@pytest.mark.parametrize("rival", ["thesis", "universal"])
def test_a_match_says_who_leads_and_by_how_much(rival) -> None:
    texts = load_texts("en")
    given = challenge(4, rival)
    sharp = load_fashion_mnist("test")[0][given.garment] / 255
    blurred = given.degradation.apply(given.sharp, 4)

    def psnr(picture: np.ndarray) -> float:
        return float(-10 * np.log10(np.mean((picture - sharp) ** 2)))

    mine = psnr(RESTORERS["wiener"].restore(blurred, given.degradation, strength=30.0))
    theirs = psnr(RESTORERS[rival].restore(blurred, given.degradation))
    html = games.duel(4, rival, "wiener", {"strength": 30.0}, texts)
    assert theirs > mine and f"The network leads by {digits(theirs - mine)} dB: {digits(theirs)} dB, you {digits(mine)} dB." in html
    assert f"Blurred it was {digits(psnr(blurred))} dB." in html


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_tuned_player_beats_the_thesis_network_but_the_untuned_does_not_win_easily(seed) -> None:
    texts = load_texts("en")
    tuned = games.duel(seed, "thesis", "wiener", {"strength": 0.0}, texts)
    assert 'data-outcome="won"' in tuned and "You win by" in tuned
    start = games.duel(seed, "thesis", "richardson_lucy", {"num_iter": games.STARTS["richardson_lucy"]}, texts)
    assert 'data-outcome="lost"' in start


def test_games_offer_every_filter() -> None:
    assert {mystery(seed).hidden.blur for seed in range(60)} == set(BLURS)


@pytest.mark.parametrize("role", HIDEABLE[1:])
def test_no_other_tab_gives_away_what_is_kept_back(role) -> None:
    state, texts = State.from_query({"hide": role, "garment": "3", "restorer": "thesis"}), load_texts("en")
    views = [inside.view(state, None, 9, 9, texts)[0], own_weights.view(state, None, 9, 9, texts)]
    views += [lost.view(part, state, None, texts) for part in (lost.twin, lost.storage, lost.invented)]
    views += [network.view(state, None, AUTO, 8, "plain", texts), roundtrip.view(state, None, AUTO, None, texts)[0], epochs.view(state, None, 3, texts)]
    assert texts("lessons.kept_back") in views[0] and texts("lessons.kept_back") in views[2]
    assert not any("<img" in view or "verdict" in view for view in views)
    assert "<img" in inside.view(dataclasses.replace(state, hide=HIDEABLE[0]), None, 9, 9, texts)[0]
