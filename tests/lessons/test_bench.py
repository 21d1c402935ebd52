"""The two laws, with filters of which it is known whether they keep them."""

import numpy as np
import pytest

from deblur.blur import BLURS, LinearBlur
from deblur.degrade import Degradation
from deblur.lessons.bench import (
    CUT_ONLY,
    TOLERANCE,
    Trial,
    before_last_step,
    before_sigmoid,
    filter_of,
    filter_trials,
    restorer_of,
    restorer_trials,
    shift,
    superposition,
)
from deblur.restore import RESTORERS
from deblur.weights import load
from tests.conftest import photograph

SHAPES = {"grey": (26, 31), "colour": (24, 29, 3)}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def pair(request) -> tuple[np.ndarray, np.ndarray]:
    return photograph(request.param, seed=1), photograph(request.param, seed=2)[::-1]


@pytest.mark.parametrize("name", BLURS)
def test_linear_filters_add_up_and_the_others_do_not(name, pair):
    trial = superposition(filter_of(Degradation(name)), *pair)
    assert trial.holds == isinstance(BLURS[name], LinearBlur)
    assert trial.largest == np.abs(trial.difference).max() and trial.holds == (trial.largest <= trial.tolerance)


def test_the_bilateral_of_the_thesis_adds_up(pair):
    assert superposition(filter_of(Degradation("bilateral", {"scale": "0-1"})), *pair).holds


@pytest.mark.parametrize("name", BLURS)
def test_every_filter_moves_with_the_picture(name, pair):
    assert shift(filter_of(Degradation(name)), pair[0]).holds


def test_a_filter_that_knows_its_place_is_found_out(pair):
    def fade(picture):
        return picture * np.linspace(0, 1, picture.shape[0]).reshape(-1, *[1] * (picture.ndim - 1))

    assert superposition(fade, *pair).holds and not shift(fade, pair[0]).holds


def test_both_sides_are_what_they_say():
    first, second = photograph((26, 31), seed=1), photograph((26, 31), seed=2)
    trial = superposition(lambda picture: picture**2 + 0.25, first, second)
    assert np.allclose(trial.difference, first.astype(float) * second / 2, atol=1e-6)
    moved = shift(lambda picture: picture, first, 1, 4)
    assert np.allclose(moved.left[17 : 17 + 26, 20 : 20 + 31], first)


def test_the_thesis_network_passes_until_its_sigmoid(pair):
    first, second = (picture if picture.ndim == 2 else picture[:, :, 1] for picture in pair)
    network = load("thesis-gaussian")
    assert superposition(before_sigmoid(network), first, second, tolerance=1e-3).holds
    whole = restorer_of(RESTORERS["thesis"], Degradation())
    assert superposition(whole, first, second).largest > 0.1
    assert shift(whole, first).holds


def test_wiener_passes_until_it_is_cut():
    degradation = Degradation(noise=0.05, storage="float")
    first, second = (0.3 + 0.4 * photograph((26, 31), seed=seed) for seed in (1, 2))
    run = restorer_of(RESTORERS["wiener"], degradation)
    assert superposition(run, first, second).holds
    stark = np.kron(np.indices((13, 16)).sum(axis=0) % 2, np.ones((2, 2))).astype(np.float32)
    assert not superposition(run, stark, stark[::-1]).holds
    assert not superposition(restorer_of(RESTORERS["total_variation"], degradation), first, second).holds


@pytest.mark.parametrize("name", ["unsharp", "inverse", "wiener"])
def test_before_the_cut_a_linear_restorer_is_a_convolution(name, pair):
    degradation = Degradation("gaussian", {"size": 5})
    pair = [(picture > 0.5).astype(np.float32) for picture in pair]
    whole = restorer_trials(restorer_of(RESTORERS[name], degradation), degradation, *pair)
    run = before_last_step(RESTORERS[name], degradation)
    uncut = restorer_trials(run, degradation, *pair)
    assert not whole[0].unseen and uncut[0].unseen and whole[1].unseen and uncut[1].unseen
    blurred = degradation.reblur(pair[0])
    assert np.allclose(np.clip(run(blurred), 0, 1), RESTORERS[name].restore(blurred, degradation), atol=1e-4)


def test_only_what_is_meant_to_be_linear_has_a_last_step(pair):
    assert {name for name, restorer in RESTORERS.items() if before_last_step(restorer, Degradation())} == {*CUT_ONLY, "thesis"}
    first = pair[0] if pair[0].ndim == 2 else pair[0][:, :, 1]
    run = before_last_step(RESTORERS["thesis"], Degradation("average"), network="thesis-average")
    sigmoid = 1 / (1 + np.exp(-run(first)))
    assert np.allclose(sigmoid, RESTORERS["thesis"].restore(first, Degradation("average")), atol=1e-5)


@pytest.mark.parametrize(("largest", "holds", "unseen"), [(0.5e-4, True, True), (0.4 / 255, False, True), (0.6 / 255, False, False)])
def test_what_no_8_bit_picture_shows_is_told_apart(largest, holds, unseen):
    trial = Trial(np.zeros((2, 2)), np.full((2, 2), largest), largest, TOLERANCE)
    assert (trial.holds, trial.unseen) == (holds, unseen)


@pytest.mark.parametrize("name", BLURS)
def test_restorers_are_tried_on_blurred_pictures(name, pair):
    degradation, seen = Degradation(name), []

    def look(blurred):
        seen.append(blurred)
        return blurred

    restorer_trials(look, degradation, *pair)
    assert np.allclose(seen[2], degradation.reblur(pair[0]) / 2, atol=1e-6)
    around = seen[-1].shape[0] - pair[0].shape[0]
    wide = np.pad(pair[0], [(around // 2, around // 2)] * 2 + [(0, 0)] * (pair[0].ndim - 2))
    assert np.allclose(seen[-1], degradation.reblur(wide), atol=1e-6)


def test_filters_are_tried_on_sharp_pictures(pair):
    adds, moves = filter_trials(Degradation("median"), *pair)
    assert adds.largest == superposition(Degradation("median").reblur, *pair).largest and moves.holds
