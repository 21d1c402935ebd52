"""What a blur destroys: its exact matrix on small pictures, the details that fall below a floor, and what no restorer can know."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from deblur import spectral
from deblur.degrade import Degradation
from deblur.image import Picture, as_picture, clip
from deblur.kernels import Psf
from deblur.metrics import psnr
from deblur.reasons import InputError
from deblur.restore import RESTORERS

Map = NDArray[np.float64]

SHAPE = (28, 28)
MAX_PIXELS = 1024  # 28×28 takes about half a second on two cores; the work grows with the cube
STORAGES = ("float", "8-bit", "jpeg")
RECOVERED, INVENTED = (0.0, 0.45, 0.7), (0.9, 0.37, 0.0)  # blue and vermilion (Okabe and Ito 2008, lightened), told apart by colour-blind readers


@dataclass(frozen=True)
class Spectrum:
    """The singular value decomposition of a blur on pictures of one shape: blur = shown · gains · hidden, largest gain first.

    Attributes:
        shape: (H, W), with P = H·W pixels.
        gains: By how much each of P independent details comes through, 1 the whole of it, (P,).
        sources: The detail of the sharp picture, one a row, each with Σ² = 1, (P, P).
        traces: What each leaves in the blurred picture before its gain, (P, P).
    """

    shape: tuple[int, int]
    gains: Map
    sources: Map
    traces: Map

    def lost(self, floor: float) -> int:
        """How many details of full contrast (rms 1) come through with less than `floor` (rms on the range [0, 1])."""
        return int(np.sum(self.gains < floor))

    def pattern(self, index: int) -> Map:
        """Detail number `index` of the sharp picture, (H, W), scaled to a largest absolute value of 1."""
        pattern = self.sources[index].reshape(self.shape)
        return pattern / np.abs(pattern).max()

    def trace(self, index: int) -> Map:
        """What `pattern(index)` leaves in the blurred picture, (H, W)."""
        scale = np.abs(self.sources[index]).max()
        return (self.traces[index] * self.gains[index] / scale).reshape(self.shape)

    def known(self, change: NDArray, floor: float) -> Map:
        """The part of a change of the sharp picture that shows above `floor` once it is blurred, (H, W) or (H, W, C)."""
        kept = self.sources[self.gains >= floor]
        flat = change.astype(np.float64).reshape(len(self.gains), -1)
        return (kept.T @ (kept @ flat)).reshape(change.shape)


def spectrum(degradation: Degradation, shape: tuple[int, ...] = SHAPE) -> Spectrum:
    """Decompose a linear blur; kept for the last filter settings.

    Raises:
        ValueError: The blur is no convolution, or the picture has more than `MAX_PIXELS` pixels.
    """
    psf = degradation.psf
    if psf is None:
        raise InputError("needs_linear", "{blur} is no convolution: expected a linear blur, which has a matrix. Choose another.", blur=degradation.blur)
    if shape[0] * shape[1] > MAX_PIXELS:
        raise InputError(
            "too_large_for_matrix", "a picture of {height}×{width} px: expected at most {limit} pixels for an exact matrix. Choose a garment, or crop.",
            height=shape[0], width=shape[1], limit=MAX_PIXELS,
        )
    return _spectrum(psf.tobytes(), psf.shape, (shape[0], shape[1]))


@lru_cache(maxsize=16)
def _spectrum(psf: bytes, psf_shape: tuple[int, ...], shape: tuple[int, int]) -> Spectrum:
    """Decompose block by block: a symmetric blur never mixes details that are even with those that are odd under its mirror image."""
    kernel: Psf = np.frombuffer(psf).reshape(psf_shape)
    (down, odd_down), (across, odd_across) = (_even_and_odd(size) for size in shape)
    blocks = np.zeros(shape[0] * shape[1], np.int64)
    if spectral.is_doubly_symmetric(kernel):
        blocks = np.add.outer(2 * odd_down, odd_across).reshape(-1)
    elif np.allclose(kernel, kernel[::-1, ::-1], atol=1e-12):
        blocks = np.not_equal.outer(odd_down, odd_across).astype(np.int64).reshape(-1)
    mixed = _change_basis(_change_basis(spectral.matrix(kernel, shape), down, across).T, down, across).T
    gains = np.zeros(len(blocks))
    traces, sources = np.zeros_like(mixed), np.zeros_like(mixed)
    for block in np.unique(blocks):
        members = np.flatnonzero(blocks == block)
        left, gains[members], right = linalg.svd(mixed[np.ix_(members, members)], overwrite_a=True, check_finite=False)
        traces[np.ix_(members, members)], sources[np.ix_(members, members)] = left.T, right
    order = np.argsort(-gains)
    traces, sources = (_change_basis(rows[order].T, down.T, across.T).T for rows in (traces, sources))
    return Spectrum(shape, gains[order], np.ascontiguousarray(sources), np.ascontiguousarray(traces))


def _even_and_odd(size: int) -> tuple[Map, NDArray[np.int64]]:
    """An orthonormal basis of the lines of `size` values, one a row, each its own mirror image or minus that; which of them are odd."""
    ahead, back = np.eye(size), np.eye(size)[::-1]
    half = size // 2
    basis = np.concatenate([(ahead + back)[:half] / 2**0.5, ahead[half : size - half], (ahead - back)[:half] / 2**0.5])
    return basis, (np.arange(size) >= size - half).astype(np.int64)


def _change_basis(columns: Map, down: Map, across: Map) -> Map:
    """Express pictures, one a column, in products of a basis for each direction."""
    pictures = columns.reshape(len(down), len(across), -1)
    return np.einsum("ij,jkl->ikl", down, np.einsum("kj,ijl->ikl", across, pictures, optimize=True), optimize=True).reshape(columns.shape)


def floor_of(degradation: Degradation) -> float:
    """Where noise and rounding begin, rms on the range [0, 1]: a detail that comes through with less is not known from the blurred picture."""
    return float(np.sqrt(degradation.noise_variance))


@dataclass(frozen=True)
class Split:
    """What a restorer added to the blurred picture, in two parts that sum to it; signed, of the picture's shape.

    Attributes:
        recovered: The part that the blurred picture determines.
        invented: The part that it cannot know.
        recovered_share, invented_share: Of the sum of the squares, in %; both 0 if nothing was added.
        recovered_error, invented_error: How far each part is from the part that was missing, Σ² of the difference over Σ² of what was
            missing in all, in %; None without the sharp picture.
    """

    recovered: Map
    invented: Map
    recovered_share: float
    invented_share: float
    recovered_error: float | None
    invented_error: float | None


def split(
    blurred: Picture, restored: Picture, degradation: Degradation, floor: float | None = None, sharp: Picture | None = None
) -> Split:
    """Divide restored − blurred between the details that come through above the floor and those that do not.

    Args:
        blurred: (H, W) or (H, W, 3), at most `MAX_PIXELS` pixels.
        restored: Of the same shape.
        degradation: A linear blur with its noise and storage.
        floor: rms on the range [0, 1]; `floor_of(degradation)` if left out.
        sharp: To be held against, where it is known.

    Raises:
        ValueError: As for `spectrum`.
    """
    details, floor = spectrum(degradation, blurred.shape[:2]), floor_of(degradation) if floor is None else floor
    added = restored.astype(np.float64) - blurred
    recovered = details.known(added, floor)
    invented = added - recovered
    whole = float(np.sum(added**2))
    shares = [100 * float(np.sum(part**2)) / whole if whole else 0.0 for part in (recovered, invented)]
    if sharp is None:
        return Split(recovered, invented, shares[0], shares[1], None, None)
    missing = sharp.astype(np.float64) - blurred
    there = details.known(missing, floor)
    energy = float(np.sum(missing**2))
    errors = [
        100 * float(np.sum((part - true) ** 2)) / energy if energy else 0.0 for part, true in ((recovered, there), (invented, missing - there))
    ]
    return Split(recovered, invented, shares[0], shares[1], errors[0], errors[1])


def overlay(parts: Split, picture: Picture) -> Picture:
    """Paint the two parts over a grey picture in two colours, (H, W, 3): the more a pixel was changed, the stronger; the larger part gives the hue."""
    known, guessed = np.abs(parts.recovered), np.abs(parts.invented)
    changed = known + guessed
    strength = np.sqrt(changed / (float(changed.max()) or 1.0))[..., None]  # a square root, so that small changes show
    share = (known / np.where(changed, changed, 1.0))[..., None]
    colour = share * np.array(RECOVERED) + (1 - share) * np.array(INVENTED)
    return clip((1 - strength) * picture[..., None] + strength * colour)


@dataclass(frozen=True)
class Stored:
    """One kind of storage between blur and restorer."""

    storage: str
    blurred: Picture
    restored: Picture
    psnr: float


def storages(
    sharp: Picture, degradation: Degradation, restorer: str = "inverse", seed: int = 0, kinds: Sequence[str] = STORAGES, **values: object
) -> list[Stored]:
    """Undo the same blur by the same restorer after each kind of storage.

    Args:
        sharp: The picture.
        degradation: Whose storage is replaced by each of `kinds`.
        restorer: A key of `RESTORERS`.
        seed: Of the noise.
        kinds: Of storage.
        values: The restorer's parameters.

    Raises:
        ValueError: The restorer does not apply.
    """
    sharp, results = as_picture(sharp), []
    for storage in kinds:
        after = degradation.with_(storage=storage)
        blurred = after.apply(sharp, seed)
        restored = RESTORERS[restorer].restore(blurred, after, **values)
        results.append(Stored(storage, blurred, restored, psnr(restored, sharp)))
    return results
