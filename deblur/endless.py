"""Train the universal network by the clock, on a stream without end: it can be stopped at any moment and goes on from its last checkpoint."""

import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from deblur import stream, universal
from deblur.condition import CONDITION
from deblur.image import clip, write_whole
from deblur.networks import unrolled
from deblur.optimizer import ConvolutionMuon
from deblur.physics import hand_back
from deblur.reasons import InputError
from deblur.stream import GROUPS, Batch, Source

Row = dict[str, float]
LINEAR = CONDITION.index("linear")
FIRST_AND_LAST = ["code_first/", "to_half/", "from_half/"]  # whose kernels are no maps between features
EARLIER_ROUND = 0.25  # what the answer of any round but the last counts beside the last one's
EACH_PICTURE = 0.25  # what the loss of each picture by itself counts beside that of its group: easy pictures are not to be harmed for hard ones
LEAST_SQUARE = 1e-6  # mean square error (60 dB) below which a group or a picture has nothing more to teach


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Attributes:
        minutes: Of this run; the learning rate falls to nothing at its end.
        learning_rate: At the top, reached after `warm_up` steps.
        warm_up: Steps.
        every: Seconds between checkpoints, each with a validation.
        workers: Processes that blur.
        precision: Keras' dtype policy while training; the weights stay float32.
    """

    minutes: float
    learning_rate: float = 3e-3
    warm_up: int = 100
    every: float = 300.0
    workers: int = 1
    precision: str = "mixed_bfloat16"


def log_error(sharp: Any, restored: Any) -> Any:
    """Mean logarithm of the mean square error of a batch's groups, each degradation counting the same, however hard; so too, with less weight, of its pictures."""
    squares = ops.mean(ops.square(restored - sharp), axis=(1, 2, 3))
    groups = ops.mean(ops.reshape(squares, (GROUPS, -1)), axis=1)
    return (1 - EACH_PICTURE) * _mean_log(groups) + EACH_PICTURE * _mean_log(squares)


def _mean_log(squares: Any) -> Any:
    return ops.mean(ops.log(squares + LEAST_SQUARE))


def counted(rounds: int) -> list[float]:
    """What the answer of each round counts in the loss."""
    return [*[EARLIER_ROUND] * (rounds - 1), 1.0]


