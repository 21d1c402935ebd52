"""The kept epochs against the shipped weights, and against the network as it is built."""

import keras
import numpy as np

from deblur.degrade import Degradation
from deblur.image import WHITE
from deblur.lessons import epochs as lesson
from deblur.lessons.network import answers
from deblur.networks import thesis_autoencoder
from deblur.weights import load
from tests.conftest import photograph


def test_the_last_epoch_restores_as_the_shipped_network_does() -> None:
    blurred = Degradation(storage="float").apply(photograph((28, 28)))
    last = lesson.history().epochs[-1]
    assert last == 100
    difference = answers(lesson.network_after(last))(blurred[None]) - answers(load(lesson.NAME))(blurred[None])
    assert np.abs(difference).max() * WHITE < 0.5


def test_epoch_0_is_the_network_as_built_from_its_seed() -> None:
    keras.utils.set_random_seed(0)
    network = thesis_autoencoder()
    for kept, built in zip(lesson.network_after(0).get_weights(), network.get_weights(), strict=True):
        assert np.allclose(kept, built, rtol=1e-3, atol=1e-6)


def test_a_network_is_built_once_for_each_epoch() -> None:
    assert lesson.network_after(8) is lesson.network_after(8) is not lesson.network_after(5)
