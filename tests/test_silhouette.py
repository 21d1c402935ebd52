"""The specialist that guesses a garment from its outline."""

import numpy as np
import pytest

from deblur import silhouette, weights
from deblur.cards import read_card
from deblur.data import load_fashion_mnist
from deblur.metrics import error


@pytest.fixture(scope="module")
def test_garments():
    return load_fashion_mnist("test")[0]


def test_it_reads_black_and_white_alone(test_garments):
    picture, _ = silhouette.given(test_garments[:50])
    assert set(np.unique(picture)) == {0.0, 1.0}


def test_a_mirrored_garment_comes_with_its_mirrored_silhouette(test_garments):
    batches = silhouette.Mirrored(test_garments[:200], seed=1)
    (given, _), sharp = batches[0]
    np.testing.assert_array_equal(given, silhouette.given((255 * sharp[..., 0]).round().astype(np.uint8))[0])
    kinds = {tuple(picture.ravel()) for picture in (sharp[..., 0] * 255).round().astype(np.uint8)}
    plain, turned = ({tuple(picture.ravel()) for picture in some} for some in (test_garments[:200], test_garments[:200, :, ::-1]))
    assert kinds <= plain | turned
    assert kinds & plain
    assert kinds & turned
    assert len(batches) == 2


def test_the_cards_figure_is_reproduced_and_better_than_the_thesis(test_garments):
    card = read_card("silhouette")
    network = weights.load("silhouette")
    reached = error(silhouette.restore(network, test_garments), test_garments.astype(np.float32) / 255)
    assert reached == pytest.approx(card.figures["error"], rel=0.01)
    assert reached < 14 < card.figures["paper_error"]
