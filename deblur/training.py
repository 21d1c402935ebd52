"""Train a network by epochs that can be stopped at any moment and go on to the same result."""

import csv
import io
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from deblur.image import write_whole
from deblur.networks import Collapsed, affine_part

Row = dict[str, float]


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
    on_batch: Callable[[int], None] | None = None,
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
        on_batch: Called after each step with its number.

    Yields:
        One row per epoch, those of an earlier run first: epoch, loss, seconds and, with validation, val_loss.
    """
    model = trainable_form(network, sharp.shape[1]) if collapse else network
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss)
    model.build(blurred.shape)
    model.optimizer.build(model.trainable_variables)
    rows = _resume(model, checkpoint) if checkpoint else []
    yield from rows
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
        if checkpoint:
            _keep(model, rows, checkpoint)
        yield row


def _keep(model: keras.Model, rows: list[Row], folder: Path) -> None:
    """Write the state under a new name, then point the history at it: whatever moment the power goes, a whole pair is left."""
    folder.mkdir(parents=True, exist_ok=True)
    state = [np.asarray(variable) for variable in (*model.trainable_variables, *model.optimizer.variables)]
    memory = io.BytesIO()
    np.savez(memory, *state, history=history_csv(rows))
    write_whole(folder / "state.npz", memory.getvalue())


def _resume(model: keras.Model, folder: Path) -> list[Row]:
    path = folder / "state.npz"
    if not path.exists():
        return []
    with np.load(path) as state:
        variables = [*model.trainable_variables, *model.optimizer.variables]
        for place, variable in enumerate(variables):
            variable.assign(state[f"arr_{place}"])
        return read_history(str(state["history"]))


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
