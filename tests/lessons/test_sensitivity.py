"""Jacobians and round trips against autodiff, the restorers and waves that pass them."""

import numpy as np
import pytest

from deblur import classical, kernels
from deblur.degrade import Degradation
from deblur.lessons import network as lesson
from deblur.lessons import sensitivity
from deblur.restore import RESTORERS
from deblur.weights import load
from tests.conftest import photograph


@pytest.fixture(scope="module")
def thesis():
    return load("thesis-gaussian")


@pytest.fixture(scope="module")
def blurred():
    return Degradation(storage="float").apply(photograph((28, 31)))


@pytest.mark.parametrize("place", [(14, 15), (0, 0), (27, 30), (3, 29)])
def test_the_jacobian_of_a_thesis_network_is_exact(thesis, blurred, place):
    found = sensitivity.network_sensitivity(thesis, blurred, *place)
    run = lesson.answers(thesis)
    assert found.value == pytest.approx(run(blurred[None])[0][place], abs=1e-6)
    # autodiff of the whole network, sigmoid and border included
    import tensorflow as tf

    source = tf.convert_to_tensor(blurred[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(source)
        target = thesis(source)[0, place[0], place[1], 0]
    gradient = tape.gradient(target, source).numpy()[0, ..., 0]
    assert np.abs(found.weights - gradient).max() < 1e-4 * np.abs(gradient).max()
    differences = sensitivity.sensitivity(run, blurred, *place, reach=5)
    assert np.abs(differences.weights - gradient).max() < 0.02 * np.abs(gradient).max()
    assert differences.error < 0.02


def test_the_jacobian_inside_is_the_kernel_times_the_slope(thesis, blurred):
    collapsed, found = lesson.collapse(thesis), sensitivity.network_sensitivity(thesis, blurred, 14, 15)
    window = found.weights[14 - 3 : 14 + 5, 15 - 3 : 15 + 5][::-1, ::-1]
    assert np.allclose(window, collapsed.kernel * found.value * (1 - found.value), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in RESTORERS if RESTORERS[name].accepts(Degradation(), (28, 31)) is None])
def test_every_restorer_has_a_jacobian(name, blurred):
    degradation = Degradation(noise=0.02, storage="float")
    values = {"num_iter": 10} if name == "richardson_lucy" else {}
    run = sensitivity.answers_of(RESTORERS[name], degradation, **values)
    assert np.allclose(run(blurred[None])[0], RESTORERS[name].restore(blurred, degradation, **values), atol=2e-5)
    found = sensitivity.sensitivity(run, blurred, 13, 15, reach=4)
    later = blurred.copy()
    later[12, 16] += 0.003
    change = run(later[None])[0, 13, 15] - run(blurred[None])[0, 13, 15]
    assert change == pytest.approx(0.003 * found.weights[12, 16], abs=1e-4)


def test_a_linear_filter_as_restorer_gives_its_own_weights(blurred):
    psf = kernels.gaussian(5, 1.0)
    found = sensitivity.sensitivity(lambda batch: np.stack([Degradation.from_psf(psf).reblur(one) for one in batch]), blurred, 10, 11, reach=3)
    assert np.allclose(found.weights[8:13, 9:14], psf, atol=1e-3) and found.error < 0.01


def test_the_round_trip_of_wiener(blurred):
    psf, variance = kernels.box(3), 1e-3
    trip = sensitivity.wiener_round_trip(psf, variance, count=28)
    # a cosine that fits the mirrored border passes blur and restorer as the curves say
    for index in (0, 3, 9, 14, 27):
        stripes = np.tile(0.1 * np.cos(np.pi * index * np.arange(28) / 27), (28, 1))
        restored = classical.wiener((Degradation.from_psf(psf).reblur((stripes + 0.5).astype(np.float32))), psf, variance, 0.0)
        assert (restored.astype(float) - 0.5)[14] / 0.1 == pytest.approx(trip.product[index] * stripes[14] / 0.1, abs=6e-3)
    assert np.allclose(trip.blur * trip.restorer, np.abs(trip.product)) and trip.product.max() <= 1


def test_the_round_trip_of_a_network(thesis, blurred):
    psf = kernels.gaussian(3, 0)
    found = sensitivity.network_sensitivity(thesis, blurred, 14, 15)
    trip = sensitivity.round_trip(psf, found, count=5)
    assert np.allclose(trip.blur, [1, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4, 0])
    assert trip.restorer[0] == pytest.approx(abs(found.weights.sum()))
    alternating = (-1.0) ** (np.arange(31) - 15)
    assert trip.restorer[-1] == pytest.approx(abs((found.weights @ alternating).sum()))
    shifted = np.exp(-1j * np.pi / 4 * (15 - np.arange(31)))
    assert trip.product[1] == pytest.approx(((found.weights @ shifted).sum() * trip.blur[1]).real)
