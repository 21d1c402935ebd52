"""Undo a linear blur by least squares, under the border that the filters use (mirrored without repeating the edge, reflect-101)."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import fft, linalg, sparse

from deblur.blur import convolve, correlate_back
from deblur.kernels import Psf

Part = TypeVar("Part")
Result = TypeVar("Result")
Plane = NDArray[np.floating]  # (H, W, C)
Slopes = tuple[Plane, Plane]
Operator = Callable[[Plane], Plane]
Solver = Callable[[Plane, Psf, float, float, Plane | None, Plane], Plane]

LAPLACE = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
DIRECT_PIXELS = 1024  # up to here a factorised matrix is quicker than iterating, and one thread than two: 28×28 is below, 33×33 no longer
NUM_ITER = 30
TOLERANCE = 1e-7  # of the residual, relative to the equations' right side
PRECONDITIONER_FLOOR = 0.01  # measured on 8-bit photographs: a bolder inverse takes more iterations to repair at the border
HELD_BACK = 1e-3  # weight on the picture itself from which that caution only costs steps
CORES = min(2, os.cpu_count() or 1)  # as many as the page is hosted on
ALLOWS_SINGLE = 1e-7  # measured on 8-bit photographs: the PSNR is that of double precision to 0.1 dB where the steps end early, else to 0.001
MATRIX_FLOOR = 1e-13  # keeps the factorisation of a singular blur positive


def is_doubly_symmetric(psf: Psf) -> bool:
    """Say whether the PSF equals itself mirrored left-right and mirrored up-down, to rounding."""
    return all(bool((np.abs(psf - mirrored) <= 1e-9 + 1e-5 * mirrored).all()) for mirrored in (psf[::-1], psf[:, ::-1]))


def regularised(
    blurred: NDArray,
    psf: Psf,
    on_gradient: float,
    on_picture: float,
    num_iter: int = NUM_ITER,
    slopes: Slopes | None = None,
    start: NDArray | None = None,
    precision: type[np.floating] | None = None,
    seen: NDArray | None = None,
    enough: float = 0.0,
) -> NDArray[np.floating]:
    """Minimise ‖h∗x − y‖² + on_gradient·‖∇x − slopes‖² + on_picture·‖x‖² over the pictures x.

    The sums run over the mirrored continuation, in which a pixel on an edge occurs half as often as one inside. Then the type-I cosine
    transform turns a doubly symmetric PSF and the gradient into products, and the minimum is one division. For any other PSF the same
    minimum is found directly on small pictures (factorised once for a PSF) and by preconditioned conjugate gradients on larger ones,
    which stop after `num_iter` steps, or before, where `enough` says so.

    Args:
        blurred: (H, W) or (H, W, C), both sides at least 2 px and longer than the PSF's reach. C is free: colours, or a batch of
            pictures that one PSF blurred.
        psf: Odd sides.
        on_gradient: Weight of the squared differences between neighbours, at least 0.
        on_picture: Weight of the squared values, above 0 where the blur removes a frequency wholly.
        num_iter: Steps of conjugate gradients at most.
        slopes: What the differences between neighbours should be, as `gradient` gives them; 0 if left out.
        start: Where the steps begin, of the shape of `blurred`; there if left out.
        precision: np.float32 misses the minimum by some 1e-5 where the weights are above 1e-6; it takes a quarter to half of the time of large
            pictures and half their memory, and spares small ones the second solution for what rounding left. If left out, large pictures take it
            where a weight is above `ALLOWS_SINGLE`.
        seen: (H, W), how much each pixel of `blurred` counts; 1 everywhere if left out.
        enough: The steps stop where the sum is estimated to be above its minimum by no more than this for each pixel. The estimate may be some
            tens of times too small where the blur leaves nothing, and knows nothing of `seen`.

    Returns:
        The shape of `blurred`, not clipped.

    Source: Tikhonov and Arsenin 1977; Ng, Chan, Tang 1999 (cosine transform under a mirrored border); Hestenes and Stiefel 1952.
    """
    planes = _planes(blurred)
    small = planes[..., 0].size <= DIRECT_PIXELS
    if precision is None:
        precision = np.float64 if small or max(on_gradient, on_picture) < ALLOWS_SINGLE else np.float32
    pull = on_gradient * gradient_back(slopes) if slopes is not None else None
    if is_doubly_symmetric(psf) and seen is None:
        solve: Solver = _by_cosines
    elif small and seen is None:
        solve = partial(_directly, again=precision is np.float64)
    else:
        solve = partial(_by_conjugate_gradients, num_iter=num_iter, seen=seen, enough=enough)
    begin = planes if start is None else _planes(start)
    if small and seen is None:  # many small pictures: all at once
        return solve(planes, psf, on_gradient, on_picture, pull, begin).reshape(blurred.shape)
    restored = np.empty(planes.shape, precision)

    def of_channel(channel: int) -> None:  # one by itself stays in the processor's cache
        part, first = (np.ascontiguousarray(stack[..., channel : channel + 1], precision) for stack in (planes, begin))
        drawn = None if pull is None else pull[..., channel : channel + 1].astype(precision)
        restored[..., channel : channel + 1] = solve(part, psf, on_gradient, on_picture, drawn, first)

    side_by_side(of_channel, range(planes.shape[2]))
    return restored.reshape(blurred.shape)


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Do what takes long for each part, on all cores: NumPy, OpenCV and the transforms let other threads run."""
    if len(parts) == 1:
        return [work(parts[0])]
    with ThreadPoolExecutor(CORES) as pool:
        return list(pool.map(work, parts))


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


