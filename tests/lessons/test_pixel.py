"""The arithmetic at a pixel against the filters themselves."""

import cv2
import numpy as np
import pytest

from deblur import spectral
from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.image import to_bytes
from deblur.lessons.pixel import BilateralSum, Ranked, WeightedSum, explain, explain_all, reached
from tests.conftest import photograph

SHAPES = {"grey": (17, 19), "colour": (13, 11, 3)}
SETTINGS = {
    "gaussian": [{"size": 3}, {"size": 5}, {"size": 7, "sigma": 1.3}, {"size": 21, "sigma": 8.0}],
    "average": [{"size": 3}, {"size": 5}, {"size": 17}],
    "median": [{"size": 3}, {"size": 5}, {"size": 9}],
    "bilateral": [
        {"diameter": 9},
        {"diameter": 3, "sigma_color": 20},
        {"diameter": 5, "sigma_color": 1, "sigma_space": 1},
        {"diameter": 9, "scale": "0-1"},
        {"diameter": 9, "sigma_color": 1, "scale": "0-1"},
    ],
    "motion": [{"length": 2, "angle": 0}, {"length": 9, "angle": 30}, {"length": 17, "angle": 117}],
    "defocus": [{"radius": 1.0}, {"radius": 3.0}, {"radius": 6.5}],
}
CASES = [(name, values) for name, several in SETTINGS.items() for values in several]


def picture_for(shape: tuple[int, ...], degradation: Degradation) -> np.ndarray:
    side = degradation.filter.reach(**degradation.values) + 3
    return photograph((max(shape[0], side), max(shape[1], side + 2), *shape[2:]), seed=2)


def test_every_filter_is_explained():
    assert set(SETTINGS) == set(BLURS)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("name", "values"), CASES, ids=[f"{name}-{'-'.join(map(str, values.values()))}" for name, values in CASES])
def test_the_arithmetic_gives_the_stored_level_everywhere(name, values, shape):
    degradation = Degradation(name, values)
    sharp = picture_for(shape, degradation)
    stored = to_bytes(degradation.apply(sharp))
    explained = explain_all(sharp, degradation)
    assert np.array_equal([entry.level for entry in explained], stored.reshape(-1))
    assert all(entry.agrees and abs(entry.total - entry.level) <= 0.5 + 1e-3 for entry in explained)
    if name in ("gaussian", "average", "median"):
        assert not any(entry.between for entry in explained)
    elif values != {"length": 2, "angle": 0}:  # weights of 1/4 make halves by the dozen
        assert np.mean([entry.between for entry in explained]) < 0.02


