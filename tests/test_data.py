"""Fashion-MNIST from its three file forms; damaged files are refused by name."""

import gzip
import hashlib
import struct
import tracemalloc

import numpy as np
import pytest

from deblur import data
from deblur.data import load_fashion_mnist, validation_split
from deblur.reasons import InputError

HELD = "55ad26621306ab66"  # sha256 of the numbers of the validation pictures, its beginning
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def table(images: np.ndarray, labels: np.ndarray, header: bool = True) -> str:
    names = ",".join(["label"] + [f"pixel{place}" for place in range(1, 785)])
    lines = (",".join(map(str, row)) for row in np.column_stack([labels, images.reshape(len(images), -1)]).tolist())
    return "\n".join([names, *lines] if header else lines) + "\n"


@pytest.fixture(autouse=True)
def no_folder_from_the_environment(monkeypatch):
    monkeypatch.delenv(data.FOLDER_VARIABLE, raising=False)
    yield
    data._load.cache_clear()


@pytest.fixture(scope="module")
def published() -> data.Labelled:
    return load_fashion_mnist("test")


@pytest.fixture
def plain(tmp_path, published):
    (tmp_path / IMAGES).write_bytes(idx(published[0]))
    (tmp_path / LABELS).write_bytes(idx(published[1]))
    return tmp_path


def test_the_shipped_test_split(published):
    images, labels = published
    assert images.shape == (10_000, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [1000] * 10
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_plain_idx(plain, published):
    for found, expected in zip(load_fashion_mnist("test", plain), published, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_gzipped_idx(tmp_path, published):
    for name, array in zip((IMAGES, LABELS), published, strict=True):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array), 1))
    for found, expected in zip(load_fashion_mnist("test", tmp_path), published, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("header", [True, False])
def test_csv(tmp_path, published, header):
    (tmp_path / "fashion-mnist_test.csv").write_text(table(*published, header) + "\n")
    for found, expected in zip(load_fashion_mnist("test", tmp_path), published, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_environment_names_a_folder(plain, monkeypatch, published):
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(plain))
    np.testing.assert_array_equal(load_fashion_mnist("test")[0], published[0])
    monkeypatch.setenv(data.FOLDER_VARIABLE, str(plain / "absent"))
    with pytest.raises(ValueError, match=r"absent holds no Fashion-MNIST test split: expected t10k"):
        load_fashion_mnist("test")


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="split 'validation': expected 'train' or 'test'"):
        load_fashion_mnist("validation")


@pytest.mark.parametrize("name", [IMAGES, LABELS])
@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda stored: stored[:-100], "its header says"),
        (lambda stored: stored[:3], "does not begin as an IDX file"),
        (lambda stored: b"<html>" + stored[6:], "does not begin as an IDX file"),
        (lambda stored: stored[:-1] + bytes([stored[-1] ^ 1]), "not those published"),
    ],
    ids=["truncated", "empty", "not idx", "one bit"],
)
def test_damaged_idx_is_refused_by_name(plain, name, damage, what):
    (plain / name).write_bytes(damage((plain / name).read_bytes()))
    with pytest.raises(ValueError, match=f"t10k-.*is damaged: .*{what}"):
        load_fashion_mnist("test", plain)


@pytest.mark.parametrize(
    "damage", [lambda stored: stored[:5000], lambda stored: stored[:500] + b"xx" + stored[502:]], ids=["truncated", "corrupted"]
)
def test_damaged_gzip_is_refused_by_name(tmp_path, published, damage):
    (tmp_path / f"{IMAGES}.gz").write_bytes(damage(gzip.compress(idx(published[0]), 1)))
    (tmp_path / LABELS).write_bytes(idx(published[1]))
    with pytest.raises(ValueError, match=rf"{IMAGES}\.gz is damaged"):
        load_fashion_mnist("test", tmp_path)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[: len(text) // 2], "."),
        (lambda text: text.replace("\n", "\nx", 1), "785 whole numbers"),
        (lambda text: text.replace(",0,", ",256,", 1), "785 whole numbers"),
        (lambda text: text.replace(",0,", f",{'9' * 40},", 1), "785 whole numbers"),
        (lambda text: text.replace(",0,", ",-1,", 1), "785 whole numbers"),
        (lambda text: text.replace(",0,", ",", 1), "785 whole numbers"),
        (lambda text: text.replace(",0,", ",0.5,", 1), "785 whole numbers"),
        (lambda text: text.splitlines(keepends=True)[0], "."),
    ],
    ids=["truncated", "a word", "out of range", "40 digits", "negative", "too few", "a fraction", "only names"],
)
def test_damaged_csv_is_refused_by_name(tmp_path, published, damage, what):
    (tmp_path / "fashion-mnist_test.csv").write_text(damage(table(published[0][:50], published[1][:50])))
    with pytest.raises(ValueError, match=rf"fashion-mnist_test\.csv is damaged: .*{what}"):
        load_fashion_mnist("test", tmp_path)


def test_csv_is_read_in_little_memory(tmp_path, published):
    (tmp_path / "fashion-mnist_test.csv").write_text(table(published[0][:3000], published[1][:3000]))
    tracemalloc.start()
    images, _ = data._read_csv(tmp_path / "fashion-mnist_test.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(images, published[0][:3000])
    assert peak < 25e6


def test_keras_cache_is_found_where_keras_home_says(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHIPPED", tmp_path)
    monkeypatch.setattr(data, "DEBIAN", tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    (folder / f"{IMAGES}.gz").write_bytes(b"broken")
    (folder / f"{LABELS}.gz").write_bytes(b"broken")
    data._load.cache_clear()
    with pytest.raises(ValueError, match=rf"{folder}.*is damaged"):
        load_fashion_mnist("test")


def test_a_failed_download_says_what_to_do(tmp_path, monkeypatch):
    from keras.datasets import fashion_mnist

    def fail():
        raise Exception("URL fetch failure on https://…: None -- [Errno -3] Temporary failure in name resolution")

    monkeypatch.setattr(fashion_mnist, "load_data", fail)
    for place in ("SHIPPED", "DEBIAN"):
        monkeypatch.setattr(data, place, tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    data._load.cache_clear()
    with pytest.raises(InputError, match=r"could not be downloaded. Name a folder .*--data.*FASHION_MNIST.*dataset-fashion-mnist"):
        load_fashion_mnist("test")


def test_validation_split_is_fixed():
    every = np.arange(60_000)
    (train, train_labels), (held, held_labels) = validation_split(every, every)
    assert (len(train), len(held)) == (55_000, 5_000)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), every)
    np.testing.assert_array_equal(train, train_labels)
    np.testing.assert_array_equal(held, held_labels)
    assert hashlib.sha256(held.astype("<i8").tobytes()).hexdigest()[:16] == HELD
