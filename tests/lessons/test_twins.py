"""Twins, checked by the filter in OpenCV."""

import cv2
import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.image import from_bytes, to_bytes
from deblur.lessons.twins import _twins, answers, twins
from deblur.restore import RESTORERS
from tests.conftest import photograph

OPENCV = {
    "gaussian": lambda levels: cv2.GaussianBlur(levels, (3, 3), 0, borderType=cv2.BORDER_REFLECT_101),
    "average": lambda levels: cv2.blur(levels, (3, 3), borderType=cv2.BORDER_REFLECT_101),
    "median": lambda levels: cv2.medianBlur(levels, 5),
    "bilateral": lambda levels: cv2.bilateralFilter(levels, 9, 75, 75, borderType=cv2.BORDER_REFLECT_101),
}


@pytest.fixture(scope="module")
def garment() -> np.ndarray:
    """Light on black, as garments are."""
    rows, columns = np.mgrid[:26, :28]
    inside = (np.abs(rows - 13) < 10) & (np.abs(columns - 14) < 8)
    return from_bytes(to_bytes(np.where(inside, photograph((26, 28)), 0.0)))


@pytest.mark.parametrize("name", BLURS)
def test_twins_are_stored_alike(garment, name):
    degradation = Degradation(name, noise=0.1, storage="jpeg")  # neither counts
    pair = twins(garment, degradation)
    stored = [to_bytes(Degradation(name).apply(picture)) for picture in (pair.first, pair.second)]
    assert np.array_equal(*stored) and np.array_equal(stored[0], to_bytes(pair.blurred))
    if name in OPENCV:
        assert np.array_equal(*(OPENCV[name](to_bytes(picture)) for picture in (pair.first, pair.second)))
    assert np.array_equal(pair.first, garment)
    difference = to_bytes(pair.second).astype(int) - to_bytes(pair.first)
    assert pair.largest == np.abs(difference).max() and pair.rms == pytest.approx(np.sqrt(np.mean(difference**2)))
    assert np.allclose(pair.difference * 255, difference, atol=1e-4) and pair.share == np.mean(difference != 0)
    assert pair.visible == (pair.rms >= 3)
    assert pair.visible or name == "bilateral"  # that one weighs each pixel by itself and betrays most changes


def test_every_restorer_answers_the_common_blurred_picture(garment):
    degradation = Degradation("average", noise=0.1)
    pair = twins(garment, degradation)
    given = answers(pair, degradation)
    assert [answer.name for answer in given] == list(RESTORERS)
    for answer in given:
        expected = RESTORERS[answer.name].restore(pair.blurred, Degradation("average"))
        assert np.allclose(answer.picture, expected, atol=1e-6)
        for found, twin in ((answer.to_first, pair.first), (answer.to_second, pair.second)):
            assert found == pytest.approx(-10 * np.log10(np.mean((expected.astype(float) - twin) ** 2)), abs=1e-3)
    refused = {answer.name for answer in answers(twins(garment, Degradation("median")), Degradation("median")) if answer.reason}
    assert "wiener" in refused and "unsharp" not in refused


def test_twins_are_searched_once(garment):
    assert twins(garment, Degradation("average", noise=0.05)) is twins(garment.copy(), Degradation("average"))
    assert twins(garment, Degradation("average", {"size": 5})) is not twins(garment, Degradation("average"))


def test_the_same_seed_gives_the_same_twin(garment):
    first = twins(garment, Degradation("average"), seed=3).second
    _twins.cache_clear()
    second = twins(garment, Degradation("average"), seed=3).second
    assert np.array_equal(first, second)


def test_an_asymmetric_psf_has_twins(garment, asymmetric_psf):
    degradation = Degradation.from_psf(asymmetric_psf)
    pair = twins(garment, degradation)
    assert pair.largest > 0 and np.array_equal(degradation.apply(pair.first), degradation.apply(pair.second))


def test_where_there_is_none_it_says_so():
    dark = np.zeros((12, 12), np.float32)
    assert not twins(dark, Degradation()).visible


@pytest.mark.parametrize("shape", [(20, 20, 3), (40, 40)])
def test_other_pictures_are_refused(shape):
    with pytest.raises(ValueError, match="grey one of at most 1024"):
        twins(photograph(shape), Degradation())
