import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tqdm

import train
from deblur.cards import read_card
from deblur.networks import thesis_autoencoder
from deblur.training import train_epochs

ROOT = Path(__file__).parent.parent


def pairs(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    sharp = np.random.default_rng(0).random((count, 10, 10, 1), dtype=np.float32)
    return (sharp + np.roll(sharp, 1, axis=2)) / 2, sharp


def run(epochs: int, folder: Path | None = None, **more: object) -> tuple[list, list[np.ndarray]]:
    keras.utils.set_random_seed(2)
    network = thesis_autoencoder(filters=(4, 2))
    rows = list(train_epochs(network, *pairs(), epochs=epochs, batch=20, checkpoint=folder, **more))
    return rows, network.get_weights()


@pytest.mark.parametrize("collapse", [True, False])
def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path, collapse) -> None:
    rows, unbroken = run(4, collapse=collapse)
    run(2, tmp_path, collapse=collapse)
    resumed_rows, resumed = run(4, tmp_path, collapse=collapse)
    assert [row["epoch"] for row in resumed_rows] == [1, 2, 3, 4]
    assert [row["loss"] for row in resumed_rows] == pytest.approx([row["loss"] for row in rows], rel=1e-6)
    for one, other in zip(unbroken, resumed, strict=True):
        assert np.abs(one - other).max() < 1e-6


def test_collapsed_and_plain_training_have_the_same_loss_curve() -> None:
    assert [row["loss"] for row in run(3)[0]] == pytest.approx([row["loss"] for row in run(3, collapse=False)[0]], rel=1e-4)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_the_reported_loss_is_the_formula(loss) -> None:
    keras.utils.set_random_seed(2)
    network = thesis_autoencoder(filters=(4, 2))
    blurred, sharp = pairs(20)
    row = next(iter(train_epochs(network, blurred, sharp, epochs=1, batch=20, loss=loss, learning_rate=0.0, validation=(blurred, sharp))))
    restored = np.asarray(network(blurred)).astype(np.float64)
    formula = {
        "mse": np.mean((restored - sharp) ** 2),
        "binary_crossentropy": -np.mean(sharp * np.log(restored) + (1 - sharp) * np.log(1 - restored)),
    }[loss]
    assert row["loss"] == pytest.approx(formula, rel=1e-4)
    assert row["val_loss"] == pytest.approx(formula, rel=1e-4)


@pytest.fixture
def small_data(tmp_path, monkeypatch) -> Path:
    """The test split in the place of the training split, so that the command needs no download; nothing is measured on it."""
    from deblur import data

    monkeypatch.setattr(train, "load_fashion_mnist", lambda split, folder=None: data.load_fashion_mnist("test"))
    return tmp_path


def test_the_command_writes_weights_card_history_and_plot(small_data) -> None:
    assert train.main(["thesis-average", "--epochs", "1", "--images", "300", "--batch", "100", "--into", str(small_data)]) == 0
    card = read_card("thesis-average", small_data)
    assert card.training["epochs"] == 1 and card.data["pictures"] == 300
    assert (small_data / "thesis-average.png").read_bytes().startswith(b"\x89PNG")
    assert (small_data / "thesis-average.csv").read_text().startswith("epoch,loss,seconds\n1,")
    train.main(["thesis-average", "--epochs", "2", "--images", "300", "--batch", "100", "--into", str(small_data), "--resume"])
    assert len((small_data / "thesis-average.csv").read_text().splitlines()) == 3


SHORT = ["thesis-average", "--images", "300", "--batch", "100"]


def test_a_finished_run_keeps_its_figures_and_a_longer_one_does_not(small_data) -> None:
    words = [*SHORT, "--into", str(small_data)]
    train.main([*words, "--epochs", "1"])
    replace(read_card("thesis-average", small_data), figures={"psnr": 20.0}).write(small_data)
    assert train.main([*words, "--epochs", "1", "--resume"]) == 0
    assert read_card("thesis-average", small_data).figures == {"psnr": 20.0}
    assert train.main([*words, "--epochs", "2", "--resume"]) == 0
    assert read_card("thesis-average", small_data).figures == {}


