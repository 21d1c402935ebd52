"""How far a picture is from the sharp one. Both have the same shape; data range 1 throughout."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deblur.reasons import InputError

SSIM_WINDOW = 11  # px; the Gaussian window of Wang et al. (2004), sigma 1.5


def mse(picture: NDArray, sharp: NDArray) -> float:
    """Mean of the squared differences."""
    return float(np.mean(_difference(picture, sharp) ** 2))


def mae(picture: NDArray, sharp: NDArray) -> float:
    """Mean of the absolute differences."""
    return float(np.mean(np.abs(_difference(picture, sharp))))


def psnr(picture: NDArray, sharp: NDArray) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    return decibels(mse(picture, sharp))


def decibels(mean_square: float) -> float:
    """PSNR in dB of a mean square error."""
    return math.inf if mean_square == 0 else -10 * math.log10(mean_square)


def error(picture: NDArray, sharp: NDArray) -> float:
    """100·Σ(picture − sharp)²/Σ sharp² in %, over all pictures together: the thesis' percentage as inferred from its table.

    A black `sharp` gives 0 if nothing differs, else infinity.
    """
    squares = float(np.sum(_difference(picture, sharp) ** 2))
    energy = float(np.sum(sharp.astype(np.float64) ** 2))
    return 100 * squares / energy if energy else math.inf if squares else 0.0


def ssim(picture: NDArray, sharp: NDArray) -> float | None:
    """Structural similarity of one picture, -1 to 1; None below 11×11 px, where its window does not fit.

    Source: Wang, Bovik, Sheikh, Simoncelli 2004, eq. 13, with their Gaussian window and constants (computed by scikit-image).
    """
    from skimage.metrics import structural_similarity  # half a second to import

    _difference(picture[:1], sharp[:1])
    if min(sharp.shape[:2]) < SSIM_WINDOW:
        return None
    return float(
        structural_similarity(
            picture,
            sharp,
            data_range=1.0,
            channel_axis=2 if sharp.ndim == 3 else None,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


@dataclass(frozen=True)
class Scores:
    """The numbers under a picture."""

    psnr: float
    ssim: float | None
    error: float
    mse: float
    mae: float


def scores(picture: NDArray, sharp: NDArray) -> Scores:
    """All measures of one picture."""
    mean_square = mse(picture, sharp)
    return Scores(decibels(mean_square), ssim(picture, sharp), error(picture, sharp), mean_square, mae(picture, sharp))


def gain(before: Scores, after: Scores) -> float:
    """How many dB of PSNR the restorer added over doing nothing; negative if it did harm."""
    return 0.0 if before.psnr == after.psnr else after.psnr - before.psnr  # equal infinities have no difference


def brought_back(blurred: NDArray, restored: NDArray, sharp: NDArray) -> float | None:
    """Share of the blur's squared error that the restorer removed: 1 all of it, below 0 it did harm; None if nothing was blurred."""
    before = mse(blurred, sharp)
    return 1 - mse(restored, sharp) / before if before else None


def _difference(picture: NDArray, sharp: NDArray) -> NDArray[np.float64]:
    if picture.shape != sharp.shape:
        raise InputError(
            "shapes_differ",
            "pictures of shapes {first} and {second}: expected the same shape. Resize or crop one of them.",
            first=picture.shape,
            second=sharp.shape,
        )
    return picture.astype(np.float64) - sharp
