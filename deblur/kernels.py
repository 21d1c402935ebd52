"""Point spread functions: float64 arrays with odd sides, no negative value, sum 1. Row 0 is the top."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deblur.reasons import InputError

Psf = NDArray[np.float64]

SUBPIXELS = 32  # per side of a pixel, for the share of it that a line or disk covers
SHAKE_STEPS = 400
SUM_ROUNDING = 1e-12
FIXED_POINT = 256  # OpenCV's weights of the 8-bit Gaussian are whole 256ths along each side


def gaussian(size: int, sigma: float) -> Psf:
    """Sample a Gaussian as OpenCV does.

    Args:
        size: Side in px, odd.
        sigma: Standard deviation in px; 0 takes OpenCV's 0.3·((size − 1)/2 − 1) + 0.8, or its fixed tables up to size 7.
    """
    profile = cv2.getGaussianKernel(size, sigma, cv2.CV_64F)
    return profile @ profile.T


def gaussian_in_256ths(size: int, sigma: float) -> NDArray[np.int64]:
    """The whole numbers, with sum 256, by which OpenCV's 8-bit Gaussian weighs along one side, (size,).

    From the edge inwards each weight is rounded together with the error of the ones before it; the centre takes what is left.

    Source: OpenCV 5.0, getGaussianKernelFixedPoint_ED in modules/imgproc/src/smooth.dispatch.cpp.
    """
    half, carried = [], 0.0
    for weight in gaussian(size, sigma).sum(axis=0)[: size // 2] * FIXED_POINT:
        half.append(round(weight + carried))
        carried += weight - half[-1]
    return np.array([*half, FIXED_POINT - 2 * sum(half), *half[::-1]])


@lru_cache(maxsize=256)
def gaussian_of_bytes(size: int, sigma: float) -> Psf:
    """The Gaussian that OpenCV's 8-bit code applies: its tails are not those of `gaussian`, which an inverse notices where they are long."""
    profile = gaussian_in_256ths(size, sigma)
    return np.outer(profile, profile) / FIXED_POINT**2


def box(size: int) -> Psf:
    """Give every pixel of a square the same weight."""
    return np.full((size, size), 1.0 / size**2)


@lru_cache(maxsize=256)
def motion(length: float, angle: float) -> Psf:
    """Draw the camera's straight path during the exposure: the share of each pixel under a line 1 px thick.

    Args:
        length: Length of the line in px, at least 1.
        angle: Degrees counter-clockwise from the horizontal.
    """
    side = 2 * int(np.ceil((length - 1) / 2)) + 3
    rows, columns = _subpixels(side)
    radians = np.deg2rad(angle)
    along = columns * np.cos(radians) - rows * np.sin(radians)
    across = columns * np.sin(radians) + rows * np.cos(radians)
    return _shares((np.abs(along) <= length / 2) & (np.abs(across) <= 0.5), side)


@lru_cache(maxsize=256)
def disk(radius: float) -> Psf:
    """Draw the image of a point out of focus: the share of each pixel inside a disk.

    Args:
        radius: Radius in px.
    """
    side = 2 * int(np.ceil(radius - 0.5)) + 1
    rows, columns = _subpixels(side)
    return _shares(rows**2 + columns**2 <= radius**2, side)


def bilateral_disk(diameter: int, sigma_space: float) -> Psf:
    """Weigh by distance alone: what OpenCV's bilateral filter becomes when no difference of values counts."""
    radius = diameter // 2
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    squares = rows**2 + columns**2
    weights = np.where(squares <= radius**2, np.exp(-squares / (2 * sigma_space**2)), 0.0)
    return weights / weights.sum()


