"""How a network learned: what it was after a few of its epochs."""

from functools import lru_cache
from typing import Any

from deblur.cards import read_card
from deblur.epochs import Epochs, load_epochs

NAME = "thesis-gaussian"  # the network whose epochs are kept


@lru_cache(maxsize=1)
def history() -> Epochs:
    """The epochs that were kept.

    Raises:
        ValueError: They are not there.
    """
    return load_epochs(NAME)


@lru_cache(maxsize=32)
def network_after(epoch: int) -> Any:
    """The network as it was after one of the epochs that were kept.

    Raises:
        ValueError: They are not there.
    """
    kept = history()
    from deblur.networks import BUILDERS  # brings Keras

    card = read_card(NAME)
    network = BUILDERS[card.builder](**card.arguments)
    network.set_weights(kept.weights[epoch])
    return network