@pytest.mark.parametrize("name", BLURS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_picture_between_the_levels_is_rounded_first(name, shape):
    degradation = Degradation(name)
    sharp = picture_for(shape, degradation) * np.float32(0.997)
    explained = explain_all(sharp, degradation)
    assert all(entry.agrees for entry in explained)
    assert np.array_equal([entry.level for entry in explained], to_bytes(degradation.apply(sharp)).reshape(-1))
    assert all(np.array_equal(entry.window, np.rint(entry.window)) for entry in explained)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_an_asymmetric_psf(asymmetric_psf, shape):
    degradation = Degradation.from_psf(asymmetric_psf)
    sharp = photograph(shape)
    explained = explain_all(sharp, degradation)
    assert all(entry.agrees for entry in explained)
    filtered = cv2.filter2D(sharp.astype(np.float64), -1, asymmetric_psf[::-1, ::-1], borderType=cv2.BORDER_REFLECT_101)
    assert np.allclose([entry.total for entry in explained], 255 * filtered.reshape(-1), atol=1e-4)


def test_one_pixel_is_all_of_them():
    sharp, degradation = photograph((17, 19, 3)), Degradation("average", {"size": 5})
    one = explain(sharp, degradation, 3, 18, 1)
    same = explain_all(sharp, degradation)[(3 * 19 + 18) * 3 + 1]
    assert (one.total, one.level, one.filtered) == (same.total, same.level, same.filtered)
    assert isinstance(one, WeightedSum) and one.denominator == 25
    assert list(one.rows) == [1, 2, 3, 4, 5] and list(one.columns) == [16, 17, 18, 17, 16]
    assert np.array_equal(one.window, 255 * sharp[np.ix_(one.rows, one.columns)][:, :, 1])
    assert one.products.sum() == pytest.approx(one.total) and one.weights.sum() == pytest.approx(1)


def test_the_median_shows_its_strip():
    sharp = photograph((17, 19))
    made = explain(sharp, Degradation("median", {"size": 3}), 0, 0)
    assert isinstance(made, Ranked) and list(made.rows) == [0, 0, 1]  # the median repeats the edge
    assert np.array_equal(made.strip, np.sort(made.window, axis=None)) and made.strip[made.rank] == np.median(made.window)
    assert np.array_equal(made.window.reshape(-1)[made.order], made.strip)


def test_the_bilateral_weighs_by_distance_and_value():
    sharp = photograph((17, 19, 3))
    made = explain(sharp, Degradation("bilateral", {"diameter": 5, "sigma_color": 30, "sigma_space": 2}), 8, 9, 2)
    assert isinstance(made, BilateralSum)
    assert made.by_distance[2, 2] == made.by_value[2, 2] == 1 and made.by_distance[0, 0] == 0
    assert made.by_distance[2, 0] == pytest.approx(np.exp(-4 / 8))
    change = 255 * np.abs(sharp[8, 9].astype(float) - sharp[8, 8]).sum()
    assert made.by_value[2, 1] == pytest.approx(np.exp(-(change**2) / 1800), rel=1e-5)
    assert np.allclose(made.weights, made.by_distance * made.by_value / (made.by_distance * made.by_value).sum())


LINEAR = [("gaussian", {"size": 5}), ("average", {"size": 7}), ("motion", {"length": 7, "angle": 20}), ("defocus", {"radius": 2.5})]


@pytest.mark.parametrize(("name", "values"), LINEAR, ids=[name for name, _ in LINEAR])
@pytest.mark.parametrize("place", [(0, 0), (1, 8), (8, 3), (9, 12)])
def test_reached_is_a_column_of_the_matrix(name, values, place):
    degradation = Degradation(name, values)
    sharp = photograph((10, 13))
    column = spectral.matrix(degradation.psf, sharp.shape)[:, place[0] * 13 + place[1]].reshape(10, 13)
    found = reached(sharp, degradation, *place)
    assert np.allclose(found.weights, column, atol=1e-12)
    assert np.array_equal(found.times > 0, column > 0)


def test_reached_with_an_asymmetric_psf(asymmetric_psf):
    found = reached(photograph((10, 13)), Degradation.from_psf(asymmetric_psf), 1, 3)
    assert np.allclose(found.weights, spectral.matrix(asymmetric_psf, (10, 13))[:, 16].reshape(10, 13))


@pytest.mark.parametrize("name", ["median", "bilateral"])
def test_reached_agrees_with_the_explanations(name):
    sharp, degradation = photograph((12, 13, 3)), Degradation(name)
    found = reached(sharp, degradation, 1, 2, 0)
    for row, column in [(0, 0), (1, 2), (3, 4), (11, 12)]:
        made = explain(sharp, degradation, row, column, 0)
        own = np.outer(made.rows == 1, made.columns == 2)
        expected = made.weights[own].sum() if isinstance(made, BilateralSum) else float(own.any() and made.window[own][0] == made.total)
        assert found.weights[row, column] == pytest.approx(expected)
    if name == "median":
        assert found.times[0, 0] == 1 and found.times[11, 12] == 0


@pytest.mark.parametrize(("shape", "place", "word"), [((9, 9), (9, 0, None), "row"), ((9, 9), (0, 0, 1), "None"), ((9, 9, 3), (0, 0, None), "0, 1 or 2")])
def test_a_place_that_is_not_there_is_refused(shape, place, word):
    with pytest.raises(ValueError, match=word):
        explain(photograph(shape), Degradation(), *place)
