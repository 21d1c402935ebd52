"""Blur, then noise, then storage."""

import copy
import pickle

import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.degrade import AFTER_BLUR, Degradation, add_salt_pepper, draw
from deblur.image import is_8bit, jpeg
from deblur.params import Choice

from .conftest import photograph

FLAT = np.full((200, 210), 0.5, np.float32)


@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize(
    "after", [{}, {"noise": 0.05}, {"salt_pepper": 0.3}, {"storage": "jpeg", "quality": 60}, {"noise": 0.02, "storage": "float"}]
)
def test_the_same_seed_gives_the_same_picture(picture, blur, after):
    degradation = Degradation(blur, **after)
    kept = picture.copy()
    first = degradation.apply(picture, seed=3)
    np.testing.assert_array_equal(first, degradation.apply(picture, seed=np.random.default_rng(3)))
    np.testing.assert_array_equal(picture, kept)
    assert first.shape == picture.shape
    assert first.dtype == np.float32
    assert 0 <= first.min() <= first.max() <= 1
    if degradation.noise or degradation.salt_pepper:
        assert not np.array_equal(first, degradation.apply(picture, seed=4))


def test_noise_has_its_standard_deviation():
    noisy = Degradation("average", noise=0.1, storage="float").apply(FLAT)
    assert (noisy - FLAT).std() == pytest.approx(0.1, rel=0.02)
    assert (noisy - FLAT).mean() == pytest.approx(0, abs=2e-3)


def test_salt_and_pepper_hit_their_share():
    noisy = Degradation("average", salt_pepper=0.5, storage="float").apply(FLAT)
    assert np.mean(noisy == 0) == pytest.approx(0.25, abs=0.01)
    assert np.mean(noisy == 1) == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(noisy[(noisy > 0) & (noisy < 1)], 0.5, atol=1e-6)


def test_salt_and_pepper_strike_all_colours_of_a_pixel():
    noisy = add_salt_pepper(photograph((40, 50, 3)), 0.5, np.random.default_rng(0))
    struck = (noisy == 0).all(axis=2) | (noisy == 1).all(axis=2)
    assert struck.mean() == pytest.approx(0.5, abs=0.05)


def test_the_order_is_blur_noise_storage():
    sharp = photograph((40, 50))
    degradation = Degradation("gaussian", {"size": 9}, noise=0.05, storage="jpeg", quality=80)
    noise = np.random.default_rng(5).normal(0, 0.05, sharp.shape)
    expected = jpeg(np.clip(BLURS["gaussian"](sharp, size=9) + noise, 0, 1), 80)
    np.testing.assert_array_equal(degradation.apply(sharp, seed=5), expected)


def test_storage():
    sharp = photograph((40, 50))
    assert is_8bit(Degradation("gaussian").apply(sharp))
    assert is_8bit(Degradation("gaussian", noise=0.01).apply(sharp))
    assert not is_8bit(Degradation("gaussian", storage="float").apply(sharp))
    coarse, fine = (Degradation("gaussian", storage="jpeg", quality=quality).apply(sharp) for quality in (20, 95))
    exact = Degradation("gaussian", storage="float").apply(sharp)
    assert np.abs(coarse - exact).mean() > 2 * np.abs(fine - exact).mean()


def test_missing_values_take_their_default():
    assert Degradation("gaussian", {"size": 5}).values == {"size": 5, "sigma": 0.0}
    assert Degradation("median").psf is None
    assert Degradation("bilateral", {"scale": "0-1"}).psf.shape == (9, 9)
    assert Degradation("bilateral").psf is None


def test_equal_degradations_are_equal():
    assert Degradation("gaussian", {"size": 5}) == Degradation("gaussian", {"size": 5, "sigma": 0})
    assert Degradation("gaussian").with_(noise=0.1).noise == 0.1


def test_degradations_of_equal_psfs_are_equal(asymmetric_psf):
    one = Degradation.from_psf(asymmetric_psf)
    assert one == Degradation.from_psf(asymmetric_psf.copy())
    assert len({one, Degradation.from_psf(asymmetric_psf.copy()), Degradation(), Degradation("gaussian", {"sigma": 0, "size": 3.0})}) == 2
    assert one == one.with_(noise=0.1).with_(noise=0.0)
    assert one != Degradation.from_psf(asymmetric_psf[::-1])
    assert one != Degradation("gaussian")


