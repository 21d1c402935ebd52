"""Every restorer on one picture, side by side."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from deblur import metrics
from deblur.degrade import UNKNOWN, Degradation
from deblur.image import WHITE, Picture
from deblur.metrics import Scores
from deblur.reasons import InputError, Reason
from deblur.restore import RESTORERS, Restorer

NOTHING, TRUTH = "nothing", "truth"


@dataclass(frozen=True)
class Entry:
    """What one restorer made of the picture.

    Attributes:
        name: Of the restorer, or "nothing" (the blurred picture itself) or "truth" (the sharp one).
        picture: The restored picture; None where the restorer refused.
        reason: Why it refused.
        scores: Against the sharp picture, where that is known.
        residual: Root mean square, in grey levels of 256, of the picture blurred again less the blurred one: what the data alone can say
            of a restored picture. A small residual is necessary, not sufficient.
        milliseconds: What restoring took, once, here and now.
    """

    name: str
    picture: Picture | None = None
    reason: Reason | None = None
    scores: Scores | None = None
    residual: float | None = None
    milliseconds: float | None = None


def residual(picture: Picture, blurred: Picture, degradation: Degradation) -> float:
    """Blur the picture again and return its root mean square distance from the blurred one, in grey levels of 256."""
    again = degradation.reblur(picture)
    if degradation.border == UNKNOWN and degradation.psf is not None:
        margins = [min(side // 2, (length - 1) // 2) for side, length in zip(degradation.psf.shape, blurred.shape[:2], strict=True)]
        inner = tuple(slice(margin, length - margin) for margin, length in zip(margins, blurred.shape[:2], strict=True))
        again, blurred = again[inner], blurred[inner]  # nearer to the edge unseen pixels count
    return WHITE * float(np.sqrt(metrics.mse(again, blurred)))


def compare(
    blurred: Picture, degradation: Degradation, sharp: Picture | None = None, restorers: Mapping[str, Restorer] = RESTORERS
) -> Iterator[Entry]:
    """Restore with every restorer at its defaults, one after the other.

    Args:
        blurred: (H, W) or (H, W, 3).
        degradation: What is known of how it came about.
        sharp: The truth, where it is known.
        restorers: All of them, and more if the caller has some of its own.

    Raises:
        ValueError: The picture is too small for the blur.

    Yields:
        "nothing" first, then the restorers in their order, then "truth" if it is known.
    """

    def entry(name: str, picture: Picture, milliseconds: float | None = None) -> Entry:
        scores = metrics.scores(picture, sharp) if sharp is not None else None
        return Entry(name, picture, None, scores, residual(picture, blurred, degradation), milliseconds)

    yield entry(NOTHING, blurred)
    for name, restorer in restorers.items():
        start = time.perf_counter()
        try:
            restored = restorer.restore(blurred, degradation)
        except InputError as refusal:
            yield Entry(name, reason=refusal.reason)
        else:
            yield entry(name, restored, 1000 * (time.perf_counter() - start))
    if sharp is not None:
        yield entry(TRUTH, sharp)
