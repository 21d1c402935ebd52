"""The Train tab without a browser: its sentences, its pictures, and a visitor's own network among the restorers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from deblur.compare import compare
from deblur.degrade import Degradation
from deblur.image import to_bytes
from deblur.lessons.trainer import EPOCHS, OPTIONS, OWN, Epoch, Recipe, Score, Trained, pictures
from deblur.lessons.workshop import Status
from deblur.params import Choice
from deblur.restore import RESTORERS
from deblur.ui import inside, lost, panels, stage, train, training
from deblur.ui.state import State
from deblur.ui.texts import LANGUAGES, load_texts

from .conftest import ROOT, photograph

RECIPE = Recipe(Degradation("average"), {"layers": 1})
SHOWN = (1, 0, 13)


def epoch(number: int, error: float, untouched: float = 2.0) -> Epoch:
    loss = None if number == 0 else error / 100
    restored = np.full((3, 28, 28), 0.25, np.float32)
    weights = (np.zeros((2, 2, 1, 64), np.float32), np.zeros(64, np.float32))
    return Epoch(
        number, loss, Score(error / 90, error), Score(untouched / 90, untouched), restored, np.array([[0.5, -1.25], [0.1, 2.5]]), (12, 9), 3.21 * number, weights
    )  # fmt: skip


@pytest.fixture(scope="module")
def own() -> Trained:
    """A network with random weights: enough to see where it shows up."""
    recipe = Recipe(Degradation("average"), {"layers": 1})
    return Trained(recipe, 1, tuple(recipe.build().get_weights()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_and_ending_has_its_texts(language) -> None:
    texts = load_texts(language)
    for param in OPTIONS:
        assert texts(f"train.{param.name}.label") and texts(f"train.{param.name}.info")
        if isinstance(param, Choice):
            assert all(texts(f"train.{param.name}.options.{option}") for option in param.options)
    for ending in ("done", "stopped", "time", "failed"):
        for epochs in ((), (epoch(0, 80),), (epoch(0, 80), epoch(1, 1.5))):
            assert training.finding(Status(0, epochs, ending), RECIPE, 120, texts)
    assert texts(f"restorer.{OWN}.label") and texts(f"restorer.{OWN}.info")


def test_the_finding_is_honest_both_ways() -> None:
    texts = load_texts("en")

    def told(*epochs: Epoch, ahead: int = 0, ending=None) -> str:
        return training.finding(Status(ahead, epochs, ending), RECIPE, 120, texts)

    assert "trainings before yours: 3" in told(ahead=3)
    assert told(epoch(0, 83.4)).startswith("Random weights, nothing learned yet: 83.4 %")
    worse = told(epoch(0, 80), epoch(1, 2.31, untouched=1.9))
    assert "After epoch 1 of 20 (3.2 s): 2.31 % error" in worse and "still worse than doing nothing (1.90 %)" in worse
    better = told(epoch(0, 80), epoch(1, 1.5), epoch(2, 0.5))
    assert "After epoch 2 of 20 (6.4 s): 0.500 % error" in better and "75.0 % of what was lost is back" in better  # 1 − 0.5 / 2
    assert told(epoch(0, 80), ending="stopped") == texts("train.nothing.stopped")
    assert told(epoch(0, 80), epoch(1, 1.5), ending="time").endswith("The 120 s of a training are over; what it has learned is kept.")


def test_the_view_shows_garments_curve_and_signed_kernel() -> None:
    texts = load_texts("en")
    sharp, blurred = pictures(RECIPE, SHOWN)
    before = training.view(Status(0, (), None), RECIPE, sharp, blurred, 120, texts)
    assert "Trained against Average (size 3)." in before and before.count("<img") == 6 and "<polyline" not in before
    html = training.view(Status(0, (epoch(0, 80), epoch(1, 1.5)), None), RECIPE, sharp, blurred, 120, texts)
    assert html.count("<img") == 10 and html.count("<polyline") == 3
    assert "−2.50 … +2.50" in html and "320 weights" in html and "2 × 2 numbers" in html
    expected = 10 * np.log10(1 / np.mean((0.25 - sharp[0].astype(np.float64)) ** 2))
    assert float(re.findall(r"<b>([\d.]+) dB", html)[1]) == pytest.approx(expected, rel=0.005)
    relu = training.view(Status(0, (epoch(0, 80),), None), Recipe(Degradation(), {"activation": "relu"}), sharp, blurred, 120, texts)
    assert "row 12, column 9" in relu


def test_the_curve_stays_inside_its_axes_and_has_marks() -> None:
    texts = load_texts("en")
    for errors in ((80.0, 1.0), (1.0, 1.0), (1e-9, 2e-9), (70.0, 60.0)):
        html = training.curve(tuple(epoch(number, error) for number, error in enumerate(errors)), RECIPE, texts)
        assert "nan" not in html and html.count('text-anchor="end"') >= 2
    assert f"{EPOCHS.default} epochs" in html


def test_only_what_was_learned_can_be_kept() -> None:
    assert train.trained_of(Status(0, (epoch(0, 80),), "stopped"), RECIPE) is None
    assert train.trained_of(Status(0, (epoch(0, 80), epoch(1, 2)), "stopped"), RECIPE).epoch == 1


def test_the_page_s_own_garment_is_shown_first_and_none_twice() -> None:
    for garment in (0, 1, *train.COMPANIONS):
        shown = train.garments_of(State(garment=garment))
        assert shown[0] == garment and len(set(shown)) == 3


def test_a_visitors_network_is_chosen_like_any_other_and_nobody_else_has_it(own) -> None:
    state = State.from_fields({"restorer": OWN, "trained": own, "blur": "average"}.get)
    assert state.restorer == OWN and state.tool.name == OWN and set(state.restorers) == {*RESTORERS, OWN}
    assert OWN not in RESTORERS
    elsewhere = State.from_query({"restorer": OWN, "trained": "x"})
    assert elsewhere.restorer in RESTORERS and elsewhere.trained is None
    assert set(elsewhere.ignored({"restorer": OWN, "trained": "x"})) == {"restorer", "trained"}


def test_a_picture_a_source_and_a_trained_network_leave_marks_that_no_link_has(own) -> None:
    uploads = [to_bytes(photograph((40, 50), seed)) for seed in (0, 1)]
    trained = replace(own, weights=tuple(weight + 1 for weight in own.weights))
    shown = [
        stage.marks(State.from_fields({"source": source, "restorer": OWN, "trained": network}.get), upload)
        for source, network, upload in (("garment", own, None), ("yours", own, uploads[0]), ("yours", own, uploads[1]), ("blind", own, uploads[1]), ("garment", trained, None))
    ]
    queries, stamps = zip(*(re.search(r'data-query="(.*?)".*data-stamp="(.*?)"', mark).groups() for mark in shown), strict=True)
    assert len(set(queries)) == 1 and len(set(stamps)) == len(shown)
    assert stage.marks(State.from_fields({"restorer": OWN, "trained": own}.get), uploads[0]) == shown[0]  # an upload that is not shown does not count


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("blur", ["average", "median"])
def test_every_view_takes_a_visitors_network(own, language, blur) -> None:
    texts = load_texts(language)
    state = State.from_fields({"restorer": OWN, "trained": own, "blur": blur}.get)
    label = texts(f"restorer.{OWN}.label")
    html = stage.stage(state, None, texts)
    assert html.count("<img") == 3 and label in html and texts("play.failed") not in html
    doubt = texts("reason.own_not_trained_for", blur=texts("blur.average.label"))
    assert (doubt in html) == (blur == "median")  # not what it was trained on
    view, _, _ = inside.view(state, None, 3, 4, texts)
    assert view.count("<pre>") == 2 and texts("train.no_code") in view
    assert (label in lost.view(lost.invented, state, None, texts)) == (blur == "average")  # what is recovered and invented has no meaning for a median
    sharp, _ = stage.sharp_picture(state, None, texts)
    row = panels.comparison(list(compare(state.degradation.apply(sharp), state.degradation, sharp, state.restorers)), texts)
    assert row.count("<figure") == len(RESTORERS) + 3 and label in row and texts("compare.waiting") not in row
    done = [entry for entry in compare(state.degradation.apply(sharp), state.degradation, sharp) if entry.name in ("nothing", "unsharp")]
    begun = panels.comparison(done, texts, ["inverse", OWN])
    assert begun.count("<figure") == 4 and begun.count(texts("compare.waiting")) == 2 and label in begun and " best" not in begun
    assert " best" in panels.comparison(done, texts)


def test_no_view_asks_the_registry_for_the_chosen_restorer() -> None:
    """It would not find a visitor's own network there; `State.tool` does."""
    for path in (ROOT / "deblur" / "ui").glob("*.py"):
        assert "RESTORERS[state.restorer]" not in path.read_text(), path.name
