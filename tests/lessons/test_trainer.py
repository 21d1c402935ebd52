"""A network in training, against the same training done another way; nothing here looks at the trainer's own numbers alone."""

import gzip
import struct

import keras
import numpy as np
import pytest

from deblur import data, metrics
from deblur.data import load_fashion_mnist, load_sample
from deblur.degrade import Degradation
from deblur.image import from_bytes
from deblur.lessons import trainer
from deblur.lessons.network import collapse
from deblur.lessons.trainer import HELD, OPTIONS, Recipe, Trained, train
from deblur.networks import thesis_autoencoder
from deblur.reasons import InputError
from deblur.training import train_epochs

SHOWN = (1, 0, 13)
SMALL = {"garments": 100, "epochs": 2, "layers": 2}
AVERAGE = Degradation("average", {"size": 3}, storage="float")


@pytest.fixture(scope="module")
def epochs() -> list[trainer.Epoch]:
    return list(train(Recipe(AVERAGE, SMALL), SHOWN))


def blurred_batch(images: np.ndarray) -> np.ndarray:
    return np.stack([AVERAGE.apply(from_bytes(image)) for image in images])[..., None]


def test_the_sample_is_the_beginning_of_the_training_split() -> None:
    sample = load_sample()
    assert sample.shape == (4_400, 28, 28) and not sample.flags.writeable
    assert np.array_equal(sample, load_fashion_mnist("train")[0][:4_400])


def test_a_damaged_sample_is_named(tmp_path, monkeypatch) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(struct.pack(">BBBBIII", 0, 0, 8, 3, 4_400, 28, 28) + bytes(4_400 * 784)))
    monkeypatch.setattr(data, "SAMPLE", path)
    with pytest.raises(InputError, match="damaged"):
        load_sample.__wrapped__()


def test_the_loss_falls_and_is_that_of_plain_training(epochs) -> None:
    """The network as it is, not collapsed, on the same pictures in the same order."""
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
    assert epochs[0].loss is None and epochs[2].loss < epochs[1].loss
    assert epochs[2].held.error < epochs[0].held.error
    keras.utils.set_random_seed(0)
    network = thesis_autoencoder(filters=(64, 32))
    images = load_sample()[:100]
    rows = list(
        train_epochs(
            network, blurred_batch(images), from_bytes(images)[..., None], epochs=2, batch=trainer.BATCH, learning_rate=0.003, collapse=False,
        )
    )  # fmt: skip
    assert [epoch.loss for epoch in epochs[1:]] == pytest.approx([row["loss"] for row in rows], rel=1e-3)
    held = load_sample()[-HELD:]
    restored = np.asarray(network(blurred_batch(held)))
    sharp = from_bytes(held)[..., None]
    assert epochs[2].held.error == pytest.approx(100 * np.sum((restored - sharp) ** 2.0) / np.sum(sharp**2.0), rel=1e-3)
    assert epochs[2].held.loss == pytest.approx(np.mean((restored - sharp) ** 2.0), rel=1e-3)
    assert epochs[0].untouched.loss == pytest.approx(np.mean((blurred_batch(held) - sharp) ** 2.0), rel=1e-4)
    assert epochs[0].untouched.error == pytest.approx(metrics.error(blurred_batch(held), sharp), rel=1e-4)


def test_the_same_seed_gives_the_same_network_and_another_one_another(epochs) -> None:
    again = list(train(Recipe(AVERAGE, SMALL), SHOWN))[-1]
    other = next(iter(train(Recipe(AVERAGE, SMALL, seed=1), SHOWN)))
    assert all(np.array_equal(one, two) for one, two in zip(epochs[-1].weights, again.weights, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(epochs[0].weights, other.weights, strict=True))


def test_the_response_is_the_kernel_that_the_network_is(epochs) -> None:
    recipe = Recipe(AVERAGE, SMALL)
    last = epochs[-1]
    kernel = collapse(recipe.filled(last.weights)).kernel
    assert last.response.shape == kernel.shape == (4, 4)
    assert np.abs(last.response - kernel).max() < 1e-4 * np.abs(kernel).max() + 1e-5


def test_with_relu_the_response_is_the_slope_at_that_point() -> None:
    recipe = Recipe(AVERAGE, {**SMALL, "activation": "relu"})
    last = list(train(recipe, SHOWN))[-1]
    network = recipe.filled(last.weights)
    picture = AVERAGE.apply(from_bytes(load_fashion_mnist("test")[0][SHOWN[0]]))
    row, column = last.place
    lit = picture.copy()
    lit[row, column] += trainer.POINT
    before = [np.asarray(network(one[None, ..., None]), np.float64)[0, ..., 0] for one in (picture, lit)]
    logits = [np.log(answer / (1 - answer)) for answer in before]  # the sigmoid undone
    expected = (logits[1] - logits[0])[row - 2 : row + 2, column - 2 : column + 2] / trainer.POINT
    assert np.abs(last.response - expected).max() < 0.02 * np.abs(expected).max()
    with pytest.raises(InputError, match="affine"):
        collapse(network)


def test_the_shown_garments_are_what_the_network_makes_of_them(epochs) -> None:
    images = load_fashion_mnist("test")[0]
    tool = Trained(Recipe(AVERAGE, SMALL), 2, epochs[-1].weights).restorer
    for place, index in enumerate(SHOWN):
        restored = tool.restore(AVERAGE.apply(from_bytes(images[index])), AVERAGE)
        assert np.abs(restored - epochs[-1].restored[place]).max() < 1e-5


def test_a_trained_network_is_a_restorer_for_grey_and_colour_and_says_when_it_is_the_wrong_tool(epochs, picture) -> None:
    tool = Trained(Recipe(AVERAGE, SMALL), 2, epochs[-1].weights).restorer
    restored = tool.restore(picture, AVERAGE)
    assert restored.shape == picture.shape and restored.dtype == np.float32
    assert restored.min() >= 0 and restored.max() <= 1
    if picture.ndim == 3:
        assert np.abs(restored[..., 1] - tool.restore(np.ascontiguousarray(picture[..., 1]), AVERAGE)).max() < 1e-6
    assert tool.doubts(AVERAGE) is None
    assert tool.doubts(Degradation("average", {"size": 5}, storage="float")).code == "own_not_trained_for"


def test_options_are_bounded_and_checked() -> None:
    for param in OPTIONS:
        with pytest.raises(InputError, match=param.name):
            Recipe(AVERAGE, {param.name: 10**9})
    with pytest.raises(InputError, match="multiple of 100 from 100 to 4000"):
        Recipe(AVERAGE, {"garments": 150})
    assert max(option.high for option in OPTIONS if option.name == "garments") + HELD <= len(load_sample())


@pytest.mark.parametrize("loss", ["mae", "binary_crossentropy"])
def test_another_loss_is_the_one_that_is_reported(loss) -> None:
    first = next(iter(train(Recipe(AVERAGE, {**SMALL, "loss": loss}), SHOWN)))
    held = load_sample()[-HELD:]
    sharp, made = from_bytes(held).astype(np.float64), np.clip(blurred_batch(held)[..., 0].astype(np.float64), 1e-7, 1 - 1e-7)
    expected = {"mae": np.abs(made - sharp), "binary_crossentropy": -(sharp * np.log(made) + (1 - sharp) * np.log(1 - made))}[loss].mean()
    assert first.untouched.loss == pytest.approx(expected, rel=1e-3)
