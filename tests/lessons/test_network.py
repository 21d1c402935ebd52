"""Collapsed networks against the networks themselves."""

import numpy as np
import pytest
from scipy.special import expit, logit

from deblur.degrade import Degradation
from deblur.image import from_bytes
from deblur.lessons import network as lesson
from deblur.thesis import EXPERIMENTS
from deblur.weights import load
from tests.conftest import photograph


@pytest.fixture(scope="module")
def thesis():
    return load("thesis-gaussian")


@pytest.fixture(scope="module")
def blurred():
    return Degradation(storage="float").apply(photograph((28, 31)))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_networks_are_65_numbers_and_a_sigmoid(name, blurred):
    network = load(name)
    collapsed = lesson.collapse(network)
    assert collapsed.kernel.shape == (8, 8) and collapsed.ahead == 4
    measured = lesson.compare(network, collapsed, blurred)
    assert measured.inside < 1e-4  # float32 before a sigmoid whose kernel is large
    assert measured.near_border > 100 * measured.inside
    assert np.array_equal(measured.network.astype(np.float32), np.asarray(network(blurred[None, ..., None]))[0, ..., 0])
    assert np.abs(measured.difference[8:-8, 8:-8]).max() == measured.inside


def test_the_kernel_grows_layer_by_layer(thesis):
    stages = lesson.collapse(thesis).stages
    assert [stage.kernels.shape for stage in stages] == [
        (64, 2, 2), (32, 3, 3), (16, 4, 4), (8, 5, 5), (16, 6, 6), (32, 7, 7), (64, 8, 8), (1, 8, 8),
    ]  # fmt: skip
    assert [stage.ahead for stage in stages] == [1, 2, 3, 4, 4, 4, 4, 4]
    assert stages[-1].num_params == thesis.count_params() == 22_057


def test_each_stage_is_the_composition_of_the_weights(thesis):
    first, second = thesis.get_layer("encode_1"), thesis.get_layer("encode_2")
    taps = first.kernel.numpy()[:, :, 0]  # (2, 2, 64): out[r] = Σ taps[i] x[r + i]
    stages = lesson.collapse(thesis).stages
    assert np.allclose(stages[0].kernels, taps[::-1, ::-1].transpose(2, 0, 1), atol=1e-7)
    assert np.allclose(stages[1].biases, first.bias.numpy() @ second.kernel.numpy().sum(axis=(0, 1)) + second.bias.numpy(), atol=1e-5)


def test_a_relu_ends_the_collapse(thesis, blurred):
    changed = lesson.with_activation(thesis, "relu")
    assert lesson.compare(changed, lesson.collapse(thesis), blurred).inside > 0.1
    with pytest.raises(ValueError, match="affine"):
        lesson.collapse(changed)


def test_comparing_needs_a_grey_picture_with_an_inside(thesis):
    for shape in [(16, 40), (40, 40, 3)]:
        with pytest.raises(ValueError, match="16 px"):
            lesson.compare(thesis, lesson.collapse(thesis), photograph(shape))


def test_the_bias_is_what_black_becomes(thesis):
    assert lesson.collapse(thesis)(from_bytes(np.zeros((28, 28), np.uint8)))[14, 14] == pytest.approx(1 / (1 + np.exp(-lesson.collapse(thesis).bias)))


def test_affine_networks_add_up_and_networks_with_relu_do_not(thesis, blurred):
    assert lesson.superposition(thesis, blurred) < 1e-5
    changed = lesson.with_activation(thesis, "relu")
    # by hand: the answers to both halves, taken back through the sigmoid where it is not yet flat, added and compared with the whole
    run, half = lesson.answers(changed), np.zeros_like(blurred)
    half[:, : blurred.shape[1] // 2] = blurred[:, : blurred.shape[1] // 2]
    whole, left, right, black = (logit(run(part[None])[0].astype(np.float64)) for part in (blurred, half, blurred - half, 0 * blurred))
    assert lesson.superposition(changed, blurred) == pytest.approx(np.abs(expit(whole) - expit(left + right - black)).max(), abs=1e-4)
    assert lesson.superposition(changed, blurred) > 0.01


def test_a_network_is_collapsed_once(thesis):
    assert lesson.collapse(thesis) is lesson.collapse(thesis)
