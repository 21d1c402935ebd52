"""The specialist for the median as the thesis prints it, which leaves a silhouette: what a network can guess of a garment from its outline alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from deblur import metrics, networks, training, weights
from deblur.cards import Card, read_card
from deblur.data import load_fashion_mnist, validation_split
from deblur.image import Bytes, clip, from_bytes
from deblur.optimizer import ConvolutionMuon
from deblur.thesis import EXPERIMENTS, as_batch

NAME = "silhouette"
EXPERIMENT = EXPERIMENTS["thesis-median-printed"]
ARGUMENTS: dict[str, Any] = {"widths": (32, 64), "blocks": (2, 4), "planes": 1, "conditions": 1}
BATCH, LEARNING_RATE, WARM_UP = 128, 3e-3, 100
PRECISION = "mixed_bfloat16"


def train(epochs: int, data: str | None, seed: int, into: Path, command: str) -> None:
    """Train for some epochs, keep the weights that did best on 5,000 held-out garments, and write them with their card.

    Args:
        epochs: Times that the 55,000 garments are shown, mirrored at random; 0 only measures the weights in `into` again.
        data: Folder with Fashion-MNIST, or None for the usual places.
        seed: Of weights, order and mirroring.
        into: The folder of weights.
        command: As typed, for the card.
    """
    if not epochs:
        replace(read_card(NAME, into), figures=measured(weights.load(NAME, into), load_fashion_mnist("test", data)[0])).write(into)
        return
    commit = training.commit()
    (images, _), (held, _) = validation_split(*load_fashion_mnist("train", data))
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(PRECISION)
    network = networks.universal(**ARGUMENTS)
    steps = -(-len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.0, epochs * steps - WARM_UP, warmup_target=LEARNING_RATE, warmup_steps=WARM_UP)
    optimizer = ConvolutionMuon(rate, adam_lr_ratio=0.5, weight_decay=None, adam_weight_decay=None, exclude_layers=["code", "to_half/", "from_half/"])
    network.compile(optimizer, "mse")
    best = into / f".{NAME}.weights.h5"
    keep = keras.callbacks.ModelCheckpoint(best, monitor="val_loss", save_best_only=True, save_weights_only=True)
    try:
        history = network.fit(Mirrored(images, seed), validation_data=(given(held), as_batch(held)), epochs=epochs, callbacks=[keep], verbose=2)
        keras.config.set_dtype_policy("float32")
        network = networks.universal(**ARGUMENTS)
        network.load_weights(best)
    finally:
        best.unlink(missing_ok=True)
    card = Card(
        NAME, "universal", ARGUMENTS,
        {"blur": EXPERIMENT.degradation.blur, "values": dict(EXPERIMENT.degradation.values), "storage": EXPERIMENT.degradation.storage, "silhouette": True},
        {"garments": "Fashion-MNIST train less 5,000 that choose the weights, mirrored at random"},
        {
            "epochs": epochs, "batch": BATCH, "optimizer": "ConvolutionMuon", "learning_rate": LEARNING_RATE, "precision": PRECISION, "seed": seed,
            "loss": "mse", "validation_loss": min(history.history["val_loss"]), **training.provenance(),
        },
        commit, command,
    )
    weights.save(network, replace(card, figures=measured(network, load_fashion_mnist("test", data)[0])), into)


class Mirrored(keras.utils.PyDataset):
    """Batches of silhouettes and garments, drawn anew each epoch, each mirrored left-right in half of all cases.

    Args:
        images: uint8 (N, H, W).
        seed: Of order and mirroring.
    """

    def __init__(self, images: Bytes, seed: int) -> None:
        super().__init__()
        self.rng, self.images = np.random.default_rng(seed), images
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.images) // BATCH)

    def __getitem__(self, place: int) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
        chosen = self.order[place * BATCH : (place + 1) * BATCH]
        pictures = self.images[chosen]
        pictures = np.where(self.mirrored[chosen, None, None], pictures[..., ::-1], pictures)
        return given(pictures), as_batch(pictures)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self.order = self.rng.permutation(len(self.images))
        self.mirrored = self.rng.random(len(self.images)) < 0.5


def given(images: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the network reads: silhouettes (N, H, W, 1), and how far off they are in round numbers."""
    return as_batch(EXPERIMENT.blur(images)), np.full((len(images), 1), np.log(0.3), np.float32)


def restore(network: keras.Model, images: Bytes) -> NDArray[np.float32]:
    """Guess garments, uint8 (N, H, W), from their silhouettes: float32 (N, H, W)."""
    return clip(ops.convert_to_numpy(network.predict(list(given(images)), batch_size=500, verbose=0)))[..., 0]


def measured(network: keras.Model, images: Bytes) -> dict[str, Any]:
    """The card's figures on the test garments."""
    sharp, blurred, restored = from_bytes(images), EXPERIMENT.blur(images), restore(network, images)
    return {
        "pictures": len(images), "paper_error": EXPERIMENT.paper_error, "blurred_error": round(metrics.error(blurred, sharp), 4),
        "error": round(metrics.error(restored, sharp), 4), "blurred_psnr": round(metrics.psnr(blurred, sharp), 3), "psnr": round(metrics.psnr(restored, sharp), 3),
    }
