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


@pytest.mark.parametrize("name", ["reverse", "universal"])
@pytest.mark.parametrize("count", [1, 3, 4])
def test_pictures_blurred_by_the_bilateral_are_answered_each_by_itself(name, count, blurred):
    degradation = Degradation("bilateral")
    batch = np.stack([np.roll(blurred, 3 * place, axis=1) for place in range(count)])
    found = sensitivity.answers_of(RESTORERS[name], degradation)(batch)
    for one, answer in zip(batch, found, strict=True):
        assert np.allclose(answer, RESTORERS[name].restore(np.ascontiguousarray(one), degradation), atol=2e-5)


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


@pytest.fixture(scope="module")
def small_blurred(blurred):
    return np.ascontiguousarray(blurred[:12, :11])


def test_a_whole_jacobian_is_autodiffs(thesis, small_blurred):
    import tensorflow as tf

    rows = sensitivity.jacobian(lesson.answers(thesis), small_blurred)
    source = tf.convert_to_tensor(small_blurred[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(source)
        target = thesis(source)
    expected = tape.jacobian(target, source).numpy()[0, :, :, 0, 0, :, :, 0]
    assert rows.shape == expected.shape and np.abs(rows - expected).max() < 0.02 * np.abs(expected).max()
    restored = lesson.answers(thesis)(small_blurred[None])[0]
    one = sensitivity.row_of(rows, restored, 4, 7)
    assert np.array_equal(one.weights, rows[4, 7]) and one.value == restored[4, 7]


def test_a_jacobian_tells_left_from_right(small_blurred, asymmetric_psf):
    """Of a linear filter it is the filter, with the PSF turned round, wherever the pixel lies."""
    blur = Degradation.from_psf(asymmetric_psf)
    rows = sensitivity.jacobian(lambda batch: np.stack([blur.reblur(one) for one in batch]), small_blurred)
    assert np.allclose(rows[6, 5][5:8, 3:8], asymmetric_psf[::-1, ::-1], atol=2e-3)
    assert np.allclose(rows[6, 5].sum(), 1, atol=2e-3)
    step = np.zeros_like(small_blurred)
    step[2, 3] = 0.01
    change = blur.reblur(np.clip(small_blurred + step, 0, 1)) - blur.reblur(small_blurred)
    assert np.allclose(rows[..., 2, 3] * 0.01, change, atol=1e-4)


def test_the_universal_networks_jacobian_foretells_small_changes():
    degradation = Degradation("gaussian", {"size": 5, "sigma": 0}, noise=0.03)
    blurred = degradation.apply(photograph((28, 28)) * 0.6 + 0.2, seed=0)
    run = sensitivity.answers_of(RESTORERS["universal"], degradation)
    rows = sensitivity.jacobian(run, blurred)
    for row, column in [(14, 15), (3, 20)]:
        exact = sensitivity.sensitivity(run, blurred, row, column, reach=27)
        assert np.abs(rows[row, column] - exact.weights).max() < 0.05 * np.abs(exact.weights).max()


def test_one_pixel_of_a_thesis_network_is_a_sum_and_a_sigmoid(thesis, blurred):
    for row, column in [(14, 15), (0, 0), (27, 4)]:
        found = sensitivity.network_sum(thesis, blurred, row, column)
        by_hand = float((found.weights * blurred).sum()) + found.bias
        assert by_hand == pytest.approx(found.total, abs=1e-3)
        answer = float(lesson.answers(thesis)(blurred[None])[0, row, column])
        assert 1 / (1 + np.exp(-by_hand)) == pytest.approx(answer, abs=1e-4) and found.value == pytest.approx(answer, abs=1e-5)


def test_the_window_around_a_pixel_is_black_beyond_the_border():
    values = np.arange(1.0, 13).reshape(3, 4)
    assert np.array_equal(sensitivity.around(values, 0, 3, 1), [[0, 0, 0], [3, 4, 0], [7, 8, 0]])


def test_reach_counts_weight_without_signs():
    weights = np.zeros((9, 9))
    weights[4, 4], weights[4, 6], weights[1, 4] = 5, -3, 2
    found = sensitivity.Sensitivity(4, 4, weights, 0.5, 0.0)
    assert [sensitivity.reach_of(found, share) for share in (0.5, 0.51, 0.8, 0.81, 1.0)] == [0, 2, 2, 3, 3]


def test_kernels_apart():
    one = np.array([[1.0, -2.0], [0.0, 0.0]])
    assert sensitivity.apart(one, one) == 0 and sensitivity.apart(one, -one) == 1
    assert sensitivity.apart(one, np.array([[1.0, 0.0], [0.0, 2.0]])) == pytest.approx(4 / 6)
    assert sensitivity.apart(0 * one, 0 * one) == 0


def test_the_calmest_place_is_flat_and_the_busiest_an_edge():
    picture = np.full((28, 28), 0.4, np.float32)
    picture[:, 17:] = 0.8
    (row, column), (edge_row, edge_column) = sensitivity.calmest_and_busiest(picture)
    assert abs(column - 16.5) > 1 and edge_column in (16, 17)
    assert all(5 <= place < 23 for place in (row, column, edge_row, edge_column))
    assert sensitivity.calmest_and_busiest(np.zeros((28, 28), np.float32))  # a black garment has places too


def test_the_round_trip_of_a_kernel_is_that_at_mid_grey(thesis, blurred):
    psf = kernels.gaussian(3, 0)
    found = sensitivity.network_sensitivity(thesis, blurred, 14, 15)
    inside = sensitivity.round_trip(psf, found, count=9)
    trip = sensitivity.kernel_round_trip(psf, lesson.collapse(thesis), count=9)
    steeper = 0.25 / (found.value * (1 - found.value))
    assert np.allclose(trip.product, inside.product * steeper, atol=1e-4) and np.allclose(trip.restorer, inside.restorer * steeper, atol=1e-4)
