"""The weights of a network after a few of its epochs, in one small file beside its card. Needs no Keras."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deblur.cards import WEIGHTS
from deblur.image import write_whole
from deblur.reasons import InputError

KEPT = (0, 1, 2, 3, 5, 8, 13, 20, 30, 46, 70, 100)  # close together while the loss falls fast
STORED = np.float16  # moves no restored pixel by a grey level, at half the size

Arrays = Sequence[NDArray[np.floating]]


@dataclass(frozen=True)
class Epochs:
    """The epochs of one network that were kept.

    Attributes:
        name: Of the network.
        weights: By epoch, 0 before the first step, in Keras' order.
        losses: The training loss of every epoch, kept or not, from the first on.
        command: By which they were made, on code of this `commit`.
    """

    name: str
    weights: Mapping[int, Arrays]
    losses: tuple[float, ...]
    command: str
    commit: str

    @property
    def epochs(self) -> tuple[int, ...]:
        """Which were kept, in order."""
        return tuple(sorted(self.weights))


def keep(weights: Arrays, epoch: int, folder: Path) -> None:
    """Keep the weights of one epoch, if it is one of `KEPT`, until `gather` puts them together."""
    if epoch in KEPT:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"epoch-{epoch}.npz", _packed({str(place): array.astype(STORED) for place, array in enumerate(weights)}))


def gather(name: str, losses: Sequence[float], command: str, commit: str, kept: Path, folder: Path = WEIGHTS) -> None:
    """Put what `keep` left in a folder into one file, then write beside it how it was made."""
    arrays: dict[str, NDArray] = {}
    for epoch in (epoch for epoch in KEPT if epoch <= len(losses)):
        with np.load(kept / f"epoch-{epoch}.npz") as one:
            arrays |= {f"{epoch}/{place}": array for place, array in one.items()}
    data = _packed(arrays)
    about = {"name": name, "losses": list(losses), "command": command, "commit": commit, "sha256": sha256(data).hexdigest()}
    write_whole(_path(name, folder, "npz"), data)
    write_whole(_path(name, folder, "json"), (json.dumps(about, indent=1) + "\n").encode())


def load_epochs(name: str, folder: Path = WEIGHTS) -> Epochs:
    """Read the epochs that were kept of a network.

    Raises:
        ValueError: There are none, or the file is damaged; the sentence says how to make it.
    """
    try:
        about = json.loads(_path(name, folder, "json").read_text())
        data = _path(name, folder, "npz").read_bytes()
        if sha256(data).hexdigest() != about["sha256"]:
            raise ValueError("not the file that was described")
        weights: dict[int, list[NDArray[np.floating]]] = {}
        with np.load(io.BytesIO(data)) as stored:
            for key in stored.files:  # in the order in which they were written
                weights.setdefault(int(key.split("/")[0]), []).append(stored[key].astype(np.float32))
        return Epochs(name, weights, tuple(about["losses"]), about["command"], about["commit"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as problem:
        raise InputError(
            "no_epochs", "the epochs of {name} are not there or damaged. Make them: python train.py {name} --keep-epochs", name=name
        ) from problem


def _packed(arrays: Mapping[str, NDArray]) -> bytes:
    memory = io.BytesIO()
    np.savez_compressed(memory, **arrays)  # type: ignore[arg-type]
    return memory.getvalue()


def _path(name: str, folder: Path, suffix: str) -> Path:
    return folder / f"{name}.epochs.{suffix}"
