from types import SimpleNamespace

import numpy as np
import pytest

from deblur.blur import BLURS
from deblur.compare import NOTHING, TRUTH, compare, residual
from deblur.degrade import Degradation
from deblur.metrics import psnr
from deblur.restore import RESTORERS


@pytest.mark.parametrize("blur", BLURS)
def test_every_restorer_has_its_place_with_a_picture_or_a_reason(picture, blur) -> None:
    degradation = Degradation(blur)
    blurred = degradation.apply(picture)
    entries = list(compare(blurred, degradation, picture))
    assert [entry.name for entry in entries] == [NOTHING, *RESTORERS, TRUTH]
    for entry in entries:
        assert (entry.picture is None) == (entry.reason is not None)
        if entry.picture is not None:
            assert entry.picture.shape == picture.shape
            assert entry.scores.psnr == psnr(entry.picture, picture)
            assert np.isfinite(entry.residual)


def test_each_is_handed_out_before_the_next_is_at_work(picture) -> None:
    asked = []

    def watched(name: str) -> SimpleNamespace:
        return SimpleNamespace(restore=lambda blurred, degradation: asked.append(name) or blurred)

    at_work = compare(picture, Degradation(), picture, {name: watched(name) for name in ("first", "second")})
    assert [(next(at_work).name, list(asked)) for _ in range(4)] == [
        (NOTHING, []), ("first", ["first"]), ("second", ["first", "second"]), (TRUTH, ["first", "second"]),
    ]  # fmt: skip


def test_the_residual_is_counted_in_grey_levels(picture) -> None:
    degradation = Degradation("average", {"size": 5})
    blurred = degradation.apply(picture)
    assert residual(picture, blurred, degradation) == pytest.approx(12**-0.5, rel=0.05)  # the rounding to 8 bits alone
    assert residual(blurred, blurred, degradation) > 3
    assert residual(picture, picture, Degradation("motion", {"length": 2, "angle": 0})) > 1


def test_without_the_truth_only_the_residual_is_told(picture) -> None:
    degradation = Degradation()
    entries = list(compare(degradation.apply(picture), degradation))
    assert entries[-1].name != TRUTH
    assert all(entry.scores is None for entry in entries)
