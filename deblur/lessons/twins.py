"""Two pictures that one filter makes equal: nobody can tell from the blurred picture which of them was there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deblur import spectral
from deblur.compare import NOTHING, compare
from deblur.degrade import MIRRORED, Degradation
from deblur.image import Bytes, Picture, from_bytes, to_bytes
from deblur.lessons.ledger import spectrum
from deblur.metrics import psnr
from deblur.reasons import InputError, Reason

Map = NDArray[np.float64]

MAX_PIXELS = 1024
VISIBLE = 3.0  # levels of rms difference from which the eye finds it in an enlarged picture
ATTEMPTS = ((255, 60, 0.4), (80, 60, 0.47), (255, 8, 0.47), (40, 200, 0.47), (25, 60, 0.4))
# each: the largest difference wished for, levels; how many of the details with least gain it is made of; up to where a blurred value counts as right
NUM_SLOPES, NUM_STEPS = 500, 400
SLACK, SAFE = 0.499, 0.25  # levels by which a blurred value may be off in the end, and before whole levels are chosen
REST = 15  # steps for which a pixel that was changed is left alone, or two would take turns for ever
CHANGES = (160, 80, 40, 20, 10, 5, 2, 1)  # levels tried for a filter that is no convolution


@dataclass(frozen=True)
class Twins:
    """Two 8-bit pictures with the same stored blur in every pixel.

    Attributes:
        first: The picture that was given.
        second: Its twin; the same picture where none was found.
        blurred: What the filter stores of either.
        largest: Largest difference between them, levels.
        rms: Root mean square of the difference, levels.
        share: Share of the values that differ.
        visible: Whether `rms` reaches `VISIBLE`.
    """

    first: Picture
    second: Picture
    blurred: Picture
    largest: int
    rms: float
    share: float
    visible: bool

    @property
    def difference(self) -> Map:
        """second − first, signed."""
        return self.second.astype(np.float64) - self.first


def twins(sharp: Picture, degradation: Degradation, seed: int = 0) -> Twins:
    """Look for the twin of a picture under a filter with 8-bit storage, as different as a short search finds; kept for the last searches.

    For a linear filter, details that hardly come through are added at full contrast, then the picture is moved along the filter's
    transpose and at last level by level until every blurred value rounds as before. For the others values are changed one by one as far
    as no stored value changes. What is returned has passed the filter itself.

    Args:
        sharp: Grey, at most `MAX_PIXELS` pixels; taken as its 8 bits.
        degradation: Its filter counts, not its noise.
        seed: Of the differences that are tried.

    Raises:
        ValueError: The picture is in colour, too large, or too small for the filter.
    """
    if sharp.ndim != 2 or sharp.size > MAX_PIXELS:
        raise InputError(
            "grey_garment_needed", "picture of shape {shape}: expected a grey one of at most {limit} pixels.", shape=sharp.shape, limit=MAX_PIXELS
        )
    return _twins(to_bytes(sharp).tobytes(), sharp.shape, without_noise(degradation), seed)


def without_noise(degradation: Degradation) -> Degradation:
    """The same filter with 8-bit storage and no noise: the one under which twins are twins."""
    return degradation.with_(noise=0.0, salt_pepper=0.0, storage="8-bit")


@lru_cache(maxsize=64)
def _twins(levels: bytes, shape: tuple[int, ...], kept: Degradation, seed: int) -> Twins:
    first = np.frombuffer(levels, np.uint8).reshape(shape)
    blurred = to_bytes(kept.apply(from_bytes(first)))
    search = _one_by_one if kept.psf is None else _linear
    best = first
    for second in search(first, blurred, kept, np.random.default_rng(seed)):
        if np.array_equal(to_bytes(kept.apply(from_bytes(second))), blurred) and _rms(first, second) > _rms(first, best):
            best = second
        if _rms(first, best) >= VISIBLE:
            break
    difference = np.abs(best.astype(np.int64) - first)
    rms = _rms(first, best)
    return Twins(from_bytes(first), from_bytes(best), from_bytes(blurred), int(difference.max()), rms, float(np.mean(difference > 0)), rms >= VISIBLE)


@dataclass(frozen=True)
class Answer:
    """What one restorer makes of the blurred picture that twins share.

    Attributes:
        name: A key of `RESTORERS`.
        picture: Its answer; None where it refused.
        reason: Why it refused.
        to_first, to_second: PSNR of the answer to each twin, dB; nan where it refused.
    """

    name: str
    picture: Picture | None
    reason: Reason | None
    to_first: float = float("nan")
    to_second: float = float("nan")


def answers(found: Twins, degradation: Degradation) -> list[Answer]:
    """Restore the blurred picture of twins by every restorer at its defaults, in the order of their registry.

    Args:
        found: The twins.
        degradation: Under which they were found.
    """
    entries = [entry for entry in compare(found.blurred, without_noise(degradation)) if entry.name != NOTHING]
    return [
        Answer(entry.name, None, entry.reason)
        if entry.picture is None
        else Answer(entry.name, entry.picture, None, psnr(entry.picture, found.first), psnr(entry.picture, found.second))
        for entry in entries
    ]


def _rms(first: Bytes, second: Bytes) -> float:
    return float(np.sqrt(np.mean((first.astype(np.float64) - second) ** 2)))


def _linear(first: Bytes, blurred: Bytes, degradation: Degradation, rng: np.random.Generator) -> Iterator[Bytes]:
    weights = degradation.with_(border=MIRRORED).psf  # as `apply` blurs
    assert weights is not None, "a linear filter"
    blur = sparse.csr_array(spectral.matrix(weights, first.shape))
    details = spectrum(degradation, first.shape)
    room = np.clip(np.minimum(first, 255 - first.astype(np.float64)), 1, None)  # a change is wished for most where values can go both ways
    wanted = blurred.astype(np.float64).reshape(-1)
    for largest, count, right in ATTEMPTS:
        basis = details.sources[-count:]
        wish = basis.T @ (basis @ (rng.choice([-1.0, 1.0], first.size) * room.reshape(-1)))
        wish *= largest / np.abs(wish).max()
        start = np.clip(first + wish.reshape(first.shape), 0, 255)
        yield _to_levels(_slide(start.reshape(-1), wanted, blur), wanted, blur, right).reshape(first.shape)


def _slide(start: Map, blurred: Map, blur: sparse.csr_array) -> Map:
    """Move a picture towards those whose blur is within `SAFE` of the levels, by accelerated steps down the slope."""
    now, ahead, back = start, start, blur.T.tocsr()
    for step in range(NUM_SLOPES):
        off = _beyond(blur @ ahead - blurred, SAFE)
        if not off.any():
            return ahead
        then, now = now, np.clip(ahead - 0.9 * (back @ off), 0, 255)
        ahead = np.clip(now + step / (step + 3) * (now - then), 0, 255)
    return now


def _to_levels(picture: Map, blurred: Map, blur: sparse.csr_array, right: float) -> Bytes:
    """Round to whole levels, then change single pixels by one level, each time where it helps most."""
    levels, rests_until = np.rint(picture), np.zeros(picture.shape, np.int64)
    back, back_squared = blur.T.tocsr(), blur.power(2).T.tocsr()
    for step in range(NUM_STEPS):
        residual = blur @ levels - blurred
        if np.abs(residual).max() <= SLACK:
            break
        off = _beyond(residual, right)
        slope = back @ off
        gain = 2 * np.abs(slope) - back_squared @ (off != 0).astype(np.float64)
        gain[((slope > 0) & (levels == 0)) | ((slope < 0) & (levels == 255)) | (rests_until > step)] = -np.inf
        where = np.argmax(gain)
        levels[where] -= np.sign(slope[where])
        rests_until[where] = step + REST
    return levels.astype(np.uint8)


def _beyond(residual: Map, slack: float) -> Map:
    return residual - np.clip(residual, -slack, slack)


def _one_by_one(first: Bytes, blurred: Bytes, degradation: Degradation, rng: np.random.Generator) -> Iterator[Bytes]:
    """Change each pixel as far as every value is stored as before."""
    second, reach = first.copy(), degradation.filter.reach(**degradation.values)
    for row, column in np.ndindex(*first.shape):
        old, direction = int(second[row, column]), int(rng.choice([-1, 1]))
        wide, near = (tuple(slice(max(0, at - margin), at + margin + 1) for at in (row, column)) for margin in (2 * reach, reach))
        inner = tuple(slice(few.start - many.start, few.stop - many.start) for few, many in zip(near, wide, strict=True))
        for new in (old + sign * change for change in CHANGES for sign in (direction, -direction)):
            if 0 <= new <= 255:
                second[row, column] = new
                if np.array_equal(degradation.filter.in_bytes(second[wide], **degradation.values)[inner], blurred[near]):
                    break
                second[row, column] = old
    yield second
