import csv
import json

import cv2
import numpy as np
import pytest

from deblur import evaluate, weights
from deblur.cards import Card, read_card
from deblur.data import load_fashion_mnist
from deblur.image import from_bytes
from deblur.thesis import EXPERIMENTS, as_batch, run_in_tiles

from .conftest import ROOT


@pytest.fixture(scope="module")
def garments() -> np.ndarray:
    return load_fashion_mnist("test")[0][:20]


def test_gaussian_and_average_are_opencvs(garments) -> None:
    for name, call in (("thesis-gaussian", lambda x: cv2.GaussianBlur(x, (3, 3), 0)), ("thesis-average", lambda x: cv2.blur(x, (3, 3)))):
        expected = np.stack([call(from_bytes(picture)) for picture in garments])
        assert np.abs(EXPERIMENTS[name].blur(garments) - expected).max() < 1e-6


def test_the_printed_median_is_the_clipped_one_and_leaves_a_silhouette(garments) -> None:
    expected = np.stack([np.clip(cv2.medianBlur(picture, 5).astype(np.float32), 0.0, 1.0) for picture in garments])
    printed = EXPERIMENTS["thesis-median-printed"].blur(garments)
    assert np.array_equal(printed, expected)
    assert set(np.unique(printed)) == {0.0, 1.0}
    assert np.array_equal(
        EXPERIMENTS["thesis-median"].blur(garments), from_bytes(np.stack([cv2.medianBlur(picture, 5) for picture in garments]))
    )


def test_the_printed_bilateral_is_a_disk_average(garments) -> None:
    rows, columns = np.mgrid[-4:5, -4:5]
    disk = (rows**2 + columns**2 <= 16).astype(np.float32)
    assert disk.sum() == 49
    expected = np.stack([cv2.filter2D(from_bytes(picture), -1, disk / 49) for picture in garments])
    assert np.abs(EXPERIMENTS["thesis-bilateral-printed"].blur(garments) - expected).max() < 4e-4
    meant = np.stack([cv2.bilateralFilter(picture, 9, 75, 75) for picture in garments])
    assert np.array_equal(EXPERIMENTS["thesis-bilateral"].blur(garments), from_bytes(meant))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_cards_figure_is_what_its_network_reaches(name) -> None:
    """On every twentieth test garment, so a little off the 10,000; the whole set is what `evaluate thesis` measures."""
    images = load_fashion_mnist("test")[0][evaluate.SUBSET]
    restored = evaluate.predict(name, EXPERIMENTS[name].blur(images))
    figures = read_card(name).figures
    assert evaluate.set_scores(restored, from_bytes(images))["psnr"] == pytest.approx(figures["subset_psnr"], abs=0.05)
    assert figures["subset_psnr"] == pytest.approx(figures["psnr"], abs=0.3)


@pytest.mark.parametrize("shape", [(1, 70, 83), (3, 32, 33), (2, 1, 100)])
def test_tiles_join_without_a_seam(shape) -> None:
    network = weights.load("thesis-gaussian")
    planes = np.random.default_rng(0).random(shape, dtype=np.float32)
    assert np.abs(run_in_tiles(network, planes, tile=24) - np.asarray(network(planes[..., None]))[..., 0]).max() < 1e-6


def test_a_large_picture_is_never_given_whole_to_the_network() -> None:
    given = []
    run_in_tiles(lambda few: given.append(few.shape) or few, np.zeros((3, 1200, 1100), np.float32))
    assert len(given) == 9
    assert max(shape[1] for shape in given) == max(shape[2] for shape in given) == 512 + 2 * 8


def test_the_definitions_differ_and_the_first_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    sharp, restored = (rng.random((4, 6, 7)).astype(np.float32) for _ in range(2))
    expected = 100 * np.sum((restored.astype(np.float64) - sharp) ** 2) / np.sum(sharp.astype(np.float64) ** 2)
    values = [measure(restored, sharp) for measure in evaluate.DEFINITIONS.values()]
    assert values[0] == pytest.approx(expected)
    assert len({round(value, 6) for value in values}) == len(values)


@pytest.fixture
def rows() -> list[dict]:
    return json.loads((ROOT / "reports" / "thesis.json").read_text())["rows"]


def test_the_reports_are_those_of_their_numbers(rows) -> None:
    assert evaluate.markdown(rows) == (ROOT / "reports" / "thesis.md").read_text()
    assert evaluate._csv(rows) == (ROOT / "reports" / "thesis.csv").read_text()


def test_the_paper_has_numbers_for_the_printed_settings_alone(rows) -> None:
    assert [row["paper_error"] for row in rows] == [experiment.paper_error for experiment in EXPERIMENTS.values()]
    assert [experiment.paper_error is None for experiment in EXPERIMENTS.values()] == [not row["printed"] for row in rows]
    table = list(csv.DictReader((ROOT / "reports" / "thesis.csv").read_text().splitlines()))
    assert [row["paper_error"] for row in table] == ["1.65", "2.46", "17.94", "8.46", "", ""]


def test_the_report_makes_its_folders(tmp_path, monkeypatch, capsys) -> None:
    images, labels = load_fashion_mnist("test")
    first = [int(np.flatnonzero(labels == label)[0]) for label in range(10)]
    monkeypatch.setattr(evaluate, "load_fashion_mnist", lambda split: (images[first], labels[first]))
    monkeypatch.setattr(evaluate, "SUBSET", slice(None))
    monkeypatch.setattr(Card, "write", lambda card: None)
    folder = tmp_path / "new" / "reports"
    written = evaluate.thesis_report(folder)
    assert {path.name for path in folder.iterdir()} == {"thesis.md", "thesis.csv", "thesis.json", "figures"}
    assert len(list((folder / "figures").iterdir())) == 2 * len(EXPERIMENTS)
    assert json.loads((folder / "thesis.json").read_text())["rows"] == json.loads(json.dumps(written))
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("paper 1.65") and told[-1].endswith("paper –")


def test_the_readme_shows_the_reports_table(rows) -> None:
    assert evaluate.thesis_table(rows) in (ROOT / "README.md").read_text()
    for row in rows:
        assert row["restored"]["psnr"] == read_card(row["name"]).figures["psnr"]


def test_the_readme_shows_the_universal_networks_card() -> None:
    assert evaluate.universal_table(read_card("universal").figures["garments"]) in (ROOT / "README.md").read_text()


def test_as_batch_adds_the_channel_and_scales_levels(garments) -> None:
    assert as_batch(garments).shape == (20, 28, 28, 1)
    assert as_batch(garments).max() <= 1.0
    assert weights.load("thesis-gaussian")(as_batch(garments)).shape == (20, 28, 28, 1)
