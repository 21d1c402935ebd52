"""One round of training of the universal network, from the checkpoint of the round before to weights with their card."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from deblur import endless, figures, networks, stream, training, weights
from deblur.blur import BLURS
from deblur.cards import Card, read_card
from deblur.condition import CONDITION
from deblur.data import load_fashion_mnist
from deblur.degrade import AFTER_BLUR
from deblur.params import Param
from deblur.physics import PLANES
from deblur.stream import Source

SUBSET = 500  # garments that a test measures again
ARGUMENTS: dict[str, Any] = {"widths": (32, 64, 96), "blocks": (2, 6, 2), "planes": len(PLANES), "conditions": len(CONDITION)}


def train_round(minutes: float, photos: Path | None, data: str | None, seed: int, resume: bool, into: Path, command: str) -> None:
    """Train for some minutes, keep the weights that did best on held-out pictures, and write them with their card.

    Args:
        minutes: Of this round; 0 only measures the weights in `into` again and writes the figures on their card.
        photos: Folder of photographs, or None to train on garments alone.
        data: Folder with Fashion-MNIST, or None for the usual places.
        seed: Of the first weights and of the stream.
        resume: Go on from the checkpoint in `into`, else begin anew.
        into: The folder of weights.
        command: As typed, for the card.
    """
    if not minutes:
        replace(read_card("universal", into), figures=measured(weights.load("universal", into))).write(into)
        return
    commit = training.commit()
    checkpoint = into / ".universal"
    source = Source(photos, Path(data) if data else None, seed)
    plan = endless.Plan(minutes)
    groups = stream.validation(source)  # refuses what it cannot train on, before anything is lost
    if not resume and checkpoint.exists():
        shutil.rmtree(checkpoint)
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(plan.precision)
    network = build()
    for row in endless.train(network, source, plan, checkpoint, list(groups.values())):
        scores = ", ".join(f"{name} {row[f'group_{place}']:.2f}" for place, name in enumerate(groups))
        print(f"step {row['step']:.0f}, {row['seconds'] / 60:.1f} min, validation {row['validation']:.3f} dB: {scores}", file=sys.stderr, flush=True)
    keras.config.set_dtype_policy("float32")
    network = build()
    history = endless.resume(network, checkpoint, "best")
    card = Card(
        name="universal", builder="universal", arguments=ARGUMENTS, degradation=trained_ranges(), condition=CONDITION,
        data={
            "garments": "Fashion-MNIST train less 5,000 that choose the weights",
            "photographs": _photographs(photos),
        },
        training={
            "steps": int(history[-1]["step"]), "seconds": round(history[-1]["seconds"]), "seed": seed,
            "garments_a_step": stream.GROUPS * stream.GARMENTS, "garments_every": stream.GARMENTS_EVERY, "optimizer": "ConvolutionMuon",
            "learning_rate": plan.learning_rate, "precision": plan.precision, "validation_db": history[-1]["validation"],
            **training.provenance(),
        },
        commit=commit, command=command,
    )
    weights.save(network, replace(card, figures=measured(network)), into)


def _photographs(folder: Path | None) -> str:
    if not folder:
        return "none"
    trained = len(stream.load_photos(folder)) - stream.HELD_PHOTOS
    return f"{trained} of --photos (the weights that ship: BSDS500's train and test folders, less 12003), {stream.HELD_PHOTOS} more choose the weights"


def measured(network: keras.Model) -> dict[str, Any]:
    """The card's figures: size, the 10,000 test garments, and the first few of them, which a test measures again."""
    images, _ = load_fashion_mnist("test")
    return {
        "size": figures.size(network),
        "garments": figures.on_garments(network, images),
        "garments_subset": {"pictures": SUBSET, "rows": figures.on_garments(network, images[:SUBSET])},
    }


def build() -> keras.Model:
    """The network as the card describes it, with new weights."""
    return networks.universal(**ARGUMENTS)


def trained_ranges() -> dict[str, Any]:
    """The range of every parameter in the stream, by filter: what the sliders offer now, written down for when they offer more."""
    filters = {name: {param.name: _range(param) for param in blur.params} for name, blur in BLURS.items()}
    return {"filters": filters, "after": {param.name: _range(param) for param in AFTER_BLUR}, "psf_side": [1, stream.MAX_SIDE]}


def _range(param: Any) -> list[Any]:
    return [param.low, param.high] if isinstance(param, Param) else list(param.options)
