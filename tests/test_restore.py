"""The registry of restorers: one contract, whatever the blur; and bad input."""

import shutil
import time

import numpy as np
import pytest

from deblur import cards, restore
from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.metrics import psnr
from deblur.reasons import InputError, Reason
from deblur.restore import RESTORERS

from .conftest import photograph

CLASSICAL = ["unsharp", "inverse", "wiener", "richardson_lucy", "total_variation", "reverse"]
AFTER = {
    "stored": {},
    "noisy": {"noise": 0.05},
    "in float": {"storage": "float"},
    "struck": {"salt_pepper": 0.3},
    "jpeg": {"storage": "jpeg", "quality": 30},
}
WITH_PSF = [name for name in CLASSICAL if name not in ("unsharp", "reverse")]


@pytest.mark.parametrize("restorer", RESTORERS)
@pytest.mark.parametrize("blur", BLURS)
@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
def test_a_picture_or_a_reason(restorer, blur, after, picture):
    degradation = Degradation(blur, **after)
    blurred = degradation.apply(picture)
    kept = blurred.copy()
    reason = RESTORERS[restorer].accepts(degradation, blurred.shape)
    if reason:
        assert len(reason.split()) > 3
        with pytest.raises(ValueError) as caught:
            RESTORERS[restorer].restore(blurred, degradation)
        assert str(caught.value) == reason
        return
    restored = RESTORERS[restorer].restore(blurred, degradation)
    assert restored.shape == blurred.shape
    assert restored.dtype == np.float32
    assert np.isfinite(restored).all()
    assert 0 <= restored.min() <= restored.max() <= 1
    np.testing.assert_array_equal(blurred, kept)


@pytest.mark.parametrize("restorer", WITH_PSF)
@pytest.mark.parametrize("blur", ["median", "bilateral"])
def test_what_needs_a_psf_says_so(restorer, blur):
    assert f"{blur} is no convolution" in RESTORERS[restorer].accepts(Degradation(blur), (28, 28))


@pytest.mark.parametrize("restorer", ["wiener", "total_variation", "richardson_lucy"])
@pytest.mark.parametrize("blur", ["gaussian", "average", "motion", "defocus"])
def test_the_default_strength_helps(restorer, blur):
    degradation = Degradation(blur, noise=0.005)
    sharp = photograph((40, 45))
    blurred = degradation.apply(sharp)
    assert psnr(RESTORERS[restorer].restore(blurred, degradation), sharp) > psnr(blurred, sharp)


@pytest.mark.parametrize("restorer", CLASSICAL)
def test_quick_enough_to_follow_a_slider(restorer):
    degradation = Degradation("motion", noise=0.01)
    blurred = degradation.apply(photograph((28, 28)))
    RESTORERS[restorer].restore(blurred, degradation)  # imports and factorises
    start = time.process_time()
    for _ in range(5):
        RESTORERS[restorer].restore(blurred, degradation)
    assert (time.process_time() - start) / 5 < 0.25  # 50 ms where nothing else runs


@pytest.mark.parametrize("restorer", CLASSICAL)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("blur", ["gaussian", "motion"])
def test_a_flat_picture_stays_flat(restorer, level, blur):
    flat = np.full((28, 33), level, np.float32)
    np.testing.assert_allclose(RESTORERS[restorer].restore(flat, Degradation(blur)), flat, atol=2e-3)


@pytest.mark.parametrize("restorer", CLASSICAL)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (2, 40), (3, 3, 3), (1, 40, 3)])
@pytest.mark.parametrize("blur", ["gaussian", "motion", "median"])
def test_tiny_pictures_give_a_finite_answer_or_a_reason(restorer, shape, blur):
    tiny = np.random.default_rng(0).random(shape).astype(np.float32)
    reason = RESTORERS[restorer].accepts(Degradation(blur), shape)
    if reason:
        with pytest.raises(ValueError, match=r"expected|Choose"):
            RESTORERS[restorer].restore(tiny, Degradation(blur))
    else:
        assert np.isfinite(RESTORERS[restorer].restore(tiny, Degradation(blur))).all()


@pytest.mark.parametrize("restorer", WITH_PSF)
def test_a_psf_larger_than_the_picture_is_refused(restorer):
    degradation = Degradation("gaussian", {"size": 31, "sigma": 8})
    with pytest.raises(ValueError, match="picture of 12×40 px is smaller than its blur: expected at least 16×16 px"):
        RESTORERS[restorer].restore(photograph((12, 40)), degradation)


