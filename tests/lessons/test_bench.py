"""The two laws, with filters of which it is known whether they keep them."""

import numpy as np
import pytest

from deblur.blur import BLURS, LinearBlur
from deblur.degrade import Degradation
from deblur.lessons.bench import before_sigmoid, filter_of, restorer_of, shift, superposition
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
