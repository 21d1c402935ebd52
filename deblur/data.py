"""Fashion-MNIST: 60,000 training and 10,000 test pictures of garments, grey, 28×28 (Xiao, Rasul, Vollgraf 2017, MIT licence)."""

import gzip
import hashlib
import os
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deblur.reasons import InputError

Split = Literal["train", "test"]
Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]

CLASSES = ("t_shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot")
SIDE = 28
COUNTS = {"train": 60_000, "test": 10_000}
FOLDER_VARIABLE = "FASHION_MNIST"
SHIPPED = Path(__file__).parent / "fashion_mnist"  # the test split, and the beginning of the training split
SAMPLE = SHIPPED / "first-training-images-idx3-ubyte.gz"
SAMPLE_COUNT = 4_400
SAMPLE_SHA256 = "48ddc8a948bbaa79dda489e0a4334f14822caf3149aacc967058d3d8f049e76f"  # of the images' bytes
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
IDX_NAMES = {"train": "train", "test": "t10k"}
CSV_NAMES = {"train": "fashion-mnist_train.csv", "test": "fashion-mnist_test.csv"}

# sha256 of the images' bytes followed by the labels' bytes: one number for all three file forms
SHA256 = {
    "train": "16d82e2b505296aa2b78bd5ea0992634f30419a4c97def7c907d154a35ac6157",
    "test": "9f1ec356a747bfe4ebab3cfb722d3694c9ca737e2570f6f90cf31d7b6fd689d4",
}


def load_fashion_mnist(split: Split, folder: str | os.PathLike[str] | None = None) -> Labelled:
    """Load a split as it was published.

    Looked for in this order: `folder` or, without it, the folder named by the environment variable FASHION_MNIST; the files shipped
    with the project (test split only); Debian's package `dataset-fashion-mnist`; Keras' cache (under KERAS_HOME where that is set); Keras' download.

    Args:
        split: "train" or "test".
        folder: Holds IDX files, plain or gzipped, or the 785-column CSV files (label, then 784 pixels).

    Returns:
        images, uint8 (N, 28, 28), and labels, uint8 (N,), 0 to 9 in the order of `CLASSES`. Both are read-only.

    Raises:
        ValueError: The split is unknown, a named folder holds no such file, a file is truncated or corrupted, or nothing is found and the download fails.
    """
    if split not in COUNTS:
        raise InputError("unknown_split", "split {split!r}: expected 'train' or 'test'.", split=split)
    named = folder or os.environ.get(FOLDER_VARIABLE)
    return _load(split, Path(named) if named else None)


@lru_cache(maxsize=4)
def _load(split: Split, named: Path | None) -> Labelled:
    if named:
        found = _in_folder(named, split)
        if found is None:
            raise InputError(
                "no_data",
                "folder {folder} holds no Fashion-MNIST {split} split: expected {idx}-images-idx3-ubyte (.gz) with its labels, or {csv}.",
                folder=named,
                split=split,
                idx=IDX_NAMES[split],
                csv=CSV_NAMES[split],
            )
        return found
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    for folder in (SHIPPED, DEBIAN, keras_home / "datasets" / "fashion-mnist"):
        found = _in_folder(folder, split)
        if found is not None:
            return found
    from keras.datasets import fashion_mnist  # only to download: the page never comes here

    try:
        train, test = fashion_mnist.load_data()
    except Exception as problem:  # Keras raises a bare Exception for a download that fails
        raise InputError(
            "no_download",
            "Fashion-MNIST's {split} split is not on this machine and could not be downloaded. Name a folder that holds it (--data or the "
            "environment variable {variable}), or install Debian's package dataset-fashion-mnist.",
            split=split,
            variable=FOLDER_VARIABLE,
        ) from problem
    images, labels = train if split == "train" else test
    return _checked(split, images, labels, name="the download")


@lru_cache
def load_sample() -> NDArray[np.uint8]:
    """Load the first 4,400 pictures of the training split, which ship with the project: enough to watch a network learn, with no download.

    Returns:
        uint8 (4400, 28, 28), read-only.

    Raises:
        ValueError: The file is damaged.
    """
    images = _read_idx(SAMPLE, 3)
    if images.shape != (SAMPLE_COUNT, SIDE, SIDE) or hashlib.sha256(images.tobytes()).hexdigest() != SAMPLE_SHA256:
        raise _damaged(SAMPLE, "its pictures are not those published (sha256)")
    images.setflags(write=False)
    return images


def validation_split(images: NDArray, labels: NDArray, seed: int = 0, count: int = 5_000) -> tuple[Labelled, Labelled]:
    """Divide the training split into training and validation by a fixed shuffle.

    Returns:
        (images, labels) of the larger and of the smaller part: 55,000 and 5,000 by default.
    """
    order = np.random.default_rng(seed).permutation(len(images))
    rest, held = np.sort(order[count:]), np.sort(order[:count])
    return (images[rest], labels[rest]), (images[held], labels[held])


def _in_folder(folder: Path, split: Split) -> Labelled | None:
    stem = IDX_NAMES[split]
    images, labels = (_existing(folder / f"{stem}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    if images and labels:
        return _checked(split, _read_idx(images, 3), _read_idx(labels, 1), name=str(images))
    table = _existing(folder / CSV_NAMES[split])
    if table is None:
        return None
    images_of_table, labels_of_table = _read_csv(table)
    return _checked(split, images_of_table, labels_of_table, name=str(table))


def _existing(path: Path) -> Path | None:
    return next((form for form in (path, path.with_name(path.name + ".gz")) if form.is_file()), None)


def _bytes(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise _damaged(path, "it does not unpack") from problem


def _read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    data = _bytes(path)
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes([0, 0, 8, dimensions]):
        raise _damaged(path, "it does not begin as an IDX file of bytes")
    shape = struct.unpack(f">{dimensions}I", data[4:header])
    if len(data) != header + int(np.prod(shape)):
        raise _damaged(path, f"it holds {len(data) - header} values, its header says {int(np.prod(shape))}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def _read_csv(path: Path) -> Labelled:
    lines = [line for line in _bytes(path).splitlines() if line]
    if lines and lines[0].startswith((b"label", b'"label')):
        del lines[0]
    levels = np.empty((len(lines), 1 + SIDE**2), np.uint8)
    try:
        for row, line in zip(levels, lines, strict=True):
            row[:] = [int(cell) for cell in line.split(b",")]  # in 8 bits at once: a list of all would take ten times the file
    except (ValueError, OverflowError):
        raise _damaged(path, "a line has not 785 whole numbers from 0 to 255") from None
    return levels[:, 1:].reshape(-1, SIDE, SIDE), np.ascontiguousarray(levels[:, 0])


def _checked(split: Split, images: NDArray[np.uint8], labels: NDArray[np.uint8], name: str) -> Labelled:
    count = COUNTS[split]
    if images.shape != (count, SIDE, SIDE) or labels.shape != (count,):
        raise _damaged(name, f"it holds {len(images)} pictures and {len(labels)} labels, expected {count} of each")
    if hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest() != SHA256[split]:
        raise _damaged(name, "its pictures or labels are not those published (sha256)")
    images.setflags(write=False)
    labels.setflags(write=False)
    return images, labels


def _damaged(name: object, what: str) -> InputError:
    return InputError("damaged_data", "{name} is damaged: {what}. Delete it, or get it again.", name=str(name), what=what)
