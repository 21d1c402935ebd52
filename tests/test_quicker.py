"""The universal network in forms that go over some pictures sooner."""

import numpy as np
import pytest

from deblur import quicker, universal, weights
from deblur.degrade import Degradation
from deblur.metrics import psnr
from deblur.physics import hand_over

from .conftest import photograph

NETWORK = weights.load("universal")


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The forms that a network was asked for in."""
    forms: list[str] = []
    for form in (quicker.compiled, quicker.in_bfloat16):
        monkeypatch.setattr(quicker, form.__name__, lambda network, form=form: forms.append(form.__name__) or form(network))
    return forms


@pytest.mark.parametrize("noise", [0, 0.03])
@pytest.mark.parametrize("shape", [(121, 158), (118, 107, 3)])
def test_half_the_precision_costs_next_to_nothing(asked, monkeypatch, shape, noise):
    degradation = Degradation("gaussian", noise=noise)
    sharp = photograph(shape)
    blurred = degradation.apply(sharp)
    answers = []
    for has in (False, True):
        monkeypatch.setattr(quicker, "has_bfloat16", lambda has=has: has)
        answers.append(universal.restore_with(NETWORK, blurred, degradation, colours=True))
    assert asked == ["in_bfloat16"]
    exact, rounded = answers
    assert 0 < np.abs(exact - rounded).max() < 0.01
    assert psnr(sharp, rounded) > psnr(sharp, exact) - 0.01


def test_a_colour_is_restored_as_if_it_were_grey_in_half_the_precision_too(monkeypatch):
    monkeypatch.setattr(quicker, "has_bfloat16", lambda: True)
    degradation = Degradation("defocus", noise=0.01)
    blurred = degradation.apply(photograph((107, 118, 3)))
    alone = [universal.restore_with(NETWORK, np.ascontiguousarray(blurred[..., channel]), degradation) for channel in range(3)]
    np.testing.assert_allclose(universal.restore_with(NETWORK, blurred, degradation, colours=True), np.stack(alone, axis=-1), atol=1 / 255)


@pytest.mark.parametrize(("shape", "storage"), [((121, 158), "float"), ((41, 58), "8-bit")])
def test_the_precision_is_kept_where_it_counts_or_costs_no_time(asked, monkeypatch, shape, storage):
    monkeypatch.setattr(quicker, "has_bfloat16", lambda: True)
    degradation = Degradation("gaussian", storage=storage)
    universal.restore_with(NETWORK, degradation.apply(photograph(shape)), degradation)
    assert not asked


@pytest.mark.parametrize("shape", [(301, 197), (150, 413)])
def test_tiles_equal_the_whole_in_half_the_precision_too(shape):
    degradation = Degradation("gaussian", {"size": 9, "sigma": 2}, noise=0.02)
    planes, vector = hand_over(degradation.apply(photograph(shape)), degradation)
    whole, tiled = (universal.run(quicker.in_bfloat16(NETWORK), planes, vector, tile) for tile in (1024, 2 * universal.MARGIN + 48))
    assert np.abs(whole - tiled).max() < 1e-4


@pytest.mark.parametrize(("flags", "switch", "has"), [({"avx2", "avx512_bf16"}, None, True), ({"avx512_bf16"}, "1", True), ({"avx512_bf16"}, "0", False), ({"avx512_bf16"}, "False", False), ({"avx2"}, None, False)])
def test_it_is_taken_where_processor_and_tensorflow_have_it(monkeypatch, flags, switch, has):
    monkeypatch.setattr(quicker, "_processor_flags", lambda: frozenset(flags))
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if switch:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", switch)
    assert quicker.has_bfloat16() is has


def test_a_network_that_may_still_change_is_not_copied():
    changing = weights.networks.universal(widths=(8, 8), blocks=(1, 1))
    with pytest.raises(ValueError, match="may still be trained"):
        quicker.in_bfloat16(changing)
