import keras
import numpy as np
import pytest

from deblur.networks import Collapsed, affine_part, thesis_autoencoder


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    built = thesis_autoencoder()
    rng = np.random.default_rng(0)
    for layer in built.layers:
        if layer.weights:
            layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))
    return built


def pictures(count: int, side: int = 28) -> np.ndarray:
    return np.random.default_rng(1).random((count, side, side, 1), dtype=np.float32)


def test_thesis_autoencoder_is_the_printed_one(network) -> None:
    assert network.count_params() == 22_057
    layers = [layer for layer in network.layers if layer.weights]
    assert [layer.filters for layer in layers] == [64, 32, 16, 8, 16, 32, 64, 1]
    assert [layer.kernel_size for layer in layers] == [(2, 2)] * 7 + [(1, 1)]
    assert [type(layer).__name__ for layer in layers] == ["Conv2D"] * 4 + ["Conv2DTranspose"] * 4
    assert all(layer.strides == (1, 1) and layer.padding == "same" and layer.activation is keras.activations.linear for layer in layers)
    assert network.layers[-1].activation is keras.activations.sigmoid


def test_thesis_autoencoder_takes_any_size(network) -> None:
    assert network(np.zeros((2, 19, 33, 1), np.float32)).shape == (2, 19, 33, 1)


def test_collapsed_form_computes_the_same_pictures(network) -> None:
    blurred = pictures(20)
    assert np.abs(np.asarray(Collapsed(network)(blurred)) - np.asarray(network(blurred))).max() < 2e-6


@pytest.mark.parametrize("side", [9, 28])
def test_collapsed_matrix_holds_every_impulse_response(network, side) -> None:
    matrix, offset = (np.asarray(part) for part in Collapsed(network, side).matrix())
    impulses = np.eye(side**2, dtype=np.float32).reshape(-1, side, side, 1)
    affine = affine_part(network)
    dark = np.asarray(affine(np.zeros((1, side, side, 1), np.float32))).reshape(1, -1)
    assert np.abs(offset - dark).max() < 1e-6
    assert np.abs(matrix - (np.asarray(affine(impulses)).reshape(side**2, -1) - dark)).max() < 2e-6


def test_collapsed_form_takes_the_same_training_steps() -> None:
    blurred, sharp = pictures(60), pictures(60)[::-1]
    trained = []
    for form in (lambda network: network, Collapsed):
        keras.utils.set_random_seed(5)
        network = thesis_autoencoder()
        model = form(network)
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
        model.fit(blurred, sharp, batch_size=20, epochs=2, shuffle=False, verbose=0)
        trained.append(network.get_weights())
    moved = 0.0
    keras.utils.set_random_seed(5)
    for first, plain, collapsed in zip(thesis_autoencoder().get_weights(), *trained, strict=True):
        moved = max(moved, float(np.abs(plain - first).max()))
        assert np.abs(plain - collapsed).max() < 1e-5
    assert moved > 1e-3  # the steps were steps


def test_activations_end_the_collapse() -> None:
    network = thesis_autoencoder(activation="relu")
    assert affine_part(network) is None
    with pytest.raises(ValueError, match="affine"):
        Collapsed(network)