def _by_cosines(blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane | None, start: Plane) -> Plane:
    blur, laplace = (_cosine_spectrum(kernel, blurred.shape[:2])[..., None].astype(blurred.dtype) for kernel in (psf, LAPLACE))
    workers = CORES if blurred.size > DIRECT_PIXELS else 1  # a second thread takes longer to wake than a small picture takes
    spectrum = blur * fft.dctn(blurred, type=1, axes=(0, 1), workers=workers)
    if pull is not None:
        spectrum += fft.dctn(pull, type=1, axes=(0, 1), workers=workers)
    spectrum /= blur**2 + on_gradient * laplace + on_picture
    return fft.idctn(spectrum, type=1, axes=(0, 1), workers=workers, overwrite_x=True)


def _cosine_spectrum(kernel: Psf, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """What a doubly symmetric kernel multiplies each of the type-I cosines by, (H, W)."""
    down, across = (
        np.cos(np.pi / (size - 1) * np.outer(np.arange(size), np.arange(side) - side // 2)) for size, side in zip(shape, kernel.shape, strict=True)
    )
    return down @ kernel @ across.T


def _equations(
    blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane | None, seen: NDArray | None = None
) -> tuple[Operator, Plane]:
    """The normal equations: their matrix as a function, and their right side."""
    weight = _weight(blurred.shape[:2])[..., None].astype(blurred.dtype)
    counts = weight if seen is None else weight * seen[..., None].astype(blurred.dtype)
    holding = on_gradient * LAPLACE
    holding[1, 1] += on_picture

    def normal(picture: Plane) -> Plane:
        told, held = convolve(picture, psf), convolve(picture, holding)
        told *= counts
        held *= weight
        held += correlate_back(told, psf)
        return held

    wanted = correlate_back(counts * blurred, psf)
    return normal, wanted if pull is None else wanted + weight * pull


def _directly(blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane | None, start: Plane, again: bool) -> Plane:
    """Solve the normal equations as they are; `again` for what rounding left."""
    normal, wanted = _equations(blurred, psf, on_gradient, on_picture, pull)
    factor = _factorised(psf.tobytes(), psf.shape, blurred.shape[:2], on_gradient, on_picture)

    def solved(side: Plane) -> Plane:
        return linalg.cho_solve(factor, side.reshape(-1, blurred.shape[2]), check_finite=False).reshape(blurred.shape)

    restored = solved(wanted)
    return restored + solved(wanted - normal(restored)) if again else restored


def _by_conjugate_gradients(
    blurred: Plane, psf: Psf, on_gradient: float, on_picture: float, pull: Plane | None, start: Plane, num_iter: int, seen: NDArray | None, enough: float
) -> Plane:
    normal, wanted = _equations(blurred, psf, on_gradient, on_picture, pull, seen)
    precondition = _fourier_inverse(psf, blurred.shape[:2], on_gradient, on_picture, blurred.dtype)
    restored, residual = start.copy(), np.ascontiguousarray(wanted - normal(start))
    direction, before, goal = np.zeros_like(restored), 1.0, TOLERANCE * float(linalg.norm(wanted))
    scratch = np.empty_like(restored)  # what these steps wait for is memory
    for _ in range(num_iter):
        if linalg.norm(residual) <= goal:
            break
        steepest = precondition(residual)
        now = float(np.vdot(residual, steepest))
        if now <= enough * residual.size:
            break
        direction *= now / before
        direction += steepest
        moved = normal(direction)
        step = now / float(np.vdot(direction, moved))
        restored += np.multiply(direction, step, out=scratch)
        residual -= np.multiply(moved, step, out=scratch)
        before = now
    return restored


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


def _fourier_inverse(psf: Psf, shape: tuple[int, ...], on_gradient: float, on_picture: float, precision: DTypeLike) -> Operator:
    """Invert the normal equations as if the picture went on in black: right inside, wrong near the border.

    Where the picture is held back by itself, the inverse is tame and needs no caution; it then takes half the steps.
    """
    floor = PRECONDITIONER_FLOOR if on_picture < HELD_BACK else 0.0
    wide = [fft.next_fast_len(size + 4 * (side // 2), real=True) for size, side in zip(shape, psf.shape, strict=True)]
    blur, laplace = fft.rfft2(psf, wide), fft.rfft2(LAPLACE, wide)
    squares = np.abs(blur) ** 2 + max(on_gradient, floor) * np.abs(laplace) + max(on_picture, 1e-3 * floor)
    factor = (1 / squares[..., None]).astype(precision)

    def inverse(residual: Plane) -> Plane:
        spectrum = fft.rfft2(residual, wide, axes=(0, 1), workers=CORES)
        spectrum *= factor
        return fft.irfft2(spectrum, wide, axes=(0, 1), workers=CORES, overwrite_x=True)[: shape[0], : shape[1]]

    return inverse
