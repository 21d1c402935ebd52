"""The card beside each weights file: how the network is built, what it was trained on, and what it reaches. Needs no Keras."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from deblur.image import write_whole
from deblur.reasons import InputError

WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Card:
    """What must be known of trained weights.

    Attributes:
        name: The weights' name; the file is weights/<name>.keras.
        builder: Key of `deblur.networks.BUILDERS`, with its `arguments`.
        degradation: The blur it was trained to undo, or the ranges it was drawn from.
        condition: What the network reads beside the picture, in this frozen order.
        data: Which pictures trained it, and which chose its weights.
        training: Epochs done and planned, batch, loss, optimizer, seed, seconds, versions.
        commit: Of the code that trained it; `command` is how.
        sha256: Of the weights file.
        figures: Measured on the test split.
    """

    name: str
    builder: str
    arguments: dict[str, Any]
    degradation: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    commit: str
    command: str
    sha256: str = ""
    condition: tuple[str, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path = WEIGHTS) -> None:
        """Write the card beside its weights."""
        write_whole(folder / f"{self.name}.json", (json.dumps(asdict(self), indent=1) + "\n").encode())


def read_card(name: str, folder: Path = WEIGHTS) -> Card:
    """Read a card.

    Raises:
        ValueError: There is none, or it is damaged; the sentence says how to retrain.
    """
    path = folder / f"{name}.json"
    try:
        entries = json.loads(path.read_text())
        entries["condition"] = tuple(entries.get("condition", ()))
        unknown = set(entries) - {entry.name for entry in fields(Card)}
        if unknown:
            raise ValueError(f"unknown entries {sorted(unknown)}")
        return Card(**entries)
    except FileNotFoundError:
        raise refused(name, "no card beside it" if path.with_suffix(".keras").exists() else "not there") from None
    except (ValueError, TypeError, AttributeError, OSError) as problem:
        raise refused(name, "its card is damaged") from problem


def checked_file(card: Card, folder: Path = WEIGHTS) -> Path:
    """Return the path of the weights after comparing their hash with the card's.

    Raises:
        ValueError: The file is missing or is not the one the card describes.
    """
    path = folder / f"{card.name}.keras"
    if not path.is_file():
        raise refused(card.name, "not there")
    if file_hash(path) != card.sha256:
        raise refused(card.name, "damaged or not those of their card (sha256)")
    return path


def file_hash(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(name: str, what: str) -> InputError:
    """The sentence for weights that cannot be used."""
    return InputError(
        "bad_weights", "weights {name}: {what}. Get the file again, or retrain it: python train.py {name}", name=name, what=what
    )
