"""The image contract, reading and writing."""

import io
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from deblur import image
from deblur.image import as_picture, read_image, write_image

from .conftest import photograph


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool, np.float16, np.float32, np.float64])
def test_as_picture_takes_every_number_type(dtype):
    full = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    given = np.array([[0, full, 0], [full, full, 0]], dtype)
    kept = given.copy()
    picture = as_picture(given)
    assert picture.dtype == np.float32
    np.testing.assert_array_equal(picture, [[0, 1, 0], [1, 1, 0]])
    np.testing.assert_array_equal(given, kept)


def test_as_picture_drops_a_single_channel():
    assert as_picture(np.zeros((4, 5, 1))).shape == (4, 5)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[0.1, np.nan]]), "nan"),
        (np.array([[0.1, np.inf]]), "inf"),
        (np.array([[0.0, 1.5]]), "from 0 to 1.5"),
        (np.array([[-0.1, 1.0]]), "-0.1"),
        (np.zeros((0, 4)), "at least one pixel"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((4, 5, 2)), r"shape \(4, 5, 2\)"),
        (np.zeros((4, 5, 4)), "height, width, 3"),
        (np.zeros((4, 5), np.int64), "array of int64"),
        (np.array([["a"]]), "no picture"),
        ([[0.1]], "list"),
        (None, "NoneType"),
    ],
)
def test_as_picture_refuses(array, message):
    with pytest.raises(ValueError, match=message):
        as_picture(array)


def test_bytes_and_back_lose_nothing():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(image.to_bytes(image.from_bytes(levels)), levels)
    assert image.is_8bit(image.from_bytes(levels))
    assert not image.is_8bit(np.full((2, 2), 0.123, np.float32))


def test_shrink_averages():
    small = image.shrink(photograph((40, 60)), 30)
    assert small.shape == (20, 30)
    np.testing.assert_allclose(small[0, 0], photograph((40, 60))[:2, :2].mean(), atol=1e-6)
    assert image.shrink(small, 30) is small


def test_a_strip_keeps_its_floor_and_its_proportions():
    strip = photograph((100, 5000))
    assert image.shrink(strip, 512).shape == (10, 512)
    assert image.shrink(strip, 512, min_side=17).shape == (17, 850)
    assert image.shrink(strip[:20], 512, min_side=21).shape == (20, 5000)
    assert image.shrink(strip[:20, :60], 30, min_side=10).shape == (10, 30)
    assert image.shrink(photograph((20, 3000)), 100, min_side=19).shape == (8, 1225)


def test_grey_weights_follow_the_eye():
    red, green, blue = (image.to_grey(np.eye(3, dtype=np.float32)[None, None, channel])[0, 0] for channel in range(3))
    assert green > red > blue
    assert red + green + blue == pytest.approx(1)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp"])
def test_lossless_formats_keep_every_level(picture, tmp_path, suffix):
    write_image(tmp_path / f"picture{suffix}", picture)
    again = read_image(tmp_path / f"picture{suffix}")
    np.testing.assert_array_equal(again if suffix != ".webp" or picture.ndim == 3 else again[..., 0], picture)


def test_jpeg_keeps_the_colours_in_order(tmp_path):
    red = np.zeros((16, 24, 3), np.float32)
    red[..., 0] = 1
    write_image(tmp_path / "red.jpg", red)
    np.testing.assert_allclose(read_image(tmp_path / "red.jpg"), red, atol=0.02)
    np.testing.assert_allclose(image.jpeg(red, 95), red, atol=0.02)


def test_encoders_agree_with_their_readers(picture):
    levels = image.to_bytes(picture)
    np.testing.assert_array_equal(read_image(io.BytesIO(image.encode_png(levels))), picture)
    assert read_image(io.BytesIO(image.encode_jpeg(levels))).shape == picture.shape


