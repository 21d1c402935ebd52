"""The endless stream of blurred pictures that the universal network is trained on, made in worker processes. Needs no Keras."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deblur import degrade, kernels, physics
from deblur.data import load_fashion_mnist, validation_split
from deblur.degrade import Degradation
from deblur.image import Bytes, Picture, from_bytes, read_image, to_bytes, to_grey
from deblur.reasons import InputError
from deblur.thesis import EXPERIMENTS


class Batch(NamedTuple):
    """What one step of training is given; the first four are inputs of `networks.unrolled`."""

    planes: NDArray[np.float32]  # (N, H, W, P)
    conditions: NDArray[np.float32]  # (N, K)
    kept: NDArray[np.float32]  # (N, H, W, 2), see physics.agreement
    added: NDArray[np.float32]  # (N, H, W, 1)
    sharp: NDArray[np.float32]  # (N, H, W, 1)
    degradations: tuple[Degradation, ...]  # N


GROUPS = 6  # degradations in a batch; the pictures of a group share one, so that physics is computed for all at once
GARMENTS = 12  # in a group
PATCH = 96  # side of a piece of a photograph, px
GARMENTS_EVERY = 2  # batches; the others show photographs
HELD_PHOTOS = 20  # the last ones by name train nothing: they choose the weights to keep, and the few constants that say so where they stand
SETTINGS = tuple(EXPERIMENTS[name].degradation.with_(storage="8-bit") for name in ("thesis-gaussian", "thesis-average", "thesis-median", "thesis-bilateral-printed"))
SETTINGS_OFTEN = (0.45, 0.05, 0.45, 0.05)  # how often each: those that learn slowest more often
SETTINGS_SHARE = 0.45  # of the garments at exactly these, which the results are reported for
VALIDATED = (
    Degradation("gaussian", {"size": 9, "sigma": 2}, noise=0.01), Degradation("motion", {"length": 11, "angle": 30}, noise=0.01),
    Degradation("defocus", {"radius": 4}), Degradation("bilateral"), Degradation("average", {"size": 7}, noise=0.05), Degradation("average", storage="float"),
)
SHAKE_SHARE = 0.15  # of the draws
MAX_SHAKE = 31  # px
MAX_SIDE = 33  # px, of any PSF drawn: the longest slanting motion


@dataclass(frozen=True)
class Source:
    """Where pictures come from and which random numbers are drawn.

    Attributes:
        photos: Folder of photographs, or None for garments alone.
        garments: Folder with Fashion-MNIST, or None for the usual places.
        seed: Batch `number` depends on the seed and the number alone.
    """

    photos: Path | None = None
    garments: Path | None = None
    seed: int = 0

    def batch(self, number: int) -> Batch:
        """Make one batch; its N is a multiple of `GROUPS`."""
        rng = np.random.default_rng((self.seed, number))
        shows_photos = self.photos is not None and number % GARMENTS_EVERY != GARMENTS_EVERY - 1
        groups = [photo_group(rng, load_photos(self.photos)[:-HELD_PHOTOS]) if shows_photos else garment_group(rng, self._garments()) for _ in range(GROUPS)]
        return joined(groups)

    def _garments(self) -> Bytes:
        (images, _), _ = _split(self.garments)
        return images


@lru_cache(maxsize=1)
def _split(folder: Path | None) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    return validation_split(*load_fashion_mnist("train", folder))


@lru_cache(maxsize=1)
def load_photos(folder: Path) -> tuple[Bytes, ...]:
    """Read every JPEG and PNG of a folder, by name, uint8 (H, W, 3) or (H, W).

    Raises:
        ValueError: There are too few to hold `HELD_PHOTOS` back, or one is too small to cut a piece from.
    """
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    photos = tuple(to_bytes(read_image(path)) for path in paths)
    if len(photos) <= HELD_PHOTOS:
        raise InputError(
            "few_photos", "{folder} holds {count} photographs: expected more than {held}, which choose the weights. Name the folder they lie in.",
            folder=folder, count=len(photos), held=HELD_PHOTOS,
        )
    for path, photo in zip(paths, photos, strict=True):
        if min(photo.shape[:2]) < PATCH:
            raise InputError(
                "small_photo", "{path} is {width} × {height} px: expected at least {least} px a side. Leave it out.",
                path=path, width=photo.shape[1], height=photo.shape[0], least=PATCH,
            )
    return photos


def draw(rng: np.random.Generator, settings_share: float = 0.0) -> Degradation:
    """Draw a degradation: now and then one of `SETTINGS`, else from the ranges of the sliders, with hand shake as one more filter."""
    if rng.random() < settings_share:
        chosen = SETTINGS[rng.choice(len(SETTINGS), p=SETTINGS_OFTEN)]
        return chosen.with_(storage="float") if rng.random() < 0.1 else chosen
    drawn = degrade.draw(rng, max_noise=0.1, storages=("8-bit", "8-bit", "8-bit", "float", "jpeg"))
    if rng.random() < SHAKE_SHARE:
        psf = kernels.shake(rng, int(rng.integers(5, MAX_SHAKE + 1)))
        drawn = Degradation.from_psf(psf, drawn.noise, drawn.storage, quality=drawn.quality)
    if rng.random() < 0.1:
        drawn = drawn.with_(noise=0.2 * float(rng.random()), quality=degrade.draw_value(rng, degrade.QUALITY))
    return drawn.with_(salt_pepper=degrade.SALT_PEPPER.high * float(rng.random()) ** 2) if rng.random() < 0.05 else drawn


def garment_group(rng: np.random.Generator, images: Bytes, degradation: Degradation | None = None) -> Batch:
    """Blur some garments, drawn at random, all by one degradation."""
    degradation = degradation or draw(rng, SETTINGS_SHARE)
    return whole_pictures([from_bytes(images[place]) for place in rng.integers(len(images), size=GARMENTS)], degradation, rng)


def whole_pictures(sharp: list[Picture], degradation: Degradation, rng: np.random.Generator) -> Batch:
    """Blur small grey pictures of one size by one degradation, borders and all."""
    blurred = np.stack([degradation.apply(picture, rng) for picture in sharp], axis=-1)
    return prepared(np.stack(sharp, axis=-1), blurred, degradation)


def photo_group(rng: np.random.Generator, photos: tuple[Bytes, ...], degradation: Degradation | None = None) -> Batch:
    """Blur one piece of one photograph, in grey or one channel of its colours."""
    degradation = degradation or draw(rng)
    sharp = piece(rng, photos[rng.integers(len(photos))], PATCH)
    sharp = from_bytes(to_bytes(to_grey(sharp))) if degradation.blurs_together(3) else sharp
    blurred = degradation.apply(sharp, rng)
    if sharp.ndim == 3:
        channel = rng.integers(3)
        sharp, blurred = sharp[..., channel], blurred[..., channel]
    return prepared(sharp[..., None], blurred[..., None], degradation)


def prepared(sharp: NDArray, blurred: NDArray, degradation: Degradation) -> Batch:
    """Add what the network reads to pictures (H, W, N) that suffered one degradation."""
    planes, vector = physics.hand_over(blurred, degradation)
    kept, added = physics.agreement(sharp, blurred, degradation)
    return Batch(planes, np.tile(vector, (len(planes), 1)), kept, added, np.moveaxis(sharp, 2, 0)[..., None], (degradation,) * len(planes))


def joined(groups: Sequence[Batch]) -> Batch:
    """One batch of several."""
    *arrays, degradations = zip(*groups, strict=True)
    planes, conditions, kept, added, sharp = (np.concatenate(parts) for parts in arrays)
    return Batch(planes, conditions, kept, added, sharp, tuple(chain.from_iterable(degradations)))


def middle(photo: Bytes, side: int) -> Picture:
    """The middle square of a photograph, in grey."""
    top, left = ((length - side) // 2 for length in photo.shape[:2])
    return from_bytes(to_bytes(to_grey(from_bytes(photo[top : top + side, left : left + side]))))


def piece(rng: np.random.Generator, photo: Bytes, side: int) -> Picture:
    """Cut a square out of a photograph at random, turned and mirrored at random, in one case of three reduced before."""
    picture = from_bytes(photo)
    smallest = side / min(picture.shape[:2])
    if rng.random() < 1 / 3 and smallest < 1:
        scale = rng.uniform(max(0.5, smallest), 1.0)
        size = [max(side, round(length * scale)) for length in picture.shape[1::-1]]
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (rng.integers(length - side + 1) for length in picture.shape[:2])
    cut = np.rot90(picture[top : top + side, left : left + side], int(rng.integers(4)))
    cut = np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut)
    return from_bytes(to_bytes(to_grey(cut) if rng.random() < 0.5 else cut))


PARENT_GONE = 3


def _start_worker() -> None:
    cv2.setNumThreads(1)
    os.nice(1)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(PARENT_GONE)

    threading.Thread(target=follow, daemon=True).start()  # a killed parent leaves no worker behind


def batches(source: Source, first: int, workers: int = 1, ahead: int = 8) -> Iterator[Batch]:
    """Yield batch after batch, from number `first` on, made ahead of time in worker processes."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: threads that wait for each other on small matrices take the cores from training
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker) as pool:
        waiting: deque[Future[Batch]] = deque()
        number = first
        try:
            while True:
                while len(waiting) < ahead:
                    waiting.append(pool.submit(source.batch, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def validation(source: Source) -> dict[str, Batch]:
    """Groups of held-out pictures that choose the weights: 200 garments at each of `SETTINGS`, and pieces of photographs."""
    rng = np.random.default_rng((source.seed, 1 << 32))
    held = load_photos(source.photos)[-HELD_PHOTOS:] if source.photos else ()
    _, (images, _) = _split(source.garments)
    sharp = [from_bytes(image) for image in images[:200]]
    groups = {_label(setting): whole_pictures(sharp, setting, rng) for setting in (*SETTINGS, *VALIDATED)}
    if held:
        for setting in (*SETTINGS, *VALIDATED):
            groups["photo " + _label(setting)] = joined([photo_group(rng, held, setting) for _ in range(HELD_PHOTOS)])
    return groups


def _label(degradation: Degradation) -> str:
    values = " ".join(str(value) for value in degradation.values.values())
    return f"{degradation.blur} {values} {degradation.storage} {degradation.noise:g}"
