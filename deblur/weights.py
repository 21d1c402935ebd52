"""Load and save a network together with its card."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from deblur import networks
from deblur.cards import WEIGHTS, Card, checked_file, file_hash, read_card, refused
from deblur.once import once


def save(network: keras.Model, card: Card, folder: Path = WEIGHTS) -> Card:
    """Write the weights, then the card, each whole or not at all.

    Killed between the two, it leaves new weights beside no card or an old one, whose hash they do not have: `load` refuses them by name.

    Returns:
        The card with the file's hash.
    """
    path = folder / f"{card.name}.keras"
    temporary = folder / f".{card.name}.keras"  # Keras wants the suffix
    network.save(temporary)
    card = replace(card, sha256=file_hash(temporary))
    temporary.replace(path)
    card.write(folder)
    load.forget()  # what was loaded before may be of this name
    return card


@once(16)
def load(name: str, folder: Path = WEIGHTS) -> keras.Model:
    """Build the network that the card describes and fill in its weights.

    Raises:
        ValueError: The card or the file is missing or damaged, or they do not fit each other; the sentence says how to retrain.
    """
    card = read_card(name, folder)
    path = checked_file(card, folder)
    if card.builder not in networks.BUILDERS:
        raise refused(name, f"made by a builder {card.builder!r} that does not exist")
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in card.arguments.items()}
    try:
        network = networks.BUILDERS[card.builder](**arguments)
        for weight in network.weights:
            weight.assign(np.full(weight.shape, np.nan))  # Keras leaves what the file lacks as it was, with a warning at most
        network.load_weights(path)
    except (TypeError, ValueError, OSError, KeyError, UserWarning) as problem:
        raise refused(name, "they do not fit the network of their card") from problem
    if any(np.isnan(weight).any() for weight in network.get_weights()):
        raise refused(name, "they do not fit the network of their card")
    network.trainable = False
    return network