@pytest.mark.parametrize("made", [lambda psf: Degradation("motion", {"length": 5}, 0.02), Degradation.from_psf], ids=["filter", "psf"])
@pytest.mark.parametrize("again", [copy.deepcopy, lambda degradation: pickle.loads(pickle.dumps(degradation))], ids=["copy", "pickle"])
def test_a_degradation_travels(asymmetric_psf, made, again):
    degradation = made(asymmetric_psf)
    assert again(degradation) == degradation
    np.testing.assert_array_equal(again(degradation).apply(photograph((20, 30))), degradation.apply(photograph((20, 30))))


def test_nothing_of_a_degradation_can_be_changed(asymmetric_psf):
    given = {"size": 5}
    degradation = Degradation("gaussian", given)
    given["size"] = 7
    assert degradation.values["size"] == 5
    with pytest.raises(TypeError):
        degradation.values["size"] = 4
    with pytest.raises(ValueError, match="read-only"):
        Degradation.from_psf(asymmetric_psf).psf[0, 0] = 1
    asymmetric_psf[0, 0] = 2  # the caller's own stays writeable


@pytest.mark.parametrize("seed", ["a", -1, 1.5])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_bad_seed_is_named(seed, noise):
    with pytest.raises(ValueError, match=f"seed {seed!r}: expected a whole number of at least 0"):
        Degradation(noise=noise).apply(FLAT, seed)


def test_spoil_returns_a_new_array():
    given = FLAT.copy()
    spoilt = Degradation(storage="float").spoil(given)
    np.testing.assert_array_equal(spoilt, given)
    assert not np.shares_memory(spoilt, given)


def test_from_psf_convolves(asymmetric_psf):
    degradation = Degradation.from_psf(3 * asymmetric_psf, storage="float")
    point = np.zeros((11, 13), np.float32)
    point[5, 6] = 1
    np.testing.assert_allclose(degradation.apply(point)[4:7, 4:9], asymmetric_psf, atol=1e-7)
    np.testing.assert_allclose(degradation.psf, asymmetric_psf)
    np.testing.assert_array_equal(degradation.reblur(point), degradation.apply(point))


def test_noise_variance_counts_rounding():
    assert Degradation(storage="8-bit").noise_variance == pytest.approx(1 / 255**2 / 12)
    assert Degradation(noise=0.1).noise_variance == pytest.approx(0.01, rel=1e-3)
    assert 0 < Degradation(storage="float").noise_variance < 1e-12


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"blur": "gausian"}, "blur 'gausian': expected one of gaussian, average"),
        ({"blur": ["gaussian"]}, r"blur \['gaussian'\]: expected one of gaussian"),
        ({"blur": "gaussian", "custom": np.ones((3, 3))}, "blur 'gaussian' with a PSF: expected one of them"),
        ({"values": None}, r"gaussian values None: expected values by name, such as {\"size\": 3}"),
        ({"values": 3}, "gaussian values 3"),
        ({"values": {"size": 4}}, "size = 4"),
        ({"values": {"radius": 4}}, "no parameter 'radius'"),
        ({"noise": 0.5}, r"noise = 0.5: expected a number from 0 to 0.2"),
        ({"noise": float("nan")}, "noise = nan"),
        ({"noise": "much"}, "noise = 'much'"),
        ({"salt_pepper": -0.1}, "salt_pepper = -0.1"),
        ({"storage": "16-bit"}, "storage = '16-bit': expected one of float, 8-bit, jpeg"),
        ({"quality": 0}, "quality = 0"),
    ],
)
def test_bad_values_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        Degradation(**given)


def test_draws_stay_within_what_the_sliders_offer():
    rng = np.random.default_rng(0)
    drawn = [draw(rng, max_reach=13, max_noise=0.1) for _ in range(600)]
    assert {degradation.blur for degradation in drawn} == set(BLURS)
    for degradation in drawn:
        blur = BLURS[degradation.blur]
        assert blur.reach(**degradation.values) <= 13
        for param in blur.params:
            value = degradation.values[param.name]
            assert param.check(value) == value
            if isinstance(param, Choice) or param.whole:
                continue
            assert (value - param.low) / param.step == pytest.approx(round((value - param.low) / param.step), abs=1e-6)
        for param in AFTER_BLUR:
            param.check(getattr(degradation, param.name))
        assert degradation.noise <= 0.1
    assert 0.25 < np.mean([degradation.noise == 0 for degradation in drawn]) < 0.42
    assert {degradation.storage for degradation in drawn} == {"float", "8-bit", "jpeg"}


def test_draws_are_seeded():
    assert [draw(np.random.default_rng(1)) for _ in range(3)] == [draw(np.random.default_rng(1)) for _ in range(3)]
