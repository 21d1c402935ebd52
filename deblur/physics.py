"""What physics does for the universal network: it makes the pictures that the network reads, and moves its answers to where the data are. Needs no Keras.

Everything here but how many steps of conjugate gradients and last steps are taken is part of the trained weights: change it and they must be trained again.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deblur import spectral
from deblur.blur import convolve
from deblur.condition import CONDITION, OFFSET, SLOPE_VARIANCE, WITHOUT_PSF, condition, expected_error, waves
from deblur.degrade import Degradation
from deblur.image import Picture, clip
from deblur.kernels import Psf
from deblur.reverse import reverse, unexplained

PLANES = ("inverse", "blurred", "smoother")  # without a PSF the last is what the first leaves unexplained
NUM_ITER, NUM_ITER_QUIET = 10, 40  # steps of conjugate gradients, at most, for a PSF of 3 px: where there is noise, and where there is hardly any
AGREE_ITER_QUIET = 24  # there, where the answer is moved only as far as the noise lets one tell
TWICE_AT, LONGEST = 19, 33  # px, side of a PSF that may take twice as many, and the longest
LAST_STEPS, WORTH = 10, 0.85  # of reverse filtering after the network: at most, and what each has to shrink the unexplained squares to
ENOUGH = 0.005  # of the noise variance that is reckoned with: what conjugate gradients may leave of the sum they make small, for each pixel
QUIET = 1e-5  # noise variance: rounding to 8 bits is quiet
NEEDS_DOUBLE = 1e-8  # noise variance: only float storage stays below it
SMOOTHER = 10 ** (12 / 10)  # the second inverse: 12 dB more cautious than the noise asks for
REVERSE_STEPS = 6  # at most: more make photographs worse that were not stored in floating point
STEPS_A_DECADE, NONE_FROM = 4.2, 1.5  # so many more steps for ten times less noise, rounded, and 0 at 10 to the minus this
TRUST = 0.25  # variance of the network's own error, as a share of the inverse's


def regularised_inverse(pictures: NDArray, psf: Psf, noise_variance: float, seen: NDArray | None = None) -> NDArray:
    """Undo a blur by least squares, held back as white noise of this variance asks for in a picture with slopes of typical variance.

    Args:
        pictures: (H, W) or (H, W, N).
        psf: Odd sides, sum 1.
        noise_variance: On the range [0, 1].
        seen: (H, W), 1 where the pictures say something and 0 where they do not; everywhere if left out.
    """
    balance = noise_variance / SLOPE_VARIANCE
    num_iter, precision = _num_iter(psf, noise_variance, NUM_ITER_QUIET), _precision(noise_variance)
    enough = ENOUGH * noise_variance if seen is None else 0.0  # how much is left around the seen pixels cannot be told
    return spectral.regularised(pictures, psf, balance, OFFSET * balance, num_iter, precision=precision, seen=seen, enough=enough)


def hand_over(
    blurred: NDArray, degradation: Degradation, names: Sequence[str] = CONDITION, colours: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the network's input.

    Args:
        blurred: (H, W) or (H, W, N): any number of channels, or of pictures that suffered the same degradation.
        degradation: What is known of it.
        names: Which entries of the condition the network reads, in its order: its card's.
        colours: The N are the three colours of one picture.

    Returns:
        planes, float32 (N, H, W, 3) in the order of `PLANES`: with a PSF the last is by how much a more cautious inverse differs, without
        one the first is what reverse filtering makes and the last what that leaves unexplained; the last in units of `expected_error`. And the
        condition vector, float32 (K,) in the order of `names`.
    """
    stack = blurred if blurred.ndim == 3 else blurred[..., None]
    psf = degradation.psf
    error = expected_error(degradation, stack.shape[:2])
    third: NDArray[np.floating]
    if psf is None:
        inverse, left = reverse(stack, degradation, _reverse_steps(degradation), colours)
        third = left / error
    else:
        variances = [degradation.noise_variance * caution for caution in (1.0, SMOOTHER)]
        alone = stack.shape[2] == 1 and stack.size > spectral.DIRECT_PIXELS  # several channels go side by side already, and small ones need not
        by = spectral.side_by_side if alone else map
        inverse, smoother = by(lambda variance: clip(regularised_inverse(stack, psf, variance)), variances)
        third = (smoother - inverse) / error
    planes = np.stack([inverse, stack, third], axis=-1)
    return np.ascontiguousarray(np.moveaxis(planes, 2, 0), np.float32), condition(degradation, error, names)