def rate(plan: Plan, step: int, share: float) -> float:
    """The learning rate at a step of this run when this share of its time is over."""
    return plan.learning_rate * min(1.0, (step + 1) / plan.warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def train(network: keras.Model, source: Source, plan: Plan, checkpoint: Path, validation: list[Batch]) -> Iterator[Row]:
    """Train in place; yield a row at each checkpoint.

    Args:
        network: As built by `networks.universal`.
        source: Of the pictures; a resumed run goes on where it stopped.
        plan: How long and how fast.
        checkpoint: A folder; what it holds is gone on from.
        validation: Groups whose mean log error, in dB, is reported; the weights that did best at it are kept beside the last.

    Raises:
        ValueError: The checkpoint is of another network, or was validated on another number of groups.
    """
    optimizer = ConvolutionMuon(
        plan.learning_rate, adam_lr_ratio=0.5, weight_decay=None, adam_weight_decay=None, exclude_layers=FIRST_AND_LAST, global_clipnorm=1.0,
        name="convolution_muon",  # by which a checkpoint's entries are found; Keras would number a second one
    )  # fmt: skip
    rounds = universal.ROUNDS
    model = unrolled(network, CONDITION.index("again"), LINEAR, rounds)
    model.compile(optimizer, [log_error] * rounds, loss_weights=counted(rounds))
    optimizer.build(network.trainable_variables)
    rows = resume(network, checkpoint, optimizer=optimizer)
    if rows and sum(name.startswith("group_") for name in rows[-1]) != len(validation):
        raise InputError("other_validation", "{path} was validated on other pictures. Give --photos as then, or begin anew without --resume.", path=checkpoint)
    first = int(rows[-1]["step"]) if rows else 0
    before = rows[-1]["seconds"] if rows else 0.0
    best = max((row["validation"] for row in rows), default=-math.inf)
    start = kept = time.monotonic()
    losses = []
    for step, batch in enumerate(stream.batches(source, first, plan.workers), 1):
        now = time.monotonic()
        share = (now - start) / (60 * plan.minutes)
        optimizer.learning_rate = rate(plan, step, share)
        loss = model.train_on_batch(inputs(network, batch), [batch.sharp] * rounds)[0]
        losses.append(float(loss) / sum(counted(rounds)))
        if share < 1 and now - kept < plan.every:
            continue
        scores = validate(network, model, validation)
        row = {"step": first + step, "seconds": round(before + now - start, 1), "loss": float(np.mean(losses)), "validation": float(np.mean(scores))}
        row |= {f"group_{place}": score for place, score in enumerate(scores)}
        rows.append(row)
        losses = []
        if row["validation"] > best:
            best = row["validation"]
            _write(checkpoint / "best.npz", network.weights, rows)
        _write(checkpoint / "state.npz", [*network.weights, *optimizer.variables], rows)
        kept = time.monotonic()
        yield row
        if share >= 1:
            return


def inputs(network: keras.Model, batch: Batch, rounds: int = universal.ROUNDS) -> list[NDArray[np.float32]]:
    """The five inputs of `networks.unrolled`: the last one, what answers leave unexplained that suffered no PSF, is made by the network as it is."""
    left = np.zeros((*batch.sharp.shape[:3], rounds - 1), np.float32)
    (without,) = np.nonzero(batch.conditions[:, LINEAR] == 0)
    planes, vectors = batch.planes[without], batch.conditions[without]
    for step in range(rounds - 1 if len(without) else 0):
        answers = clip(np.asarray(network.predict_on_batch([planes, vectors]))[..., 0])
        for at, place in enumerate(without):
            planes[at : at + 1], vectors[at] = hand_back(planes[at : at + 1], vectors[at], answers[at][..., None], batch.degradations[place])
        left[without, ..., step] = planes[..., 2]
    return [batch.planes, batch.conditions, batch.kept, batch.added, left]


def validate(network: keras.Model, model: keras.Model, validation: list[Batch]) -> list[float]:
    """PSNR of each group in dB, cut to [0, 1], after the last round."""
    answers = [clip(np.asarray(model.predict_on_batch(inputs(network, batch))[-1])) - batch.sharp for batch in validation]
    return [round(-10 * math.log10(np.mean(np.square(difference)) + LEAST_SQUARE), 3) for difference in answers]


def resume(network: keras.Model, checkpoint: Path, name: str = "state", optimizer: keras.Optimizer | None = None) -> list[Row]:
    """Fill in a checkpoint's weights, and the optimizer's state if one is given, and return its history; nothing if there is none.

    A checkpoint of a smaller network serves too: entries of the condition and blocks that it did not have do nothing yet.

    Raises:
        ValueError: The checkpoint is of another network.
    """
    path = checkpoint / f"{name}.npz"
    if not path.exists():
        return []
    with np.load(path) as state:
        if not any(variable.path in state for variable in network.weights):
            raise InputError("foreign_checkpoint", "{path} holds none of this network's weights. Begin anew without --resume.", path=path)
        for variable in [*network.weights, *(optimizer.variables if optimizer else [])]:
            if variable.path in state:
                variable.assign(_grown(state[variable.path], variable.shape))
        return [dict(zip(state["columns"].tolist(), map(float, line), strict=True)) for line in state["rows"]]


def _grown(values: NDArray, shape: tuple[int, ...]) -> NDArray:
    added = [(0, size - had) for size, had in zip(shape, values.shape, strict=True)]
    return np.pad(values, added) if added else values


def _write(path: Path, variables: list[Any], rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    memory = io.BytesIO()
    history = {"columns": np.array(list(rows[0])), "rows": np.array([list(row.values()) for row in rows])}
    np.savez(memory, allow_pickle=False, **history, **{variable.path: np.asarray(variable) for variable in variables})
    write_whole(path, memory.getvalue())
