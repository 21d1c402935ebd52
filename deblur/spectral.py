"""Undo a linear blur by least squares, under the border that the filters use (mirrored without repeating the edge, reflect-101)."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, linalg, sparse

from deblur.blur import convolve, correlate_back
from deblur.kernels import Psf

Plane = NDArray[np.float64]  # (H, W, C)
Slopes = tuple[Plane, Plane]
Operator = Callable[[Plane], Plane]

LAPLACE = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
DIRECT_PIXELS = 1024  # up to here a factorised matrix is quicker than iterating: 28×28 takes it, 33×33 no longer
NUM_ITER = 30
TOLERANCE = 1e-7  # of the residual, relative to the equations' right side
PRECONDITIONER_FLOOR = 0.01  # measured on 8-bit photographs: a bolder inverse takes more iterations to repair at the border
MATRIX_FLOOR = 1e-13  # keeps the factorisation of a singular blur positive


def is_doubly_symmetric(psf: Psf) -> bool:
    """Say whether the PSF equals itself mirrored left-right and mirrored up-down, to rounding."""
    return bool(np.allclose(psf, psf[::-1], atol=1e-9) and np.allclose(psf, psf[:, ::-1], atol=1e-9))


def regularised(
    blurred: NDArray,
    psf: Psf,
    on_gradient: float,
    on_picture: float,
    num_iter: int = NUM_ITER,
    slopes: Slopes | None = None,
    start: NDArray | None = None,
) -> NDArray[np.float64]:
    """Minimise ‖h∗x − y‖² + on_gradient·‖∇x − slopes‖² + on_picture·‖x‖² over the pictures x.

    The sums run over the mirrored continuation, in which a pixel on an edge occurs half as often as one inside. Then the type-I cosine
    transform turns a doubly symmetric PSF and the gradient into products, and the minimum is one division. For any other PSF the same
    minimum is found directly on small pictures (factorised once for a PSF) and by preconditioned conjugate gradients on larger ones,
    which stop after `num_iter` rounds: well past visible differences where there is noise, still improving where there is none.

    Args:
        blurred: (H, W) or (H, W, C), both sides at least 2 px and longer than the PSF's reach. C is free: colours, or a batch of
            pictures that one PSF blurred.
        psf: Odd sides.
        on_gradient: Weight of the squared differences between neighbours, at least 0.
        on_picture: Weight of the squared values, above 0 where the blur removes a frequency wholly.
        num_iter: Rounds of conjugate gradients at most.
        slopes: What the differences between neighbours should be, as `gradient` gives them; 0 if left out.
        start: Where the rounds begin, of the shape of `blurred`; there if left out.

    Returns:
        The shape of `blurred`, not clipped.

    Source: Tikhonov and Arsenin 1977; Ng, Chan, Tang 1999 (cosine transform under a mirrored border); Hestenes and Stiefel 1952.
    """
    planes = _planes(blurred)
    pull = on_gradient * gradient_back(slopes) if slopes is not None else np.zeros_like(planes)
    if is_doubly_symmetric(psf):
        restored = _by_cosines(planes, psf, on_gradient, on_picture, pull)
    else:
        begin = planes if start is None else _planes(start)
        restored = _by_conjugate_gradients(planes, psf, on_gradient, on_picture, pull, begin, num_iter)
    return restored.reshape(blurred.shape)


def gradient(picture: NDArray) -> Slopes:
    """Differences from each pixel to the next: downwards, (H − 1, W, C), and to the right, (H, W − 1, C)."""
    planes = _planes(picture)
    return np.diff(planes, axis=0), np.diff(planes, axis=1)


def gradient_back(slopes: Slopes) -> Plane:
    """Apply the transpose of `gradient` in the mirrored continuation, where slopes change sign behind the edge; (H, W, C)."""
    down, across = slopes
    return -np.diff(_mirrored(down, 0), axis=0) - np.diff(_mirrored(across, 1), axis=1)


def _mirrored(slopes: Plane, axis: int) -> Plane:
    first, last = np.take(slopes, [0], axis), np.take(slopes, [-1], axis)
    return np.concatenate([-first, slopes, -last], axis)


def _planes(picture: NDArray) -> Plane:
    return picture.astype(np.float64).reshape(*picture.shape[:2], -1)


def _by_cosines(blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane) -> Plane:
    blur, laplace = (_cosine_spectrum(kernel, blurred.shape[:2])[..., None] for kernel in (psf, LAPLACE))
    spectrum = blur * fft.dctn(blurred, type=1, axes=(0, 1))
    if pull.any():
        spectrum += fft.dctn(pull, type=1, axes=(0, 1))
    return fft.idctn(spectrum / (blur**2 + on_gradient * laplace + on_picture), type=1, axes=(0, 1))


def _cosine_spectrum(kernel: Psf, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What a doubly symmetric kernel multiplies each of the type-I cosines by, (H, W)."""
    down, across = (
        np.cos(np.pi / (size - 1) * np.outer(np.arange(size), np.arange(side) - side // 2)) for size, side in zip(shape, kernel.shape, strict=True)
    )
    return down @ kernel @ across.T


def _by_conjugate_gradients(
    blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane, start: Plane, num_iter: int
) -> Plane:
    weight = _weight(blurred.shape[:2])[..., None]

    def normal(picture: Plane) -> Plane:
        smooth = on_gradient * convolve(picture, LAPLACE) + on_picture * picture
        return correlate_back(weight * convolve(picture, psf), psf) + weight * smooth

    inverse = _matrix_inverse if weight.size <= DIRECT_PIXELS else _fourier_inverse
    precondition = inverse(psf, blurred.shape[:2], on_gradient, on_picture)
    restored = start.copy()
    wanted = correlate_back(weight * blurred, psf) + weight * pull
    residual = wanted - normal(restored)
    direction, before = np.zeros_like(restored), np.ones(restored.shape[2])
    goal = TOLERANCE**2 * np.sum(wanted**2, axis=(0, 1))
    for _ in range(num_iter):
        if np.all(np.sum(residual**2, axis=(0, 1)) <= goal):
            break
        steepest = precondition(residual)
        now = np.sum(residual * steepest, axis=(0, 1))
        direction = steepest + _quotient(now, before) * direction
        moved = normal(direction)
        step = _quotient(now, np.sum(direction * moved, axis=(0, 1)))
        restored += step * direction
        residual -= step * moved
        before = now
    return restored


def _quotient(above: NDArray, below: NDArray) -> NDArray:
    """Divide, and give 0 where a channel is solved and both have vanished."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _weight(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """How often each pixel occurs in the mirrored continuation, (H, W): 1, on an edge 1/2, in a corner 1/4."""
    down, across = (np.r_[0.5, np.ones(size - 2), 0.5] for size in shape)
    return np.outer(down, across)


@lru_cache(maxsize=8)
def _factorised(psf: bytes, psf_shape: tuple[int, ...], shape: tuple[int, ...], on_gradient: float, on_picture: float) -> tuple[NDArray, bool]:
    """Cholesky factor of the normal equations' matrix, (H·W, H·W); the arguments are those a cache can hold."""
    weight = _weight(shape).reshape(-1)
    blur = sparse.csr_array(matrix(np.frombuffer(psf).reshape(psf_shape), shape))
    laplace = _laplace_matrix(shape)
    weighted = sparse.dia_array((weight[None], [0]), shape=blur.shape).tocsr()
    normal = (blur.T @ weighted @ blur + on_gradient * (weighted @ laplace)).toarray()
    normal[np.diag_indices_from(normal)] += (on_picture + MATRIX_FLOOR) * weight
    return linalg.cho_factor(normal, lower=True, overwrite_a=True, check_finite=False)


@lru_cache(maxsize=8)
def _laplace_matrix(shape: tuple[int, ...]) -> sparse.csr_array:
    return sparse.csr_array(matrix(LAPLACE, shape))


def matrix(kernel: Psf, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Write convolution with a kernel under the mirrored border as a matrix on pictures read row by row, (H·W, H·W)."""
    reach_down, reach_right = kernel.shape[0] // 2, kernel.shape[1] // 2
    down = np.stack([_mirrored_shift(shape[0], row - reach_down) for row in range(kernel.shape[0])])
    across = np.stack([_mirrored_shift(shape[1], column - reach_right) for column in range(kernel.shape[1])])
    rows = np.tensordot(kernel, across, axes=1)  # (kernel rows, W, W)
    return np.tensordot(down, rows, axes=(0, 0)).transpose(0, 2, 1, 3).reshape(shape[0] * shape[1], -1)


def _mirrored_shift(size: int, by: int) -> NDArray[np.float64]:
    """The matrix that takes each of `size` values from `by` places before it, mirrored at both ends."""
    source = (np.arange(size) - by) % (2 * size - 2)
    return np.eye(size)[np.minimum(source, 2 * size - 2 - source)]


def _matrix_inverse(psf: Psf, shape: tuple[int, ...], on_gradient: float, on_picture: float) -> Operator:
    """Invert the normal equations as they are, to rounding."""
    factor = _factorised(psf.tobytes(), psf.shape, shape, on_gradient, on_picture)
    return lambda residual: linalg.cho_solve(factor, residual.reshape(-1, residual.shape[2]), check_finite=False).reshape(residual.shape)


def _fourier_inverse(psf: Psf, shape: tuple[int, ...], on_gradient: float, on_picture: float) -> Operator:
    """Invert the normal equations as if the picture went on in black: right inside, wrong near the border."""
    wide = [fft.next_fast_len(size + 4 * (side // 2), real=True) for size, side in zip(shape, psf.shape, strict=True)]
    blur, laplace = fft.rfft2(psf, wide), fft.rfft2(LAPLACE, wide)
    squares = np.abs(blur) ** 2 + max(on_gradient, PRECONDITIONER_FLOOR) * np.abs(laplace) + max(on_picture, 1e-3 * PRECONDITIONER_FLOOR)

    def inverse(residual: Plane) -> Plane:
        spectrum = fft.rfft2(residual, wide, axes=(0, 1)) / squares[..., None]
        return fft.irfft2(spectrum, wide, axes=(0, 1))[: shape[0], : shape[1]]

    return inverse