def _reverse_steps(degradation: Degradation) -> int:
    """The fewer the more noise there is, which grows with every step."""
    if not WITHOUT_PSF[degradation.blur].reversible:
        return 0
    quiet = -math.log10(degradation.noise_variance) / 2  # 2 at noise 0.01, 2.9 at rounding to 8 bits
    return min(REVERSE_STEPS, max(0, round(STEPS_A_DECADE * (quiet - NONE_FROM))))


def agree(restored: NDArray, blurred: NDArray, degradation: Degradation, seen: NDArray | None = None) -> Picture:
    """Move the network's picture to where its blur agrees with the blurred one, as far as the noise lets one tell.

    Args:
        restored: (H, W) or (H, W, N), what the network makes, in [0, 1].
        blurred: What it was made from.
        degradation: What is known of it; without a PSF nothing is moved.
        seen: (H, W), 1 where the blurred picture says something and 0 where it does not; everywhere if left out.

    Source: the data step of half-quadratic splitting (Zhang, Van Gool, Timofte 2020, eq. 6), for white noise and a white error.
    """
    return clip(restored if degradation.psf is None else _moved(restored, blurred, degradation, seen))


def _moved(restored: NDArray, blurred: NDArray, degradation: Degradation, seen: NDArray | None = None) -> NDArray[np.floating]:
    psf = degradation.psf
    assert psf is not None
    precision, num_iter = _precision(degradation.noise_variance), _num_iter(psf, degradation.noise_variance, AGREE_ITER_QUIET)
    missing = blurred - convolve(restored.astype(precision), psf)
    weight = _doubt(degradation, restored.shape)
    enough = ENOUGH * degradation.noise_variance if seen is None else 0.0
    num_iter = num_iter if seen is None else min(num_iter, NUM_ITER)  # all that it takes: an answer is near already
    return restored + spectral.regularised(missing, psf, 0.0, weight, num_iter, start=np.zeros_like(missing), precision=precision, seen=seen, enough=enough)


def hand_back(
    planes: NDArray[np.float32], vector: NDArray[np.float32], restored: NDArray, degradation: Degradation, names: Sequence[str] = CONDITION, colours: bool = False
) -> tuple[NDArray, NDArray]:
    """Make the network's input for its next round: its answer takes the inverse's place.

    Args:
        planes, vector: From `hand_over`.
        restored: (H, W, N), the last answer after `agree`.
        degradation, names, colours: As given to `hand_over`.

    Returns:
        As `hand_over`; the third plane now says, in the same units, by how much the inverse differs from the answer, or without a PSF what the
        answer leaves unexplained.
    """
    answer, error = np.moveaxis(restored, 2, 0), np.exp(vector[names.index("log_error")])
    if degradation.psf is None:
        third = np.moveaxis(unexplained(restored, np.moveaxis(planes[..., 1], 0, 2), degradation, colours), 2, 0)
    else:
        third = planes[..., 0] - answer
    again = np.stack([answer, planes[..., 1], third / error], axis=-1).astype(np.float32)
    return again, np.where(np.array(names) == "again", np.float32(1), vector)