def check_psf(psf: object) -> Psf:
    """Bring a caller's PSF into the project's form: odd sides by a border of zeros, sum 1, read-only.

    Raises:
        ValueError: It is no 2-D array of finite numbers, holds a negative one, or sums to zero.
    """
    if not isinstance(psf, np.ndarray) or psf.ndim != 2 or psf.size == 0 or psf.dtype.kind not in "buif":
        given = f"array of shape {psf.shape}" if isinstance(psf, np.ndarray) else type(psf).__name__
        raise InputError("bad_psf", "PSF: {given}: expected a 2-D array of numbers, (height, width).", given=given)
    psf = psf.astype(np.float64)
    if not np.isfinite(psf).all() or psf.min() < 0 or not psf.sum() > 0:
        raise InputError(
            "bad_psf_values", "PSF with values from {low:.3g} to {high:.3g} and sum {total:.3g}: expected finite values, none negative, not all zero.",
            low=float(psf.min()), high=float(psf.max()), total=float(psf.sum()),
        )
    odd = np.pad(psf, [(0, 1 - side % 2) for side in psf.shape])
    if abs(odd.sum() - 1) > SUM_ROUNDING:  # a PSF that was brought to sum 1 before stays the same to the last bit
        odd /= odd.sum()
    odd.setflags(write=False)  # a blur keeps it
    return odd


def _subpixels(side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centres = (np.arange(side * SUBPIXELS) + 0.5) / SUBPIXELS - side / 2
    return centres[:, None], centres[None, :]


def _shares(inside: NDArray[np.bool_], side: int) -> Psf:
    shares = inside.reshape(side, SUBPIXELS, side, SUBPIXELS).mean(axis=(1, 3))
    while shares.shape[0] > 1 and not (shares[0].any() or shares[-1].any() or shares[:, 0].any() or shares[:, -1].any()):
        shares = shares[1:-1, 1:-1]
    shares = shares / shares.sum()
    shares.setflags(write=False)  # the cache hands the same array to everyone
    return shares


def shake(rng: np.random.Generator, side: int) -> Psf:
    """Simulate the light of a point under `shake_path`, softened a little.

    Args:
        rng: Where the path is drawn from.
        side: Of the PSF in px, odd; an even one is reduced by one.
    """
    side -= 1 - side % 2
    spot = side // 2 + shake_path(rng, side)
    corner = np.floor(spot).astype(int)
    part = spot - corner
    psf = np.zeros((side + 1, side + 1))
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
            np.add.at(psf, (corner[:, 0] + down, corner[:, 1] + right), share)
    psf = cv2.GaussianBlur(psf[:side, :side], (3, 3), rng.uniform(0.3, 0.7), borderType=cv2.BORDER_CONSTANT)
    return psf / psf.sum()


def shake_path(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    """Simulate the path of a hand-held camera during the exposure: a smooth random walk, drawn so that it just fits.

    Args:
        rng: Where the path is drawn from.
        side: Of the PSF in px, odd; an even one is reduced by one.

    Returns:
        Where the camera was at equal intervals of time, (steps, 2), in px down and right of the middle.

    Source: the idea of Boracchi and Foi 2012 (random motion with inertia), simplified.
    """
    side -= 1 - side % 2
    steps = rng.normal(size=(SHAKE_STEPS, 2)) * rng.uniform(0.05, 0.4) + rng.normal(size=2) * rng.uniform(0, 0.5)
    speed = np.zeros(2)
    path = np.empty((SHAKE_STEPS, 2))
    place = np.zeros(2)
    drag = rng.uniform(0.8, 0.99)
    for step, push in enumerate(steps):
        speed = drag * speed + push
        place = place + speed
        path[step] = place
    path -= (path.max(axis=0) + path.min(axis=0)) / 2
    return path * ((side - 2) / 2 / np.abs(path).max() * rng.uniform(0.6, 1.0))


def horizontal_response(psf: Psf, count: int) -> NDArray[np.complex128]:
    """Return what the blur does to vertical stripes: its frequency response at `count` frequencies from 0 to 1/2 cycle per px."""
    across = psf.sum(axis=0)
    places = np.arange(len(across)) - len(across) // 2
    return np.exp(-1j * np.pi * np.linspace(0, 1, count)[:, None] * places) @ across
