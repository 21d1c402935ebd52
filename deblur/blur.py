"""The blur filters. `BLURS` lists them; a linear one is a `LinearBlur` and has a `psf`, the others are a `Blur` and have none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from deblur import kernels
from deblur.image import Bytes, Picture, as_picture, clip, from_bytes, is_8bit, to_bytes
from deblur.kernels import Psf
from deblur.params import Choice, Param, Parameter, Value, complete
from deblur.reasons import InputError

BORDER = cv2.BORDER_REFLECT_101  # every filter but the median, which repeats the edge
OPENCV_CHANNELS = 4  # as many channels at a time as every OpenCV filter takes
PIECE = 11  # px a side: for float32 and more weights than this squared OpenCV's filter2D goes through spectra, however few of them count
FEW = 150  # weights that count, up to which adding them up is quicker


@dataclass(frozen=True)
class Blur:
    """A filter: call it on a picture with its parameters by name.

    Attributes:
        name: Its key in `BLURS`.
        params: Its parameters, each declared here and nowhere else.
        in_float: The filter on float32 in [0, 1].
        in_bytes: The filter on uint8, with the rounding of OpenCV's own 8-bit code.
        reach: How many pixels away a neighbour may be and still count.
        psf_at: The PSF of the convolution that this filter is at some values, or None.
        psf_of_bytes: The same of its 8-bit code, where that weighs otherwise.
        joins_colours: Where it is no convolution, the three colours of a pixel are weighed together.
        keeps_values: Every value of the result is one of the picture's, so that levels give what numbers would, rounded.
    """

    name: str
    params: tuple[Parameter, ...]
    in_float: Callable[..., NDArray]
    in_bytes: Callable[..., Bytes]
    reach: Callable[..., int]
    psf_at: Callable[..., Psf | None] = lambda **values: None
    psf_of_bytes: Callable[..., Psf] | None = None
    joins_colours: bool = False
    keeps_values: bool = False

    def __call__(self, sharp: Picture, **values: object) -> Picture:
        """Blur in floating point.

        Args:
            sharp: (H, W) or (H, W, 3), float32 in [0, 1]; never changed.
            values: The parameters by name; the others keep their default.

        Raises:
            ValueError: A value or the picture is refused, or the filter reaches across the whole picture.
        """
        sharp, checked = self.ready(sharp, values)
        return clip(self.in_float(sharp, **checked))

    def stored(self, sharp: Picture, **values: object) -> Picture:
        """Blur in 8 bits and store: what OpenCV's 8-bit filter stores, to the last level, of `sharp` in 8 bits."""
        sharp, checked = self.ready(sharp, values)
        return from_bytes(self.in_bytes(to_bytes(sharp), **checked))

    def ready(self, sharp: Picture, values: dict[str, object]) -> tuple[Picture, dict[str, Value]]:
        """Check picture and values before anything is computed.

        Raises:
            ValueError: As for calling the filter.
        """
        checked = complete(self.name, self.params, values)
        sharp = as_picture(sharp)
        reach = self.reach(**checked)
        if reach >= min(sharp.shape[:2]):
            raise InputError(
                "filter_too_large",
                "{blur} reaches {reach} px from the centre, the picture has {height}×{width} px: expected a picture of at least "
                "{needed}×{needed} px. Choose a smaller filter or a larger picture.",
                blur=self.name, reach=reach, height=sharp.shape[0], width=sharp.shape[1], needed=reach + 1,
            )
        return sharp, checked


@dataclass(frozen=True)
class LinearBlur(Blur):
    """A blur that is a convolution with a PSF at all values; the border is mirrored without repeating its edge."""

    psf_at: Callable[..., Psf] = kernels.box

    def psf(self, **values: object) -> Psf:
        """Return the response to a point: odd sides, float64, sum 1.

        Raises:
            ValueError: A value is refused.
        """
        return self.psf_at(**complete(self.name, self.params, values))


def convolve(picture: NDArray, psf: Psf) -> NDArray:
    """Convolve (OpenCV's filter2D correlates, so the PSF is turned by 180°) under the mirrored border; keeps the dtype.

    Args:
        picture: (H, W) or (H, W, C) with any number of channels.
        psf: Odd sides.
    """
    return _each_few_channels(lambda few: _weighed(few, np.ascontiguousarray(psf[::-1, ::-1]), BORDER), picture)


