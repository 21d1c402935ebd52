"""The thesis' experiments: which pictures went into which network, as printed and as meant.

Source: Condori, 2023, Universidad Nacional de Ingeniería, Lima, chapter 4 and table 4.1.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.degrade import Degradation
from deblur.image import Bytes, Picture, from_bytes

TILE = 512  # px a side: bounds the memory of the network's 64 channels
MARGIN = 8  # px around a tile; no pixel of the network's output depends on one further off


@dataclass(frozen=True)
class Experiment:
    """One row of table 4.1.

    Attributes:
        name: Its key, and the name of the weights.
        degradation: What blurred the pictures. For the median as printed it is the median; the clipping comes on top.
        printed: The thesis' own setting, traps included; else the setting its text describes.
        paper_error: The percentage error in table 4.1; None for what the thesis never measured.
        silhouette: Cut the median's 0-255 result at 1, as the thesis' program does: every pixel above black turns white.
    """

    name: str
    degradation: Degradation
    printed: bool
    paper_error: float | None
    silhouette: bool = False

    def blur(self, images: Bytes) -> Picture:
        """Make the network's input.

        Args:
            images: uint8 (N, H, W).

        Returns:
            float32 (N, H, W) in [0, 1].
        """
        return np.stack([self.blur_one(from_bytes(image)) for image in images])

    def blur_one(self, sharp: Picture) -> Picture:
        """The same for one picture, float32 in [0, 1]."""
        blurred = self.degradation.apply(sharp)
        return np.ceil(blurred) if self.silhouette else blurred  # cutting the levels 0..255 at 1 leaves 0 and 1


def _bilateral(scale: str, storage: str) -> Degradation:
    return Degradation("bilateral", {"diameter": 9, "sigma_color": 75, "sigma_space": 75, "scale": scale}, storage=storage)


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment("thesis-gaussian", Degradation("gaussian", {"size": 3, "sigma": 0}, storage="float"), True, 1.65),
        Experiment("thesis-average", Degradation("average", {"size": 3}, storage="float"), True, 2.46),
        Experiment("thesis-median-printed", Degradation("median", {"size": 5}), True, 17.94, silhouette=True),
        Experiment("thesis-bilateral-printed", _bilateral("0-1", "float"), True, 8.46),
        Experiment("thesis-median", Degradation("median", {"size": 5}), False, None),
        Experiment("thesis-bilateral", _bilateral("0-255", "8-bit"), False, None),
    )
}


def as_batch(pictures: NDArray) -> NDArray[np.float32]:
    """(N, H, W) in [0, 1] or in levels, to the float32 (N, H, W, 1) that a network reads."""
    return (from_bytes(pictures) if pictures.dtype == np.uint8 else pictures.astype(np.float32, copy=False))[..., None]


def restore_with(network: Any, blurred: Picture) -> Picture:
    """Restore a picture, (H, W) or (H, W, C), by one of the thesis' networks at hand, every colour by itself."""
    planes = blurred[None] if blurred.ndim == 2 else np.moveaxis(blurred, 2, 0)
    restored = run_in_tiles(network, planes)
    return restored[0] if blurred.ndim == 2 else np.ascontiguousarray(np.moveaxis(restored, 0, 2))


def run_in_tiles(network: Any, planes: Picture, tile: int = TILE) -> Picture:
    """Run a network on planes (N, H, W) of any size, in tiles; the same as on the whole."""
    restored = np.empty(planes.shape, np.float32)
    for top, left in product(range(0, planes.shape[1], tile), range(0, planes.shape[2], tile)):
        rows, columns = (slice(max(0, start - MARGIN), start + tile + MARGIN) for start in (top, left))
        answer = np.asarray(network(planes[:, rows, columns, None]))[:, top - rows.start :, left - columns.start :, 0]
        restored[:, top : top + tile, left : left + tile] = answer[:, :tile, :tile]
    return restored
