import csv
import json
from pathlib import Path

import numpy as np
import pytest

import train
from deblur import data
from deblur.cards import WEIGHTS
from deblur.epochs import KEPT, gather, keep, load_epochs
from deblur.weights import load

ARRAYS = [np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4), np.array([0.5], np.float32)]


@pytest.fixture
def gathered(tmp_path) -> Path:
    for epoch in range(4):
        keep([array * (epoch + 1) for array in ARRAYS], epoch, tmp_path / "kept")
    gather("small", [0.3, 0.2, 0.1], "python train.py small --keep-epochs", "abc", tmp_path / "kept", tmp_path)
    return tmp_path


def test_what_is_kept_comes_back_to_half_precision(gathered) -> None:
    found = load_epochs("small", gathered)
    assert found.epochs == (0, 1, 2, 3) and found.losses == (0.3, 0.2, 0.1)
    assert (found.command, found.commit) == ("python train.py small --keep-epochs", "abc")
    for epoch in found.epochs:
        for stored, array in zip(found.weights[epoch], ARRAYS, strict=True):
            assert stored.dtype == np.float32 and stored.shape == array.shape
            assert np.allclose(stored, array * (epoch + 1), rtol=1e-3)


def test_only_the_chosen_epochs_are_kept(tmp_path) -> None:
    for epoch in range(9):
        keep(ARRAYS, epoch, tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {f"epoch-{epoch}" for epoch in KEPT if epoch < 9}


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-20], lambda data: b"x" * 500])
@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_missing_or_damaged_epochs_are_named_with_the_way_to_make_them(gathered, damage, suffix) -> None:
    path = gathered / f"small.epochs.{suffix}"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"epochs of small are not there or damaged.*python train\.py small --keep-epochs"):
        load_epochs("small", gathered)
    path.unlink()
    with pytest.raises(ValueError, match="epochs of small"):
        load_epochs("small", gathered)


def test_the_shipped_epochs_are_those_of_the_shipped_network() -> None:
    found = load_epochs("thesis-gaussian")
    assert found.epochs == KEPT and (WEIGHTS / "thesis-gaussian.epochs.npz").stat().st_size < 600_000
    for kept, shipped in zip(found.weights[100], load("thesis-gaussian").get_weights(), strict=True):
        assert np.array_equal(kept, shipped.astype(np.float16).astype(np.float32))
    history = csv.DictReader((WEIGHTS / "thesis-gaussian.csv").read_text().splitlines())
    assert np.allclose(found.losses, [float(row["loss"]) for row in history], rtol=1e-6)


WORDS = ["thesis-average", "--images", "300", "--batch", "100", "--keep-epochs"]


def test_the_command_keeps_epochs_also_when_it_goes_on(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(train, "load_fashion_mnist", lambda split, folder=None: data.load_fashion_mnist("test"))
    into = ["--into", str(tmp_path)]
    assert train.main([*WORDS, "--epochs", "1", *into]) == 0
    first = load_epochs("thesis-average", tmp_path)
    assert first.epochs == (0, 1) and first.command.endswith(" ".join(into))
    assert train.main([*WORDS, "--epochs", "2", *into, "--resume"]) == 0
    resumed = load_epochs("thesis-average", tmp_path)
    assert resumed.epochs == (0, 1, 2) and len(resumed.losses) == 2
    for kept, last in zip(resumed.weights[2], load("thesis-average", tmp_path).get_weights(), strict=True):
        assert np.allclose(kept, last, rtol=1e-3, atol=1e-6)
    for before, after in zip(first.weights[1], resumed.weights[1], strict=True):
        assert np.array_equal(before, after)


def test_a_run_begun_without_keeping_epochs_cannot_go_on_with_it(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(train, "load_fashion_mnist", lambda split, folder=None: data.load_fashion_mnist("test"))
    train.main([*WORDS[:-1], "--epochs", "1", "--into", str(tmp_path)])
    assert not list(tmp_path.glob("*.epochs.*"))
    with pytest.raises(SystemExit):
        train.main([*WORDS, "--epochs", "2", "--into", str(tmp_path), "--resume"])
    assert "keep_epochs" in capsys.readouterr().err


def test_the_description_names_the_file(gathered) -> None:
    about = json.loads((gathered / "small.epochs.json").read_text())
    assert about["name"] == "small" and len(about["sha256"]) == 64
