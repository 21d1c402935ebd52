"""Blur, then noise, then storage."""

import copy
import pickle

import numpy as np
import pytest

from deblur.blur import BLURS, convolve
from deblur.degrade import AFTER_BLUR, LEVEL, Degradation, add_salt_pepper, draw
from deblur.image import is_8bit, jpeg
from deblur.metrics import psnr
from deblur.params import Choice
from deblur.restore import RESTORERS

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


@pytest.mark.parametrize("shape", [(61, 83), (58, 47, 3)])
@pytest.mark.parametrize("values", [{"size": 3}, {"size": 9, "sigma": 1.3}, {"size": 15}, {"size": 31, "sigma": 8.0}], ids=str)
def test_the_psf_of_bytes_is_that_of_opencvs_8_bit_code(shape, values):
    """Every stored pixel lies within half a level of the convolution with it."""
    sharp, degradation = photograph(shape), Degradation("gaussian", values)
    stored = degradation.apply(sharp)
    assert np.abs(stored - degradation.reblur(sharp)).max() <= LEVEL / 2 + 1e-6
    assert np.abs(stored - convolve(sharp.astype(np.float64), degradation.psf)).max() <= LEVEL / 2 + 1e-6


@pytest.mark.parametrize("change", [{"noise": 0.01}, {"salt_pepper": 0.1}, {"storage": "float"}, {"storage": "jpeg"}, {"border": "unknown"}], ids=str)
def test_what_was_not_blurred_in_bytes_has_the_filters_own_psf(change):
    values = {"size": 15, "sigma": 2.2}
    own = BLURS["gaussian"].psf(**values)
    np.testing.assert_array_equal(Degradation("gaussian", values, **change).psf, own)
    assert np.abs(Degradation("gaussian", values).psf / own - 1).max() > 0.1


def test_an_inverse_that_knows_the_weights_of_bytes_brings_back_more():
    sharp, degradation = photograph((70, 90)), Degradation("gaussian", {"size": 31, "sigma": 3.7})
    blurred = degradation.apply(sharp)
    unknowing = Degradation.from_psf(BLURS["gaussian"].psf(**degradation.values))
    for name in ("total_variation", "richardson_lucy"):
        knows, guesses = (psnr(RESTORERS[name].restore(blurred, told), sharp) for told in (degradation, unknowing))
        assert knows > guesses


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
