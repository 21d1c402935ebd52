"""The only place where the range, type, layout or size of a picture changes, and where pictures are read and written."""

import io
import math
import os
import tempfile
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from deblur.reasons import InputError

Picture = NDArray[np.float32]
Bytes = NDArray[np.uint8]

WHITE = 255  # the highest of the 8-bit levels
MAX_PIXELS = 50_000_000
READ_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
WRITE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as OpenCV and Pillow use


def as_picture(array: object) -> Picture:
    """Bring an array into the project's form.

    Args:
        array: uint8, uint16, bool, or float in [0, 1]; (H, W), (H, W, 1) or (H, W, 3) RGB.

    Raises:
        ValueError: The shape, the type or a value is none of these.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buf":
        raise InputError(
            "not_a_picture",
            "{given} is no picture: expected an array of numbers, (H, W) or (H, W, 3). Read a file with read_image.",
            given=f"array of {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__,
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputError(
            "bad_shape",
            "picture of shape {shape}: expected (height, width) or (height, width, 3) with at least one pixel.",
            shape=array.shape,
        )
    if array.dtype == np.float32:
        picture = array
    elif array.dtype.kind == "f" or array.dtype == bool:
        picture = array.astype(np.float32)
    elif array.dtype in (np.uint8, np.uint16):
        picture = array.astype(np.float32) / np.iinfo(array.dtype).max
    else:
        raise InputError(
            "not_a_picture", "{given} is no picture: expected uint8, uint16 or float in [0, 1].", given=f"array of {array.dtype}"
        )
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0.0 and high <= 1.0):  # written so that NaN fails too
        raise InputError(
            "bad_range",
            "picture with values from {low:.3g} to {high:.3g}: expected finite values from 0 to 1. Divide 0-255 data by 255, or clip.",
            low=low,
            high=high,
        )
    return picture


def clip(picture: NDArray[np.floating]) -> Picture:
    """Cut values to [0, 1]."""
    return np.clip(picture, 0.0, 1.0).astype(np.float32, copy=False)


def to_bytes(picture: NDArray[np.floating]) -> Bytes:
    """Round to 256 levels; values outside [0, 1] are cut."""
    return np.rint(np.clip(picture, 0.0, 1.0) * WHITE).astype(np.uint8)


def from_bytes(levels: Bytes) -> Picture:
    """Map the levels 0..255 to [0, 1]."""
    return levels.astype(np.float32) / np.float32(WHITE)


def is_8bit(picture: Picture) -> bool:
    """Say whether 256 levels hold the picture exactly."""
    return bool(np.array_equal(from_bytes(to_bytes(picture)), picture))


def jpeg(picture: Picture, quality: int) -> Picture:
    """Store as JPEG of this quality (1..100) and read again: 8×8 cosine blocks, colour at half resolution."""
    levels = to_bytes(picture)
    stored = cv2.imencode(".jpg", levels if levels.ndim == 2 else levels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    again = np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE if levels.ndim == 2 else cv2.IMREAD_COLOR), np.uint8)
    return from_bytes(again if levels.ndim == 2 else again[:, :, ::-1])


def to_grey(picture: Picture) -> Picture:
    """Weigh red, green and blue into one channel; a grey picture stays as it is."""
    return picture if picture.ndim == 2 else clip(picture @ GREY_WEIGHTS)


def shrink(picture: Picture, max_side: int, min_side: int = 1) -> Picture:
    """Reduce by area averaging to at most `max_side` px a side; a smaller picture stays as it is.

    A long strip stays longer than that, in proportion, where its shorter side would fall below `min_side`, as long as it has no more pixels
    than a square of `max_side`.
    """
    height, width = picture.shape[:2]
    scale = _scale(width, height, max_side, min_side)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _scale(width: int, height: int, max_side: int, min_side: int) -> float:
    return max(max_side / max(width, height), min(min_side / min(width, height), max_side / math.sqrt(width * height)))


def encode_png(levels: Bytes, compression: int = 1) -> bytes:
    """PNG of a uint8 picture, (H, W) or (H, W, 3) RGB."""
    bgr = levels if levels.ndim == 2 else levels[:, :, ::-1]
    return cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, compression])[1].tobytes()


def encode_jpeg(levels: Bytes, quality: int = 92) -> bytes:
    """JPEG of a uint8 picture, (H, W) or (H, W, 3) RGB."""
    bgr = levels if levels.ndim == 2 else levels[:, :, ::-1]
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def read_image(source: str | os.PathLike[str] | BinaryIO, max_side: int | None = None, min_side: int = 1) -> Picture:
    """Read a picture file: upright as its EXIF says, transparency on white, the first frame of an animation.

    Numbers of more than 8 bits do not say what white is, so it is guessed: 65535 for whole numbers; for fractions 1 if none is larger, else
    255 if none is larger, else 65535. What is no number is black.

    Args:
        source: A path or an open binary file: PNG, JPEG, WebP, BMP, GIF or TIFF, 8 or 16 bits or float, at most 50 megapixels.
        max_side: Reduce by area averaging to at most this many pixels a side.
        min_side: Least pixels of the shorter side of a long strip when it is reduced (see `shrink`).

    Returns:
        (H, W) for a grey file, (H, W, 3) for one in colour.

    Raises:
        ValueError: The file is no picture of these formats, is damaged or is too large.
        OSError: The path cannot be opened.
    """
    name = Path(source).name if isinstance(source, str | os.PathLike) else "this file"
    data = Path(source).read_bytes() if isinstance(source, str | os.PathLike) else source.read()
    try:
        with _open(data) as file:
            width, height = file.size
            if width * height > MAX_PIXELS:
                raise InputError(
                    "too_large",
                    "{name} has {width}×{height} px: expected at most {limit:g} megapixels. Reduce it first.",
                    name=name,
                    width=width,
                    height=height,
                    limit=MAX_PIXELS / 1e6,
                )
            twice = min(1.0, 2 * _scale(width, height, max_side, min_side)) if max_side else 1.0  # what shrink() averages well
            if file.format == "JPEG":
                file.draft(file.mode, (math.ceil(width * twice), math.ceil(height * twice)))  # lets the decoder skip detail
            orientation = file.getexif().get(0x0112, 1)
            file.seek(0)
            pixels = _pixels(file, orientation, int(file.width / (width * twice)))
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as problem:
        raise _unreadable(name) from problem
    picture = as_picture(pixels)
    return shrink(picture, max_side, min_side) if max_side else picture


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of a picture file, upright as its EXIF says, from its header alone.

    Raises:
        ValueError: It is no picture of the known formats.
    """
    try:
        with _open(Path(path).read_bytes()) as file:
            across, down = file.size
            return (across, down) if file.getexif().get(0x0112, 1) >= 5 else (down, across)
    except (UnidentifiedImageError, OSError, SyntaxError) as problem:
        raise _unreadable(Path(path).name) from problem


