"""The training stream of the universal network."""

import numpy as np
import pytest

from deblur import stream
from deblur.condition import CONDITION
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import from_bytes, to_bytes, write_image
from deblur.stream import Source

from .conftest import photograph


@pytest.fixture(autouse=True)
def few_garments(monkeypatch):
    """The test split stands in for the training split, which a checkout does not hold."""
    images, labels = load_fashion_mnist("test")
    monkeypatch.setattr(stream, "_split", lambda folder: ((images[:300], labels[:300]), (images[300:600], labels[300:600])))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "HELD_PHOTOS", 1)
    stream.load_photos.cache_clear()
    for number in range(3):
        write_image(tmp_path / f"{number}.png", photograph((120, 130, 3), seed=number))
    return tmp_path


def test_a_batch_depends_on_seed_and_number_alone():
    first, again, other = (Source(seed=seed).batch(number) for seed, number in ((1, 5), (1, 5), (1, 6)))
    for one, two in zip(first[:-1], again[:-1], strict=True):
        np.testing.assert_array_equal(one, two)
    assert first.degradations == again.degradations
    assert not np.array_equal(first.sharp, other.sharp)


@pytest.mark.parametrize(("number", "side"), [(0, stream.PATCH), (stream.GARMENTS_EVERY, stream.PATCH), (stream.GARMENTS_EVERY - 1, 28)])
def test_the_shapes_of_a_batch(photos, number, side):
    batch = Source(photos).batch(number)
    assert batch.sharp.shape[1:3] == (side, side)
    count = len(batch.sharp)
    assert count % stream.GROUPS == 0
    assert batch.sharp.shape == batch.added.shape == (*batch.planes.shape[:3], 1)
    assert batch.kept.shape == (*batch.planes.shape[:3], 2)
    assert batch.conditions.shape == (count, len(CONDITION))
    assert all(part.dtype == np.float32 and np.isfinite(part).all() for part in batch[:-1])
    assert len(batch.degradations) == count
    linear = batch.conditions[:, CONDITION.index("linear")]
    assert [degradation.psf is not None for degradation in batch.degradations] == linear.astype(bool).tolist()


def test_pictures_and_their_blur_belong_together(photos):
    for group in (stream.garment_group, stream.photo_group):
        pictures = load_fashion_mnist("test")[0][:50] if group is stream.garment_group else stream.load_photos(photos)
        batch = group(np.random.default_rng(0), pictures, Degradation())
        assert 0 < np.mean((batch.planes[..., 1:2] - batch.sharp) ** 2) < 0.02
        assert np.array_equal(from_bytes(to_bytes(batch.sharp)), batch.sharp)


def test_draws_cover_what_the_sliders_offer():
    rng = np.random.default_rng(0)
    drawn = [stream.draw(rng) for _ in range(2000)]
    assert {degradation.blur for degradation in drawn} == {"gaussian", "average", "median", "bilateral", "motion", "defocus", "psf"}
    assert {degradation.storage for degradation in drawn} == {"float", "8-bit", "jpeg"}
    assert max(degradation.noise for degradation in drawn) > 0.15
    assert max(degradation.salt_pepper for degradation in drawn) > 0.2
    assert max(max(degradation.psf.shape) for degradation in drawn if degradation.psf is not None) <= stream.MAX_SIDE
    assert sum(stream.draw(rng, 0.5).blur == "median" for _ in range(1000)) > 100


def test_worker_processes_make_the_same_batches():
    """They load the real training split, so only order and end are looked at here."""
    made = stream.batches(_Counted(), 7)
    assert [next(made) for _ in range(3)] == [7, 8, 9]
    made.close()


class _Counted(Source):
    def batch(self, number):
        return number


def test_held_out_pictures_validate(photos, monkeypatch):
    groups = stream.validation(Source(photos))
    assert len(groups) == 2 * (len(stream.SETTINGS) + len(stream.VALIDATED))
    assert all(len(batch.sharp) in (200, 1) for batch in groups.values())