def correlate_back(picture: NDArray, psf: Psf) -> NDArray:
    """Apply the transpose of `convolve`: Σ convolve(a, psf)·b = Σ a·correlate_back(b, psf) for all pictures a and b of one shape."""
    reach = (psf.shape[0] // 2, psf.shape[1] // 2)
    wide = np.pad(picture, [(margin, margin) for margin in reach] + [(0, 0)] * (picture.ndim - 2))
    wide = _each_few_channels(lambda few: _weighed(few, np.ascontiguousarray(psf), cv2.BORDER_CONSTANT), wide)
    for axis, margin in enumerate(reach):
        if margin:
            wide = np.moveaxis(wide, axis, 0)
            inside = wide[margin:-margin].copy()
            inside[1 : margin + 1] += wide[:margin][::-1]  # what convolve took from beyond the edge goes back to where it mirrored
            inside[-margin - 1 : -1] += wide[-margin:][::-1]
            wide = np.moveaxis(inside, 0, axis)
    return wide


def _weighed(picture: NDArray, weights: Psf, border: int) -> NDArray:
    """What `cv2.filter2D` makes, to rounding; where OpenCV would go through spectra for a few weights, in pieces for which it does not."""
    if weights.size <= PIECE**2 or np.count_nonzero(weights) > FEW or picture.dtype != np.float32:
        return cv2.filter2D(picture, -1, weights, borderType=border)
    rows, columns = weights.shape[0] // 2, weights.shape[1] // 2
    height, width = picture.shape[:2]
    wide = cv2.copyMakeBorder(picture, rows, rows, columns, columns, border)
    total = np.zeros((height, width, *wide.shape[2:]), picture.dtype)
    for top, left in product(range(0, weights.shape[0], PIECE), range(0, weights.shape[1], PIECE)):
        piece = weights[top : top + PIECE, left : left + PIECE]
        if piece.any():
            below = wide[top : top + height + PIECE - 1, left : left + width + PIECE - 1]
            total += cv2.filter2D(below, -1, np.ascontiguousarray(piece), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)[:height, :width]
    return total


def _each_few_channels(run: Callable[[NDArray], NDArray], picture: NDArray) -> NDArray:
    if picture.ndim == 2 or picture.shape[2] <= OPENCV_CHANNELS:
        return run(picture).reshape(picture.shape)
    parts = (np.ascontiguousarray(picture[:, :, start : start + OPENCV_CHANNELS]) for start in range(0, picture.shape[2], OPENCV_CHANNELS))
    return np.concatenate([run(part).reshape(*picture.shape[:2], -1) for part in parts], axis=2)


def _linear(
    name: str, params: tuple[Param, ...], psf_of: Callable[..., Psf],
    opencv: Callable[..., NDArray] | None = None, psf_of_bytes: Callable[..., Psf] | None = None,
) -> LinearBlur:  # fmt: skip
    """A linear blur from its PSF, computed by an OpenCV filter of its own where there is one."""

    def apply(picture: NDArray, **values: Value) -> NDArray:
        return opencv(picture, **values) if opencv else convolve(picture, psf_of(**values))

    return LinearBlur(name, params, apply, apply, lambda **values: max(psf_of(**values).shape) // 2, psf_of, psf_of_bytes)


def from_psf(psf: Psf) -> LinearBlur:
    """Make a linear blur, without parameters, of any PSF.

    Raises:
        ValueError: As for `kernels.check_psf`.
    """
    checked = kernels.check_psf(psf)
    return _linear("psf", (), lambda: checked)


def _median_in_bytes(levels: Bytes, size: int) -> Bytes:
    return cv2.medianBlur(levels, size)


def _median_in_float(picture: Picture, size: int) -> Picture:
    if size <= 5:  # the sizes for which OpenCV has a median of floats
        return cv2.medianBlur(picture, size)
    if is_8bit(picture):  # the median is one of the values, so 8 bits lose nothing
        return from_bytes(cv2.medianBlur(to_bytes(picture), size))
    from scipy.ndimage import median_filter  # slow, and rarely needed

    return median_filter(picture, size=(size, size) + (1,) * (picture.ndim - 2), mode="nearest")


def _bilateral_in_float(picture: Picture, diameter: int, sigma_color: float, sigma_space: float, scale: str) -> Picture:
    full = 255.0 if scale == "0-255" else 1.0
    return cv2.bilateralFilter(picture * np.float32(full), diameter, sigma_color, sigma_space, borderType=BORDER) / np.float32(full)


@contextmanager
def _without_ipp() -> Iterator[None]:
    """Let OpenCV compute by its own code: Intel's bilateral filter, taken for grey bytes up to diameter 5, cuts off where OpenCV rounds."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)  # for this thread
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(before)


def _bilateral_in_bytes(levels: Bytes, diameter: int, sigma_color: float, sigma_space: float, scale: str) -> Bytes:
    if scale == "0-255":
        with _without_ipp():
            return cv2.bilateralFilter(levels, diameter, sigma_color, sigma_space, borderType=BORDER)
    return to_bytes(_bilateral_in_float(from_bytes(levels), diameter, sigma_color, sigma_space, scale))


NO_CONTRAST = 20.0  # sigma_color on [0, 1] from which the largest difference still weighs over 99.8 %


def _bilateral_psf_at(diameter: int, sigma_color: float, sigma_space: float, scale: str) -> Psf | None:
    return None if scale == "0-255" or sigma_color < NO_CONTRAST else kernels.bilateral_disk(diameter, sigma_space)


_SIZE = Param("size", 3, 3, 31, 2, "px")

BLURS: dict[str, Blur] = {
    blur.name: blur
    for blur in (
        _linear(
            "gaussian", (_SIZE, Param("sigma", 0.0, 0.0, 8.0, 0.1, "px")), kernels.gaussian,
            lambda picture, size, sigma: cv2.GaussianBlur(picture, (size, size), sigma, borderType=BORDER),
            kernels.gaussian_of_bytes,
        ),
        _linear("average", (_SIZE,), kernels.box, lambda picture, size: cv2.blur(picture, (size, size), borderType=BORDER)),
        Blur("median", (Param("size", 5, 3, 15, 2, "px"),), _median_in_float, _median_in_bytes, lambda size: size // 2, keeps_values=True),
        Blur(
            "bilateral",
            (
                Param("diameter", 9, 3, 15, 2, "px"),
                Param("sigma_color", 75.0, 1.0, 150.0, 1.0, "levels"),
                Param("sigma_space", 75.0, 1.0, 150.0, 1.0, "px"),
                Choice("scale", "0-255", ("0-255", "0-1")),
            ),
            _bilateral_in_float, _bilateral_in_bytes, lambda diameter, **_: diameter // 2, _bilateral_psf_at, joins_colours=True,
        ),
        _linear("motion", (Param("length", 9, 2, 31, 1, "px"), Param("angle", 30, 0, 180, 1, "degrees")), kernels.motion),
        _linear("defocus", (Param("radius", 3.0, 1.0, 15.0, 0.5, "px"),), kernels.disk),
    )
}
