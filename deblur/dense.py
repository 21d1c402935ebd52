"""Blurs and their inverses as matrices, for small pictures: exact for any PSF, border included."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, linalg

from deblur import condition, spectral
from deblur.kernels import Psf

LEAST_VARIANCE = 1e-12  # below it the equations are too close to singular for double precision


def blur_matrix(psf: Psf, shape: tuple[int, int]) -> NDArray[np.float64]:
    """The blur of a picture under the mirrored border as a matrix (H·W, H·W): blurred pixel by sharp pixel."""
    height, width = shape
    rows, columns = (_shifts(side, length).reshape(side, -1) for side, length in zip(psf.shape, shape, strict=True))
    matrix = (rows.T @ psf @ columns).reshape(height, height, width, width)
    return matrix.transpose(0, 2, 1, 3).reshape(height * width, height * width)


def wiener(pictures: NDArray, psf: Psf, noise_variance: float) -> NDArray:
    """As `condition.wiener`, without its approximation at the border where the PSF is not doubly symmetric.

    Least squares, weighted as the cosine transform does: a pixel of the border counts half. Cost: cubic in the number of pixels.

    Args:
        pictures: (H, W, N).
        psf: Odd sides, sum 1.
        noise_variance: On the range [0, 1].
    """
    if spectral.is_doubly_symmetric(psf):
        return condition.wiener(pictures, psf, noise_variance)
    height, width, count = pictures.shape
    normal, right = _normal_equations(psf.tobytes(), psf.shape, (height, width))
    system = normal + max(noise_variance, LEAST_VARIANCE) / condition.GRADIENT_VARIANCE * _penalty(height, width)
    return linalg.solve(system, right @ pictures.reshape(-1, count), assume_a="pos", check_finite=False).reshape(pictures.shape)


@lru_cache(maxsize=1)  # asked for at two strengths
def _normal_equations(psf: bytes, sides: tuple[int, int], shape: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """HᵀWH and HᵀW of a blur H, W weighing the pixels."""
    blur = blur_matrix(np.frombuffer(psf).reshape(sides), shape)
    right = blur.T * _weights(*shape)
    return right @ blur, right


@lru_cache(maxsize=4)
def _penalty(height: int, width: int) -> NDArray[np.float64]:
    """The prior's W(−Δ + offset)."""
    gradient = np.kron(_squared_frequency(height), np.eye(width)) + np.kron(np.eye(height), _squared_frequency(width))
    return _weights(height, width)[:, None] * (gradient + condition.OFFSET * np.eye(height * width))


def _weights(height: int, width: int) -> NDArray[np.float64]:
    rows, columns = np.ones(height), np.ones(width)
    rows[[0, -1]] = columns[[0, -1]] = 0.5
    return np.outer(rows, columns).ravel()


def _shifts(side: int, length: int) -> NDArray[np.float64]:
    """(side, L, L): which pixel of a mirrored line each place of the PSF brings to each pixel."""
    wrapped = np.abs(np.arange(length) - (np.arange(side) - side // 2)[:, None]) % (2 * length - 2)
    return np.eye(length)[np.minimum(wrapped, 2 * length - 2 - wrapped)]


def _squared_frequency(length: int) -> NDArray[np.float64]:
    """The matrix that multiplies each cosine of a line by its squared frequency."""
    frequencies = np.pi * np.arange(length) / (length - 1)
    return fft.idct(frequencies[:, None] ** 2 * fft.dct(np.eye(length), type=1, axis=0), type=1, axis=0)
