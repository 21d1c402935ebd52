"""What the universal network is told of a degradation: numbers in a fixed order. Needs no Keras.

Everything here is part of the trained weights: change a constant or the meaning of a name and they must be trained again.
The card holds the names in their order: one that is added here for a new filter leaves old weights as they are.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deblur import spectral
from deblur.degrade import Degradation

CONDITION = (
    "log_error", "log_noise", "salt_pepper", "float", "jpeg", "jpeg_loss", "linear", "median", "bilateral",
    "psf_rows", "psf_columns", "psf_peak", "psf_symmetric", "median_size", "diameter", "sigma_color", "sigma_space", "again",
)

SLOPE_VARIANCE = 0.05  # of a picture's slopes, as in deblur.classical; held here so that tuning it there leaves the network's input alone
OFFSET = 1e-3  # how much less the mean is held back than a slope
GRID = 64  # frequencies a side, at most, over which the expected error is averaged
LEAST_ERROR = 1e-6


class WithoutPsf(NamedTuple):
    """What stands in for a PSF where a filter has none.

    Attributes:
        error: Root mean square error of the network's first plane, but for noise.
        reversible: Steps of reverse filtering come before the network and after it; they let noise through, which adds to the error.
        held_back: How much of the blurred picture is mixed into the last answer. Where nothing tells whether an answer is right, this costs good
            ones little and halves the number of those that are worse than nothing done; chosen on held-out garments.
        told: The filter's values that the network is told: entry of the condition, parameter, divisor.
    """

    error: float
    reversible: bool
    held_back: float
    told: tuple[tuple[str, str, float], ...]


WITHOUT_PSF = {
    "median": WithoutPsf(0.1, False, 0.1, (("median_size", "size", 10),)),  # it forgets what it leaves out
    "bilateral": WithoutPsf(0.02, True, 0.0, (("diameter", "diameter", 10), ("sigma_color", "sigma_color", 100), ("sigma_space", "sigma_space", 100))),
}


@lru_cache(maxsize=64)
def expected_error(degradation: Degradation, shape: tuple[int, ...]) -> float:
    """Root mean square error that the inverse should leave, from PSF and noise alone: the scale of what is left to the network."""
    psf = degradation.psf
    if psf is None:
        instead = WITHOUT_PSF[degradation.blur]
        return math.hypot(instead.error, degradation.noise_variance**0.5 if instead.reversible else 0.0)
    height, width = (min(side, GRID) for side in shape[:2])
    rows, columns = np.pi * np.arange(height) / (height - 1), np.pi * np.arange(1 - width, width) / (width - 1)
    blur = waves(rows, psf.shape[0]) @ psf @ waves(columns, psf.shape[1]).T
    variance = degradation.noise_variance
    slopes = 4 - 2 * np.cos(rows)[:, None] - 2 * np.cos(columns)[None, :]
    left = variance / (np.abs(blur) ** 2 + variance / SLOPE_VARIANCE * (slopes + OFFSET))
    return float(np.clip(np.sqrt(left.mean()), LEAST_ERROR, 0.5))


def condition(degradation: Degradation, error: float, names: Sequence[str] = CONDITION) -> NDArray[np.float32]:
    """The condition vector, (K,); numbers of order 1."""
    values, psf = degradation.values, degradation.psf
    kind = "linear" if psf is not None else degradation.blur
    known: dict[str, float] = {
        "log_error": math.log(error),
        "log_noise": math.log10(degradation.noise + 1e-3) + 3,
        "salt_pepper": 4 * degradation.salt_pepper,
        "float": degradation.storage == "float",
        "jpeg": degradation.storage == "jpeg",
        "jpeg_loss": (100 - degradation.quality) / 50 if degradation.storage == "jpeg" else 0.0,
        kind: 1.0,
    }
    if psf is not None:
        spread_rows, spread_columns = _spread(psf.sum(axis=1)), _spread(psf.sum(axis=0))
        known |= {
            "psf_rows": math.log1p(spread_rows), "psf_columns": math.log1p(spread_columns), "psf_peak": psf.max() ** 0.5,
            "psf_symmetric": spectral.is_doubly_symmetric(psf),
        }
    else:
        known |= {entry: float(values[name]) / divisor for entry, name, divisor in WITHOUT_PSF[kind].told}
    return np.array([known.get(name, 0.0) for name in names], np.float32)


def waves(frequencies: NDArray, side: int) -> NDArray:
    """The waves exp(i·f·x) at the pixels x of a line of `side` px around its middle, (F, side), for frequencies f, (F,)."""
    return np.exp(1j * np.outer(frequencies, np.arange(side) - side // 2))


def _spread(profile: NDArray) -> float:
    """Standard deviation of a PSF along one axis, px."""
    places = np.arange(len(profile))
    return math.sqrt(max(0.0, float(profile @ (places - profile @ places) ** 2)))
