"""Train a network by epochs that can be stopped at any moment and go on to the same result."""

import csv
import io
import json
import platform
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deblur import weights
from deblur.cards import read_card
from deblur.image import write_whole
from deblur.networks import Collapsed, affine_part
from deblur.reasons import InputError

Row = dict[str, float]
STATE = "state.npz"  # of a checkpoint


class Shuffled(keras.utils.PyDataset):
    """Pairs in an order that depends on the seed and the epoch alone, so that a resumed run sees what an unbroken one sees."""

    def __init__(self, blurred: NDArray, sharp: NDArray, batch: int, seed: int) -> None:
        super().__init__()
        self.blurred, self.sharp, self.batch, self.seed = blurred, sharp, batch, seed
        self.start(0)

    def start(self, epoch: int) -> None:
        """Shuffle for this epoch."""
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.sharp))

    def __len__(self) -> int:
        return -(-len(self.sharp) // self.batch)

    def __getitem__(self, step: int) -> tuple[NDArray, NDArray]:
        chosen = self.order[step * self.batch : (step + 1) * self.batch]
        return self.blurred[chosen], self.sharp[chosen]


def trainable_form(network: keras.Model, side: int) -> keras.Model:
    """The model whose steps train `network`: its collapsed form where there is one, since it takes the same steps many times faster."""
    return Collapsed(network, side) if affine_part(network) else network


def train_epochs(
    network: keras.Model,
    blurred: NDArray,
    sharp: NDArray,
    *,
    epochs: int,
    batch: int,
    loss: str = "mse",
    learning_rate: float = 1e-3,
    seed: int = 0,
    validation: tuple[NDArray, NDArray] | None = None,
    collapse: bool = True,
    checkpoint: Path | None = None,
    settings: Mapping[str, object] | None = None,
    on_batch: Callable[[int], None] | None = None,
    on_epoch: Callable[[int], None] | None = None,
) -> Iterator[Row]:
    """Train in place, one epoch each time the iterator is advanced; Adam with Keras' defaults.

    Args:
        network: As built: its weights come from Keras' seed, not from here.
        blurred: (N, H, W, 1), the input; `sharp`, the target, has the same shape.
        epochs: In all, those of an earlier run included.
        batch: Pictures a step.
        loss: "mse" or "binary_crossentropy".
        seed: Of the order of the pictures.
        validation: Pairs whose loss is reported; they choose nothing.
        collapse: Use the collapsed form where there is one.
        checkpoint: A folder that keeps the state after each epoch; a run that finds one there goes on from it.
        settings: What decides the result, by name: a run goes on from a checkpoint of the same settings only.
        on_batch: Called after each step with its number.
        on_epoch: Called before the first step with 0 and after each epoch with its number, before the checkpoint is written; not for epochs of an earlier run.

    Yields:
        One row per epoch, those of an earlier run first: epoch, loss, seconds and, with validation, val_loss.

    Raises:
        ValueError: The checkpoint is damaged, or was begun with other settings.
    """
    model = trainable_form(network, sharp.shape[1]) if collapse else network
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss)
    model.build(blurred.shape)
    model.optimizer.build(model.trainable_variables)
    settings = dict(settings or {})
    rows = _resume(model, checkpoint, settings) if checkpoint else []
    yield from rows
    if on_epoch and not rows:
        on_epoch(0)
    pairs = Shuffled(blurred, sharp, batch, seed)
    after_batch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: on_batch(step) if on_batch else None)
    for epoch in range(len(rows), epochs):
        pairs.start(epoch)
        start = time.perf_counter()
        history = model.fit(pairs, epochs=1, shuffle=False, verbose=0, callbacks=[after_batch]).history
        row = {"epoch": epoch + 1, "loss": history["loss"][0], "seconds": round(time.perf_counter() - start, 2)}
        if validation:
            row["val_loss"] = float(model.evaluate(*validation, batch_size=batch, verbose=0))
        rows.append(row)
        if on_epoch:
            on_epoch(epoch + 1)
        if checkpoint:
            _keep(model, rows, checkpoint, settings)
        yield row


def _keep(model: keras.Model, rows: list[Row], folder: Path, settings: Mapping[str, object]) -> None:
    """Write state, history and settings in one file, whole or not at all: whatever moment the power goes, one that fits together is left."""
    folder.mkdir(parents=True, exist_ok=True)
    state = [np.asarray(variable) for variable in (*model.trainable_variables, *model.optimizer.variables)]
    memory = io.BytesIO()
    np.savez(memory, *state, history=history_csv(rows), settings=json.dumps(settings))
    write_whole(folder / STATE, memory.getvalue())


def _resume(model: keras.Model, folder: Path, settings: dict[str, object]) -> list[Row]:
    state = _checkpoint(folder)
    if not state:
        return []
    before = json.loads(str(state["settings"]))
    for name in settings:
        if before.get(name) != settings[name]:
            raise InputError(
                "other_settings", "{folder} was begun with {name} {before}, not {now}. Give the same, or train anew without --resume.",
                folder=str(folder), name=name, before=before.get(name), now=settings[name],
            )
    for place, variable in enumerate([*model.trainable_variables, *model.optimizer.variables]):
        variable.assign(state[f"arr_{place}"])
    return read_history(str(state["history"]))


def _checkpoint(folder: Path) -> dict[str, Any]:
    path = folder / STATE
    if not path.exists():
        return {}
    try:
        with np.load(io.BytesIO(path.read_bytes())) as state:
            return {"history": state["history"], "settings": state["settings"], **state}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
        raise InputError("bad_checkpoint", "{path} is damaged. Train anew without --resume.", path=str(path)) from problem


def epochs_done(folder: Path) -> int:
    """How many epochs a checkpoint has; 0 if there is none.

    Raises:
        ValueError: It is damaged.
    """
    state = _checkpoint(folder)
    return len(read_history(str(state["history"]))) if state else 0


def figures_of_same(network: keras.Model, name: str, folder: Path) -> dict[str, Any]:
    """The figures on the card that is there, if it describes weights equal to these; else none."""
    try:
        before = weights.load(name, folder)
    except InputError:
        return {}
    same = all(np.array_equal(one, other) for one, other in zip(before.get_weights(), network.get_weights(), strict=True))
    return read_card(name, folder).figures if same else {}


def history_csv(rows: list[Row]) -> str:
    """The loss history as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_history(text: str) -> list[Row]:
    """The inverse of `history_csv`."""
    return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(io.StringIO(text))]


def provenance() -> dict[str, str]:
    """Versions of what trains."""
    return {"keras": keras.__version__, "backend": keras.backend.backend(), "python": platform.python_version()}


def commit() -> str:
    """The commit of the code, with "-dirty" if the code differs from it; "unknown" outside a checkout."""
    here = Path(__file__).parent
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def loss_plot(name: str, rows: list[Row]) -> bytes:
    """The loss by epoch as a PNG."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss", title=name, yscale="log")
    for key in ("loss", "val_loss"):
        if key in rows[0]:
            axes.plot([row["epoch"] for row in rows], [row[key] for row in rows], label="training" if key == "loss" else "validation")
    axes.legend()
    memory = io.BytesIO()
    figure.savefig(memory, format="png", dpi=110)
    return memory.getvalue()
