"""Load and save a network together with its card."""

import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import keras

from deblur import networks
from deblur.cards import WEIGHTS, Card, checked_file, file_hash, read_card, refused


def save(network: keras.Model, card: Card, folder: Path = WEIGHTS) -> Card:
    """Write weights and card, each whole or not at all; the card last, so that it never describes weights that are not there.

    Returns:
        The card with the file's hash.
    """
    path = folder / f"{card.name}.keras"
    temporary = folder / f".{card.name}.keras"  # Keras wants the suffix
    network.save(temporary)
    card = replace(card, sha256=file_hash(temporary))
    temporary.replace(path)
    card.write(folder)
    return card


@lru_cache(maxsize=16)
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
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras' word for layers left as they were
            network = networks.BUILDERS[card.builder](**arguments)
            network.load_weights(path)
    except (TypeError, ValueError, OSError, KeyError, UserWarning) as problem:
        raise refused(name, "they do not fit the network of their card") from problem
    network.trainable = False
    return network
