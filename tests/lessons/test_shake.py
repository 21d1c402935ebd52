"""Painted paths against the filters that draw the same line."""

import cv2
import numpy as np
import pytest

from deblur import kernels
from deblur.degrade import Degradation
from deblur.estimate import estimate
from deblur.lessons.shake import MAX_POINTS, MAX_SIDE, STRENGTH, camera_path, camera_shake, mask_psf, path_psf, turned, undo
from deblur.restore import RESTORERS
from tests.conftest import photograph


def centre_of(psf: np.ndarray) -> np.ndarray:
    places = np.indices(psf.shape) - np.reshape([side // 2 for side in psf.shape], (2, 1, 1))
    return (places * psf).sum(axis=(1, 2))


def test_a_straight_path_is_motion():
    psf = path_psf([(5, 3), (5, 11)])  # 8 px long
    assert np.allclose(psf[psf.shape[0] // 2], psf.sum(axis=0)) and psf.sum() == pytest.approx(1)
    motion = kernels.motion(8, 0)[kernels.motion(8, 0).shape[0] // 2]
    middle = len(psf) // 2
    assert np.allclose(psf[middle, middle - 3 : middle + 4], motion[len(motion) // 2 - 3 : len(motion) // 2 + 4], atol=0.01)


def test_a_path_spends_its_light_by_length_and_keeps_its_sides():
    psf = path_psf([(0, 0), (0, 9), (3, 9)])  # right, then down a third as long: the corner is top right
    assert np.allclose(centre_of(psf), 0, atol=1e-9)
    rows, columns = np.nonzero(psf > 0.02)
    assert psf[rows.min() : rows.min() + 2].sum() > 0.5  # the long stroke lies above
    lower = psf[rows.min() + 2 :]
    assert np.average(np.arange(psf.shape[1]), weights=lower.sum(axis=0)) > columns.mean()


def test_the_picture_moves_as_the_path_was_painted():
    psf = path_psf([(0, 0), (0, 6), (4, 6)])
    dot = np.zeros((31, 31), np.float32)
    dot[15, 15] = 1
    blurred = Degradation.from_psf(psf, storage="float").apply(dot)
    reach = len(psf) // 2
    assert np.allclose(blurred[15 - reach : 16 + reach, 15 - reach : 16 + reach], psf, atol=1e-6)


def test_scaled_paths_and_points():
    assert max(path_psf([(0, 0), (70, 200)], side=21).shape) in (21, 23)
    assert path_psf([(4.0, 9.0)]).max() == pytest.approx(1)
    assert path_psf([(4.0, 9.0), (4.0, 9.0)], side=9).max() == pytest.approx(1)


@pytest.mark.parametrize("points", [[], [(0, np.nan)], [(0, 0), (0, MAX_SIDE + 3)], [(1, 2, 3)]])
def test_other_paths_are_refused(points):
    with pytest.raises(ValueError, match="path"):
        path_psf(points)


def test_a_painted_mask_keeps_its_shape():
    mask = np.zeros((200, 300), np.uint8)
    cv2.line(mask, (50, 60), (249, 160), 255, 3)
    psf = mask_psf(mask, 21)
    assert psf.shape[0] % 2 == psf.shape[1] % 2 == 1 and psf.sum() == pytest.approx(1)
    assert np.abs(centre_of(psf)).max() < 0.5
    rows, columns = np.indices(psf.shape)
    slope = np.polyfit(columns.reshape(-1), rows.reshape(-1), 1, w=np.sqrt(psf.reshape(-1)))[0]
    assert slope == pytest.approx(0.5, abs=0.05)
    small = np.array([[0, 0, 0, 0], [0, 1, 2, 0], [0, 0, 5, 0]])
    assert np.allclose(mask_psf(small)[mask_psf(small) > 0], np.array([1, 2, 5]) / 8)


@pytest.mark.parametrize("mask", [np.zeros((5, 5)), -np.eye(4), np.ones((4, 4, 3))])
def test_other_masks_are_refused(mask):
    with pytest.raises(ValueError, match="mask"):
        mask_psf(mask)


@pytest.mark.parametrize("side", [1, MAX_SIDE + 1])
def test_other_sides_are_refused(side):
    with pytest.raises(ValueError, match="side"):
        mask_psf(np.eye(5), side)
    with pytest.raises(ValueError, match="side"):
        path_psf([(0, 0), (3, 3)], side)


def test_a_shaking_hand_is_drawn_from_its_seed():
    spread = []
    for strength in STRENGTH.options:
        psfs = [camera_shake(strength, seed) for seed in range(8)]
        assert all(np.array_equal(psf, camera_shake(strength, seed)) for seed, psf in enumerate(psfs))
        assert not np.array_equal(psfs[0], psfs[1])
        assert all(psf.sum() == pytest.approx(1) and psf.min() >= 0 for psf in psfs)
        spread.append(np.mean([np.cov(np.indices(psf.shape).reshape(2, -1), aweights=psf.reshape(-1)).trace() ** 0.5 for psf in psfs]))
    assert spread[0] < spread[1] < spread[2]
    with pytest.raises(ValueError, match="strength"):
        camera_shake("wild")


def test_a_painted_blur_applies_to_every_picture():
    for shape in [(41, 34), (37, 46, 3)]:
        sharp = photograph(shape)
        blurred = Degradation.from_psf(camera_shake("light", 1)).apply(sharp)
        assert blurred.shape == shape and blurred.std() < sharp.std()


def test_too_many_points_are_refused():
    path_psf([(0, column % 9) for column in range(MAX_POINTS)])
    with pytest.raises(ValueError, match=f"{MAX_POINTS + 1} points"):
        path_psf([(0, column % 9) for column in range(MAX_POINTS + 1)])


@pytest.mark.parametrize("strength", STRENGTH.options)
@pytest.mark.parametrize("seed", [0, 7])
def test_the_path_of_a_camera_shake_is_where_its_light_lies(strength, seed):
    psf, path = camera_shake(strength, seed), camera_path(strength, seed)
    half = len(psf) // 2
    drawn, _, _ = np.histogram2d(*path.T, bins=[np.arange(-half - 0.5, half + 1)] * 2)  # equal times leave equal light
    drawn, seen = (cv2.GaussianBlur(light, (5, 5), 1) for light in (drawn, psf))
    assert np.corrcoef(drawn.ravel(), seen.ravel())[0, 1] > 0.95
    assert not np.array_equal(camera_path(strength, seed + 1), path)


def middle(psf: np.ndarray, side: int) -> np.ndarray:
    """The PSF on a square of another size, around the same middle."""
    wide = np.pad(psf, [(side, side)] * 2)
    rows, columns = (size // 2 - side // 2 for size in wide.shape)
    return wide[rows : rows + side, columns : columns + side]


def test_turned_psfs(asymmetric_psf):
    assert np.allclose(middle(turned(asymmetric_psf, 0), 9), middle(asymmetric_psf, 9))
    assert np.allclose(middle(turned(asymmetric_psf, 90), 9), np.rot90(middle(asymmetric_psf, 9)))
    line, true = (middle(psf, 15) for psf in (turned(kernels.motion(11, 0), 30), kernels.motion(11, 30)))
    assert line.sum() == pytest.approx(1) and np.abs(centre_of(line)).max() < 1e-9
    assert np.corrcoef(line.ravel(), true.ravel())[0, 1] > 0.9
    assert np.corrcoef(line[::-1].ravel(), true.ravel())[0, 1] < 0.5


def test_undoing_a_shake_three_times():
    sharp = photograph((48, 40), seed=3)
    degradation = Degradation.from_psf(camera_shake("light", 3), noise=0.01)
    blurred = degradation.apply(sharp)
    undone = undo(sharp, blurred, degradation, "wiener", 20)
    assert np.array_equal(undone.right.restored, RESTORERS["wiener"].restore(blurred, degradation))
    wrong = Degradation.from_psf(turned(camera_shake("light", 3), 20), noise=0.01)
    assert np.array_equal(undone.turned.restored, RESTORERS["wiener"].restore(blurred, wrong))
    likeliest = estimate(blurred)[0]
    assert (undone.estimated.believed, undone.estimated.confidence) == (likeliest.degradation, likeliest.confidence)
    for attempt in (undone.right, undone.turned, undone.estimated):
        before, after = (-10 * np.log10(np.mean((picture.astype(float) - sharp) ** 2)) for picture in (blurred, attempt.restored))
        assert (attempt.psnr, attempt.gain) == (pytest.approx(after), pytest.approx(after - before))
    assert undone.right.gain > undone.turned.gain


def test_refusals_are_told():
    sharp = np.zeros((30, 30), np.float32)
    degradation = Degradation.from_psf(camera_shake("light", 3), storage="float")
    undone = undo(sharp, degradation.apply(sharp), degradation, "wiener")
    assert undone.estimated.believed is None and undone.estimated.reason.code == "nothing_to_estimate"
    small = photograph((9, 9))
    undone = undo(small, small, Degradation.from_psf(camera_shake("strong", 3)), "universal")
    assert undone.right.restored is None and undone.right.reason.code == "picture_too_small"
