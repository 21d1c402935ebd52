"""What the core's tests share: pictures with an odd shape, so that swapped rows and columns show, and an asymmetric PSF."""

import numpy as np
import pytest

from deblur.image import from_bytes

SHAPES = {"grey": (41, 34), "colour": (37, 46, 3)}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def picture(request) -> np.ndarray:
    """A picture with 8-bit values, light and dark, smooth and rough."""
    return photograph(request.param)


def photograph(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """A made-up picture that 256 levels hold: a slope, blocks and grain; float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    slope = 90 * np.sin(rows / 9) * np.cos(columns / 7) + 120
    blocks = 60 * ((rows // 8 + columns // 11) % 2)
    levels = (slope + blocks)[(...,) + (None,) * (len(shape) - 2)] + rng.normal(0, 12, shape)
    return from_bytes(np.clip(levels, 0, 255).astype(np.uint8))


@pytest.fixture
def asymmetric_psf() -> np.ndarray:
    """Differs from itself mirrored left-right, up-down and turned by 180°."""
    psf = np.array([[0.0, 1.0, 0.0, 4.0, 2.0], [3.0, 9.0, 5.0, 1.0, 0.0], [0.0, 2.0, 7.0, 0.0, 1.0]])
    return psf / psf.sum()
