"""What is lost, against NumPy's own decomposition and the filters."""

import time

import numpy as np
import pytest

from deblur import spectral
from deblur.blur import convolve
from deblur.degrade import LEVEL, Degradation
from deblur.lessons.ledger import INVENTED, RECOVERED, Split, floor_of, overlay, spectrum, split, storages
from deblur.metrics import psnr
from deblur.restore import RESTORERS
from tests.conftest import photograph

LINEAR = {
    "gaussian": Degradation("gaussian"),
    "average": Degradation("average", {"size": 5}),
    "motion": Degradation("motion", {"length": 5, "angle": 30}),
    "defocus": Degradation("defocus", {"radius": 2.0}),
    "bilateral in [0, 1]": Degradation("bilateral", {"scale": "0-1", "diameter": 5}),
}
SHAPE = (12, 15)


@pytest.fixture(params=[*LINEAR.values(), None], ids=[*LINEAR, "asymmetric"])
def degradation(request, asymmetric_psf) -> Degradation:
    return request.param or Degradation.from_psf(asymmetric_psf)


def test_the_spectrum_is_the_blurs(degradation):
    found = spectrum(degradation, SHAPE)
    impulses = np.eye(12 * 15).reshape(12, 15, -1)  # one a channel
    matrix = convolve(impulses, degradation.psf).reshape(12 * 15, -1)
    assert np.allclose(found.traces.T @ np.diag(found.gains) @ found.sources, matrix, atol=1e-12)
    assert np.allclose(found.gains, np.linalg.svd(matrix, compute_uv=False), atol=1e-12)
    for basis in (found.sources, found.traces):
        assert np.allclose(basis @ basis.T, np.eye(12 * 15), atol=1e-12)
    assert np.array_equal(matrix, spectral.matrix(degradation.psf, SHAPE)) or np.allclose(matrix, spectral.matrix(degradation.psf, SHAPE))


def test_a_detail_leaves_what_the_filter_leaves(degradation):
    found = spectrum(degradation, SHAPE)
    for index in (0, 50, 179):
        pattern = found.pattern(index)
        assert np.abs(pattern).max() == pytest.approx(1)
        assert np.allclose(found.trace(index), convolve(pattern, degradation.psf), atol=1e-12)


def test_garments_are_decomposed_quickly():
    began = time.process_time()
    found = spectrum(Degradation("defocus", {"radius": 4.5}))
    assert time.process_time() - began < 5  # about 0.2 s where nothing else runs
    assert found.gains.shape == (784,) and spectrum(Degradation("defocus", {"radius": 4.5})) is found
    # the Gaussian erases one frequency in each direction: 28 + 28 - 1 details
    gains = spectrum(Degradation("gaussian")).gains
    assert np.sum(gains < 1e-12) == 55
    assert spectrum(Degradation("gaussian")).lost(LEVEL) == np.sum(np.linalg.svd(spectral.matrix(Degradation("gaussian").psf, (28, 28)))[1] < LEVEL)


def test_a_lost_detail_does_not_change_what_is_stored():
    degradation = Degradation("gaussian")
    pattern = spectrum(degradation).pattern(783)
    grey = np.full((28, 28), 120 * LEVEL, np.float32)
    assert np.array_equal(degradation.apply(grey), degradation.apply((grey + 0.4 * pattern).astype(np.float32)))


def test_parts_sum_to_what_was_added(degradation):
    sharp = photograph((14, 16, 3))
    blurred = degradation.apply(sharp)
    restored = RESTORERS["wiener"].restore(blurred, degradation)
    parts = split(blurred, restored, degradation, sharp=sharp, floor=0.05)
    added = restored.astype(float) - blurred
    assert np.allclose(parts.recovered + parts.invented, added)
    assert parts.recovered_share + parts.invented_share == pytest.approx(100)
    # what counts as invented comes through with less than the floor, by the filter itself
    through = convolve(parts.invented, degradation.psf)
    assert np.sqrt(np.sum(through**2)) <= 0.05 * np.sqrt(np.sum(parts.invented**2)) + 1e-12
    whole = 100 * np.sum((restored.astype(float) - sharp) ** 2) / np.sum((sharp.astype(float) - blurred) ** 2)
    assert parts.recovered_error + parts.invented_error == pytest.approx(whole)


def test_the_two_parts_are_painted_in_two_colours():
    recovered, invented, picture = np.zeros((3, 4, 5))
    recovered[1, 2], invented[3, 3] = -0.3, 0.3
    painted = overlay(Split(recovered, invented, 50.0, 50.0, None, None), picture + 0.5)
    assert painted.shape == (4, 5, 3) and np.allclose(painted[1, 2], RECOVERED) and np.allclose(painted[3, 3], INVENTED)
    assert np.allclose(painted[0, 0], 0.5)  # what was left alone stays grey
    assert RECOVERED[2] > RECOVERED[0] and INVENTED[0] > INVENTED[2]


def test_pure_invention_and_nothing_at_all():
    degradation = Degradation("gaussian")
    blurred = np.full((28, 28), 0.5, np.float32)
    dreamt = (blurred + 0.3 * spectrum(degradation).pattern(780)).astype(np.float32)
    assert split(blurred, dreamt, degradation).invented_share == pytest.approx(100)
    nothing = split(blurred, blurred, degradation, sharp=blurred)
    assert nothing.recovered_share == nothing.invented_share == nothing.recovered_error == 0


def test_the_floor_is_noise_and_rounding():
    assert floor_of(Degradation(storage="8-bit")) == pytest.approx(1 / 255 / 12**0.5)
    assert floor_of(Degradation(noise=0.03, storage="float")) == pytest.approx(0.03)


def test_what_has_no_matrix_is_refused():
    with pytest.raises(ValueError, match="no convolution"):
        spectrum(Degradation("median"))
    with pytest.raises(ValueError, match="1024 pixels"):
        spectrum(Degradation(), (41, 34))


def test_storage_decides():
    sharp, degradation = photograph((28, 28)), Degradation("average", {"size": 5})
    in_float, in_bytes, in_jpeg = storages(sharp, degradation, floor=-6.0)
    assert (in_float.storage, in_bytes.storage, in_jpeg.storage) == ("float", "8-bit", "jpeg")
    assert in_float.psnr > 60 > 25 > in_bytes.psnr > in_jpeg.psnr
    after = degradation.with_(storage="jpeg")
    assert np.array_equal(in_jpeg.blurred, after.apply(sharp))
    assert in_jpeg.psnr == psnr(RESTORERS["inverse"].restore(in_jpeg.blurred, after, floor=-6.0), sharp)