def _unreadable(name: str) -> InputError:
    return InputError(
        "unreadable",
        "{name} could not be read as a picture: expected PNG, JPEG, WebP, BMP, GIF or TIFF, undamaged. Save it again in one of these.",
        name=name,
    )


_pillow_limit = Lock()


def _open(data: bytes) -> Image.Image:
    """Read the header alone, without Pillow's limit on pixels: it is wider than ours and does not say how large the picture is."""
    with _pillow_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(data), formats=READ_FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _pixels(file: Image.Image, orientation: int, factor: int) -> NDArray:
    """The pixels, each the mean of `factor` × `factor` of the file: averaged before anything takes four bytes a value."""
    grey = file.mode in ("1", "L", "LA", "La")
    see_through = file.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in file.info
    deep = file.mode.startswith("I;16") or file.mode in ("I", "F")
    wanted = "RGBA" if see_through else "L" if grey else "RGB"
    image = _deep(file) if deep else file if file.mode == wanted else file.convert(wanted)
    if factor > 1:
        image = image.reduce(factor)
    if see_through and not deep:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white.convert("L" if grey else "RGB")
    if orientation != 1:
        image.getexif()[0x0112] = orientation
        image = ImageOps.exif_transpose(image)
    return np.asarray(image)


def _deep(file: Image.Image) -> Image.Image:
    levels = np.array(file, np.float32)
    finite = np.isfinite(levels)
    if not finite.any():
        raise OSError("no pixel is a number")
    highest = levels.max(where=finite, initial=0)
    levels /= 65535 if file.mode != "F" or highest > WHITE else WHITE if highest > 1 else 1
    return Image.fromarray(clip(np.nan_to_num(levels, copy=False)))


def write_image(path: str | os.PathLike[str], picture: object) -> None:
    """Write a picture with 8 bits a channel; the file is whole or not there at all.

    Raises:
        ValueError: The array is no picture, or the name ends in no known format.
        OSError: The folder cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in WRITE_SUFFIXES:
        raise InputError(
            "bad_suffix",
            "{name}: expected a name that ends in {suffixes}. Add one of them.",
            name=target.name,
            suffixes=", ".join(WRITE_SUFFIXES),
        )
    levels = to_bytes(as_picture(picture))
    memory = io.BytesIO()
    Image.fromarray(levels).save(
        memory, format=Image.registered_extensions()[target.suffix.lower()], **_save_options(target.suffix.lower())
    )
    write_whole(target, memory.getvalue())


def _save_options(suffix: str) -> dict[str, object]:
    return {"quality": 95} if suffix in (".jpg", ".jpeg") else {"lossless": True} if suffix == ".webp" else {}


def write_whole(target: Path, data: bytes) -> None:
    """Write a file through a temporary neighbour, so that a crash never leaves half of it.

    Raises:
        OSError: The folder is missing or cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(target)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
