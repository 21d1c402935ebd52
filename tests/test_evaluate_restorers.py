"""The report on all restorers, on a small part of the grid."""

import json

import numpy as np
import pytest

from deblur import evaluate_restorers
from deblur.blur import BLURS
from deblur.evaluate_restorers import FILTERS, SHAKE, Kind
from deblur.image import write_image
from deblur.report_restorers import Row, markdown
from deblur.restore import RESTORERS

from .conftest import photograph


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_restorers, "GARMENTS", Kind(1, 2))
    monkeypatch.setattr(evaluate_restorers, "NOISES", (0.0,))
    monkeypatch.setattr(evaluate_restorers, "FILTERS", {name: (grows, sizes[:2], others) for name, (grows, sizes, others) in FILTERS.items()})
    monkeypatch.setattr(evaluate_restorers, "EXPERIMENTS", {})
    monkeypatch.setattr(evaluate_restorers, "TUNING", {"wiener": ({"strength": 0.0}, {"strength": 3.0})})
    monkeypatch.setattr(evaluate_restorers, "RESTORERS", {name: RESTORERS[name] for name in ("unsharp", "wiener")})
    evaluate_restorers.run(tmp_path)
    return tmp_path


def test_the_report_covers_the_grid(report):
    rows = json.loads((report / "restorers.json").read_text())["rows"]
    assert {row["blur"] for row in rows} == {*BLURS, SHAKE}
    assert len(rows) == 2 * 14 + 10  # nothing and unsharp everywhere, Wiener where there is a PSF
    assert all(np.isfinite(row["psnr"]) for row in rows)
    assert all(row["gain"] > 3 for row in rows if row["restorer"] == "wiener")
    assert (report / "restorers.md").read_text().count("\n| defocus | ") == 2
    assert len((report / "restorers.csv").read_text().splitlines()) == len(rows) + 1
    assert {path.name for path in report.glob("*.png")} == {f"restorers-garments-{figure}.png" for figure in ("size", "noise", "wrong-tool")}


def test_photographs_come_from_the_right_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_restorers, "PHOTOGRAPHS", Kind(2, 1, 33))
    for split, level in (("train", 0.2), ("val", 0.8)):
        (tmp_path / split).mkdir()
        for number in range(2):
            write_image(tmp_path / split / f"{number}.jpg", np.full((40, 50, 3), level, np.float32))
    tuning, shown = evaluate_restorers.photographs(tmp_path, 0)
    assert [picture.shape for picture in tuning] == [(33, 33)] * 2
    assert len(shown) == 1
    np.testing.assert_allclose(tuning[0], 0.2, atol=0.01)
    np.testing.assert_allclose(shown[0], 0.8, atol=0.01)


def test_every_size_is_one_the_filter_takes():
    for blur, (grows, sizes, others) in FILTERS.items():
        assert len(sizes) >= (3 if blur == SHAKE else 4)
        for size in sizes:
            evaluate_restorers.degraded(blur, {grows: size, **others}).apply(photograph((40, 41)))


def test_every_restorer_with_a_strength_is_tuned():
    for name, strengths in evaluate_restorers.TUNING.items():
        params = {param.name: param for param in RESTORERS[name].params}
        for strength in strengths:
            assert set(strength) <= set(params)
            for key, value in strength.items():
                params[key].check(value)


def test_the_gain_is_told_over_all_and_over_those_that_invert():
    """Where nothing inverts, over doing nothing."""
    psnr = {"gaussian": {"nothing": 20, "wiener": 25, "total_variation": 26, "reverse": 27, "universal": 29}, "median": {"nothing": 22, "reverse": 22.5, "universal": 23}}
    rows = [Row("garments", blur, 3.0, 0.0, name, "", value, value - scores["nothing"], 1.0, 0.0, 1.0) for blur, scores in psnr.items() for name, value in scores.items()]
    told = markdown(rows, {"garments": {"universal": {"gaussian": 9.0}}}, 0, 1.0)
    assert "the best other answer, doing nothing included: +1.25 dB on average, +0.50 dB in its worst cell" in told
    assert "total variation, or doing nothing: +2.00 dB on average, +1.00 dB in its worst cell" in told