def test_sixteen_bits_are_scaled(tmp_path):
    deep = np.array([[0, 65535], [32768, 6553]], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    np.testing.assert_allclose(read_image(tmp_path / "deep.png"), deep / 65535, atol=1e-4)


def test_transparency_is_laid_on_white(tmp_path):
    Image.new("RGBA", (6, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    np.testing.assert_array_equal(read_image(tmp_path / "clear.png"), np.ones((4, 6, 3)))


def test_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    Image.fromarray(image.to_bytes(photograph((20, 30)))).save(tmp_path / "turned.png", exif=exif)
    assert read_image(tmp_path / "turned.png").shape == (30, 20)


def test_reads_reduced(tmp_path):
    write_image(tmp_path / "large.jpg", photograph((300, 400, 3)))
    assert read_image(tmp_path / "large.jpg", max_side=100).shape == (75, 100, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_reduced_while_it_is_8_bit_is_the_same_picture(tmp_path, mode):
    source = Image.fromarray(image.to_bytes(photograph((300, 420, 3))))
    source = Image.fromarray(256 * np.asarray(source.convert("L"), np.uint16)) if mode == "I;16" else source.convert(mode)
    if mode in ("LA", "RGBA"):
        source.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 420).astype(np.uint8), (300, 1))))
    source.save(tmp_path / "picture.tif")
    reduced = read_image(tmp_path / "picture.tif", max_side=70)
    whole = read_image(tmp_path / "picture.tif")
    assert reduced.shape == (50, 70, *whole.shape[2:])
    assert np.abs(reduced - image.shrink(whole, 70)).max() < 2 / 255


def test_a_large_picture_is_reduced_before_it_is_converted(tmp_path, monkeypatch):
    Image.new("RGBA", (1000, 800), "red").save(tmp_path / "large.png")
    sizes = []
    monkeypatch.setattr(image, "shrink", lambda picture, *sides: sizes.append(picture.shape))
    read_image(tmp_path / "large.png", max_side=100)
    assert sizes == [(160, 200, 3)]


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_strip_is_read_with_its_floor(tmp_path, suffix):
    write_image(tmp_path / f"strip.{suffix}", photograph((60, 1500, 3)))
    assert read_image(tmp_path / f"strip.{suffix}", max_side=200, min_side=17).shape == (17, 425, 3)


@pytest.mark.parametrize(("highest", "white"), [(1.0, 1), (0.2, 1), (200.0, 255), (60000.0, 65535)])
def test_the_white_of_fractions_is_guessed(tmp_path, highest, white):
    Image.fromarray(np.array([[0, highest, np.nan, -1]], np.float32)).save(tmp_path / "deep.tif")
    np.testing.assert_allclose(read_image(tmp_path / "deep.tif"), [[0, highest / white, 0, 0]], rtol=1e-6)


def test_nothing_but_nan_is_refused(tmp_path):
    Image.fromarray(np.full((3, 4), np.nan, np.float32)).save(tmp_path / "nan.tif")
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"nan\.tif could not be read"):
        warnings.simplefilter("error")
        read_image(tmp_path / "nan.tif")


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_refuses_what_is_no_picture(tmp_path, data):
    (tmp_path / "broken.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"broken\.png could not be read as a picture"):
        read_image(tmp_path / "broken.png")


def test_refuses_a_truncated_file(tmp_path):
    write_image(tmp_path / "cut.jpg", photograph((64, 64)))
    data = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"cut\.jpg"):
        read_image(tmp_path / "cut.jpg")


def test_refuses_too_many_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "MAX_PIXELS", 100)
    write_image(tmp_path / "huge.png", photograph((20, 30)))
    with pytest.raises(ValueError, match="30×20 px"):
        read_image(tmp_path / "huge.png")


@pytest.mark.parametrize("side", [10_000, 20_000])
def test_the_size_is_named_even_beyond_pillows_own_limit(tmp_path, side):
    """Pillow warns from 89 and refuses from 179 megapixels; the header alone is read, so a short file will do."""
    Image.new("L", (1, 1)).save(tmp_path / "huge.png")
    data = bytearray((tmp_path / "huge.png").read_bytes())
    data[16:24] = struct.pack(">II", side, side)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ValueError, match=rf"this file has {side}×{side} px: expected at most 50 megapixels") as caught:
        read_image(io.BytesIO(data))
    assert caught.value.reason.code == "too_large"
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_missing_folder_is_named_as_it_was_typed(tmp_path):
    target = tmp_path / "nowhere" / "picture.png"
    with pytest.raises(FileNotFoundError) as caught:
        write_image(target, photograph((4, 4)))
    assert caught.value.filename == str(target)


def test_refuses_an_unknown_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"expected a name that ends in \.png"):
        write_image(tmp_path / "picture.xyz", photograph((4, 4)))


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(image.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_image(tmp_path / "picture.png", photograph((4, 4)))
    assert list(tmp_path.iterdir()) == []