@pytest.mark.parametrize("restorer", RESTORERS)
@pytest.mark.parametrize(
    "bad",
    [
        np.full((30, 30), np.nan),
        np.full((30, 30), np.inf),
        np.zeros((0, 30)),
        np.zeros((30, 30, 2)),
        np.full((30, 30), 255.0),
        "picture",
        None,
    ],
    ids=["nan", "infinite", "empty", "two channels", "0-255", "text", "nothing"],
)
def test_bad_pictures_are_refused(restorer, bad):
    with pytest.raises(ValueError, match="expected"):
        RESTORERS[restorer].restore(bad, Degradation())


@pytest.mark.parametrize("restorer", RESTORERS)
@pytest.mark.parametrize("bad", ["gaussian", None, np.ones((3, 3))], ids=["text", "nothing", "psf"])
def test_what_is_no_degradation_is_refused(restorer, bad):
    with pytest.raises(ValueError, match="expected a Degradation"):
        RESTORERS[restorer].restore(photograph((28, 28)), bad)


@pytest.mark.parametrize("restorer", RESTORERS.values(), ids=RESTORERS)
def test_bad_strengths_are_named(restorer):
    for param in restorer.params:
        with pytest.raises(ValueError, match=f"{param.name} = nan: expected"):
            restorer.restore(photograph((28, 28)), Degradation(), **{param.name: float("nan")})
    with pytest.raises(ValueError, match=f"{restorer.name} has no parameter 'power'"):
        restorer.restore(photograph((28, 28)), Degradation(), power=1)


@pytest.mark.parametrize("restorer", CLASSICAL)
@pytest.mark.parametrize("psf", [np.eye(7)[:4], np.ones((1, 6)), np.arange(1.0, 10.0).reshape(3, 3)], ids=["even", "a row", "asymmetric"])
def test_any_psf_will_do(restorer, psf):
    degradation = Degradation.from_psf(psf, storage="float")
    sharp = photograph((28, 33))
    restored = RESTORERS[restorer].restore(degradation.apply(sharp), degradation)
    assert np.isfinite(restored).all()


@pytest.mark.parametrize("restorer", CLASSICAL)
@pytest.mark.parametrize("blur", ["average", "motion"])
def test_the_ends_of_every_strength_are_finite(restorer, blur):
    degradation = Degradation(blur, storage="float")
    blurred = degradation.apply(photograph((20, 23)))
    for param in RESTORERS[restorer].params:
        for end in (param.low, param.high):
            assert np.isfinite(RESTORERS[restorer].restore(blurred, degradation, **{param.name: end})).all()


def test_a_reason_becomes_an_error_whatever_its_sentence():
    reason = Reason("odd", "braces {{}} and {what}", what="{a}")
    error = InputError.of(reason)
    assert str(error) == reason == "braces {} and {a}"
    assert error.reason is reason


def test_only_the_network_that_is_meant_must_be_there(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    shutil.copytree(cards.WEIGHTS, folder, ignore=shutil.ignore_patterns(".*"))
    monkeypatch.setattr(restore, "read_card", lambda name: cards.read_card(name, folder))
    monkeypatch.setattr(restore, "checked_file", lambda card: cards.checked_file(card, folder))
    restore._check_weights.cache_clear()
    thesis = RESTORERS["thesis"]
    file = folder / "thesis-median.keras"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert thesis.accepts(Degradation("gaussian"), (28, 28)) is None
    assert thesis.accepts(Degradation("median"), (28, 28), network="thesis-gaussian") is None
    assert "weights thesis-median: damaged" in thesis.accepts(Degradation("gaussian"), (28, 28), network="thesis-median")
    with pytest.raises(ValueError, match="weights thesis-median: damaged"):
        thesis.restore(photograph((28, 28)), Degradation("median"))
    file.write_bytes(whole)
    assert thesis.accepts(Degradation("median"), (28, 28)) is None, "a mended file serves without a restart"
    restore._check_weights.cache_clear()
    with pytest.raises(ValueError, match="network = 'other'"):
        thesis.accepts(Degradation(), (28, 28), network="other")