def test_the_time_left_counts_what_is_left(small_data, monkeypatch) -> None:
    words = [*SHORT, "--into", str(small_data)]
    train.main([*words, "--epochs", "1"])
    bars = []
    monkeypatch.setattr(tqdm, "tqdm", lambda **given: bars.append(tqdm.std.tqdm(**given)) or bars[-1])
    train.main([*words, "--epochs", "2", "--resume"])
    assert (bars[0].initial, bars[0].n, bars[0].total) == (3, 6, 6)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["--loss", "binary_crossentropy"], "loss mse, not binary_crossentropy"),
        (["--batch", "150"], "batch 100, not 150"),
        (["--seed", "1"], "seed 0, not 1"),
        (["--images", "200"], "images 300, not 200"),
        (["--plain"], "plain False, not True"),
        (["--validate-on-test"], "validation none, not test"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(small_data, changed, told, capsys) -> None:
    begun = [*SHORT, "--epochs", "1", "--into", str(small_data)]
    train.main(begun)
    with pytest.raises(SystemExit) as stop:
        train.main([*begun, *changed, "--resume"])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-200], lambda data: b"x" * 500])
def test_a_damaged_checkpoint_is_named(small_data, damage, capsys) -> None:
    state = small_data / ".thesis-average" / "state.npz"
    begun = [*SHORT, "--epochs", "1", "--into", str(small_data)]
    train.main(begun)
    state.write_bytes(damage(state.read_bytes()))
    with pytest.raises(SystemExit) as stop:
        train.main([*begun, "--resume"])
    assert stop.value.code == 2
    assert f"{state} is damaged" in capsys.readouterr().err


def test_nothing_to_resume_is_said_but_not_for_all(small_data, monkeypatch, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        train.main([*SHORT, "--resume", "--into", str(small_data)])
    assert stop.value.code == 2
    assert "--resume: expected a checkpoint in" in capsys.readouterr().err
    monkeypatch.setattr(train, "train", lambda *given: None)
    assert train.main(["all", "--resume", "--into", str(small_data)]) == 0


def test_a_mistake_in_the_program_is_not_blamed_on_the_user(small_data, monkeypatch) -> None:
    def broken(*given: object) -> None:
        raise ValueError("internal")

    monkeypatch.setattr(train, "train", broken)
    with pytest.raises(ValueError, match="internal"):
        train.main([*SHORT, "--into", str(small_data)])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["silhouette", "--batch", "7"], "--batch: silhouette does not follow it"),
        (["silhouette", "--resume"], "--resume: silhouette does not follow it"),
        (["universal", "--epochs", "3"], "--epochs: universal does not follow it"),
        (["thesis-average", "--minutes", "3"], "--minutes: thesis-average does not follow it"),
        (["thesis-average", "--photos", "docs"], "--photos: thesis-average does not follow it"),
        (["thesis-average", "--epochs", "0"], "at least 1"),
        (["nonsense"], "invalid choice"),
        (["thesis-average", "--into", "/nowhere/at/all"], "folder"),
    ],
)
def test_wrong_words_get_one_line_and_exit_status_2(words, expected, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        train.main(words)
    assert stop.value.code == 2
    assert expected in capsys.readouterr().err


def test_a_folder_without_photographs_is_refused_before_anything_is_lost(tmp_path, capsys) -> None:
    kept = tmp_path / ".universal" / "state.npz"
    kept.parent.mkdir()
    kept.write_bytes(b"a round before")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit):
        train.main(["universal", "--photos", str(tmp_path / "empty"), "--into", str(tmp_path), "--minutes", "1"])
    assert "holds 0 photographs: expected more than 20" in capsys.readouterr().err
    assert kept.read_bytes() == b"a round before"


def test_a_killed_run_loses_at_most_one_epoch(tmp_path) -> None:
    """`kill -9` while it trains; what is left is a whole checkpoint, and no half-written weights."""
    script = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/tests']\n"
        "from pathlib import Path; import keras; from test_training import pairs; from deblur.networks import thesis_autoencoder\n"
        "from deblur.training import train_epochs; keras.utils.set_random_seed(2)\n"
        "for row in train_epochs(thesis_autoencoder(filters=(4, 2)), *pairs(), epochs=10**6, batch=20, checkpoint=Path(sys.argv[2])):\n"
        "    print(int(row['epoch']), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT), str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        epochs = 0
        for line in process.stdout:
            epochs = int(line)
            if epochs >= 3:
                break
        process.kill()
    with np.load(tmp_path / "state.npz") as state:
        history = str(state["history"]).splitlines()
    assert len(history) - 1 >= epochs >= 3
    rows, _ = run(len(history) + 1, tmp_path)
    assert [row["epoch"] for row in rows] == list(range(1, len(history) + 2))