def settle(restored: NDArray, blurred: NDArray, degradation: Degradation, colours: bool = False) -> Picture:
    """Take the last steps where there is no PSF: reverse the filter further, or hold the answer back where it cannot be reversed.

    A step is taken where it explains much more of the blurred picture; one that hardly shrinks what is unexplained follows the noise. What JPEG left out is
    unexplained too, and no step brings it back. Not trained through; `LAST_STEPS` and `WORTH` were chosen on held-out pictures.

    Args:
        restored: (H, W, N), the last answer after `agree`.
        blurred: What it was made from.
        degradation, colours: As given to `hand_over`; a blur with a PSF leaves the answer as it is.
    """
    if degradation.psf is not None:
        return restored
    instead = WITHOUT_PSF[degradation.blur]
    if not instead.reversible or degradation.storage == "jpeg":
        return restored + np.float32(instead.held_back) * (blurred - restored)
    weight = 1 / (1 + _doubt(degradation, restored.shape))
    return reverse(blurred, degradation, LAST_STEPS, colours, start=restored, weight=weight, worth=WORTH)[0]


def agreement(sharp: NDArray, blurred: NDArray, degradation: Degradation) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Write `agree` as products with cosines and sines and a sum, for training through it: see `networks.Agreement`.

    Exact for a doubly symmetric PSF. For any other the mirrored border mixes frequencies, which the products leave out; the sum is chosen so that
    they are right for the sharp picture, and what they make of an answer's error is off only near the border.

    Args:
        sharp, blurred: (H, W, N).
        degradation: Without a PSF nothing is changed (1, 0 and 0).

    Returns:
        kept, float32 (N, H, W, 2), by frequency: the weights of cosine by cosine and, for the sine by sine that a slanting PSF makes of it,
        and added, float32 (N, H, W, 1).
    """
    kept, psf = np.stack([np.ones(blurred.shape), np.zeros(blurred.shape)], axis=-1), degradation.psf
    added = np.zeros(blurred.shape)
    if psf is not None:
        weight = _doubt(degradation, blurred.shape)
        rows, columns = (np.pi * np.arange(side) / (side - 1) for side in blurred.shape[:2])
        there, back = (weight / (np.abs(waves(rows, psf.shape[0]) @ psf @ waves(sign * columns, psf.shape[1]).T) ** 2 + weight) for sign in (1, -1))
        kept[..., 0], kept[..., 1] = ((part / 2)[..., None] for part in (there + back, there - back))
        added = _moved(sharp, blurred, degradation) - weigh(sharp, kept)
    return np.moveaxis(kept, 2, 0).astype(np.float32), np.moveaxis(added, 2, 0)[..., None].astype(np.float32)


def weigh(pictures: NDArray, kept: NDArray) -> NDArray[np.float64]:
    """Weigh the waves of pictures (H, W, N), mirrored at their borders without end, by `kept` (H, W, N, 2) of `agreement`."""
    height, width = pictures.shape[:2]
    spectrum = fft.dctn(pictures, type=1, axes=(0, 1))
    weighed = fft.idctn(kept[..., 0] * spectrum, type=1, axes=(0, 1))
    inner = (slice(1, -1), slice(1, -1))
    if min(height, width) > 2 and kept[..., 1].any():
        weighed[inner] -= fft.dstn((kept[..., 1] * spectrum)[inner], type=1, axes=(0, 1)) / (4 * (height - 1) * (width - 1))
    return weighed


def _num_iter(psf: Psf, noise_variance: float, quiet: int) -> int:
    few = quiet if noise_variance < QUIET else NUM_ITER
    return round(few * (1 + max(0, min(max(psf.shape), LONGEST) - 3) / (TWICE_AT - 3)))


def _precision(noise_variance: float) -> type[np.floating]:
    return np.float32 if noise_variance > NEEDS_DOUBLE else np.float64


def _doubt(degradation: Degradation, shape: tuple[int, ...]) -> float:
    return degradation.noise_variance / (TRUST * expected_error(degradation, shape[:2]) ** 2)
