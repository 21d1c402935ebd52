"""The public endpoints, for HTTP, the Python client and MCP; everything else on the page is private."""

from dataclasses import fields
from functools import wraps
from math import isfinite
from pathlib import Path

import gradio as gr
import numpy as np

from deblur.blur import BLURS
from deblur.compare import compare as compare_restorers
from deblur.degrade import BORDERS, MIRRORED, NOISE, QUALITY, SALT_PEPPER, STORAGE, Degradation
from deblur.estimate import estimate as estimate_blur
from deblur.image import Bytes, Picture, read_image, to_bytes
from deblur.lessons import pixel
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui import inside
from deblur.ui.texts import LANGUAGES, load_texts
from deblur.ui.upload import PictureUpload, require_uploaded

MAX_SIDE = 4096  # px; a larger picture is refused by its pixel count when it is read


def _read(picture: Path | None) -> Picture:
    if picture is None:
        raise InputError("no_picture", "no picture: expected a picture file. Send one.")
    require_uploaded(picture)
    return read_image(picture, MAX_SIDE)


def _whole(name: str, number: object) -> int:
    """A number that a client sent, as a whole one."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number) or number != int(number):
        raise InputError("not_whole", "{name} = {value!r}: expected a whole number. Send one, such as 0.", name=name, value=number)
    return int(number)


def blur(picture: Path, filter: str, values: dict, noise: float, salt_pepper: float, storage: str, quality: float, seed: float) -> Bytes:
    """Blur a picture with one of the filters, add noise and store it.

    Args:
        picture: The sharp picture, PNG, JPEG, WebP, BMP, GIF or TIFF; reduced to 4096 px a side.
        filter: gaussian, average, median, bilateral, motion or defocus.
        values: The filter's parameters by name, such as {"size": 5}; the others keep their default.
        noise: Standard deviation of Gaussian noise, 0 to 0.2, white being 1.
        salt_pepper: Share of pixels that turn black or white, 0 to 0.5.
        storage: float, 8-bit or jpeg.
        quality: JPEG quality, 10 to 100.
        seed: Of the noise.

    Returns:
        The blurred picture.
    """
    degradation = Degradation(filter, values or {}, noise, salt_pepper, storage, _whole("quality", quality))
    return to_bytes(degradation.apply(_read(picture), _whole("seed", seed)))


def restore(
    picture: Path, restorer: str, settings: dict, filter: str, values: dict, noise: float, salt_pepper: float, storage: str, quality: float,
    border: str = MIRRORED,
) -> Bytes:
    """Undo a known blur.

    Args:
        picture: The blurred picture, PNG, JPEG, WebP, BMP, GIF or TIFF; reduced to 4096 px a side.
        restorer: Which restorer undoes it.
        settings: The restorer's own parameters by name, such as {"strength": 3}; the others keep their default.
        filter: The filter that blurred it: gaussian, average, median, bilateral, motion or defocus.
        values: The filter's parameters by name, such as {"size": 5}; the others keep their default.
        noise: Standard deviation of the noise in it, 0 to 0.2, white being 1.
        salt_pepper: Share of pixels that turned black or white, 0 to 0.5.
        storage: How it was stored: float, 8-bit or jpeg.
        quality: JPEG quality, 10 to 100.
        border: What lay around it: mirrored, as /blur continues a picture, or unknown, as in a photograph blurred in a camera.

    Returns:
        The restored picture.
    """
    degradation = Degradation(filter, values or {}, noise, salt_pepper, storage, _whole("quality", quality), border=border)
    return to_bytes(RESTORERS[restorer].restore(_read(picture), degradation, **(settings or {})))


def compare(
    picture: Path, filter: str, values: dict, noise: float, salt_pepper: float, storage: str, quality: float, seed: float
) -> list[dict]:
    """Blur a sharp picture and restore it with every restorer.

    Args:
        picture: The sharp picture, PNG, JPEG, WebP, BMP, GIF or TIFF; reduced to 4096 px a side.
        filter: gaussian, average, median, bilateral, motion or defocus.
        values: The filter's parameters by name, such as {"size": 5}; the others keep their default.
        noise: Standard deviation of Gaussian noise, 0 to 0.2, white being 1.
        salt_pepper: Share of pixels that turn black or white, 0 to 0.5.
        storage: float, 8-bit or jpeg.
        quality: JPEG quality, 10 to 100.
        seed: Of the noise.

    Returns:
        One entry per restorer with psnr in dB, ssim, error in %, residual in grey levels and milliseconds, or the reason why it refused.
    """
    sharp = _read(picture)
    degradation = Degradation(filter, values or {}, noise, salt_pepper, storage, _whole("quality", quality))
    entries = compare_restorers(degradation.apply(sharp, _whole("seed", seed)), degradation, sharp)
    return [
        {"name": entry.name, "refused": str(entry.reason)}
        if entry.scores is None
        else {
            "name": entry.name,
            "psnr": entry.scores.psnr if isfinite(entry.scores.psnr) else None,
            "ssim": entry.scores.ssim,
            "error": entry.scores.error,
            "residual": entry.residual,
            "milliseconds": entry.milliseconds,
        }
        for entry in entries
    ]


def explain(picture: Path, filter: str, values: dict, row: float, column: float, channel: float | None = None) -> dict:
    """Show the arithmetic that made one pixel of the blurred picture, as 8 bits store it, before any noise.

    Args:
        picture: The sharp picture, PNG, JPEG, WebP, BMP, GIF or TIFF; reduced to 4096 px a side.
        filter: gaussian, average, median, bilateral, motion or defocus.
        values: The filter's parameters by name, such as {"size": 5}; the others keep their default.
        row: The pixel's row, 0 at the top.
        column: The pixel's column, 0 at the left.
        channel: 0 red, 1 green or 2 blue of a picture in colour; leave it out for a grey one.

    Returns:
        sentence; total, its stored level and what the filter stored; window, weights and products in grey levels, or the median's sorted strip.
    """
    sharp, degradation = _read(picture), Degradation(filter, values or {})
    place = _whole("row", row), _whole("column", column), None if channel is None else _whole("channel", channel)
    made = pixel.explain(sharp, degradation, *place)
    was = to_bytes(sharp)[made.row, made.column]
    numbers = {field.name: _plain(getattr(made, field.name)) for field in fields(made)}
    return {"sentence": inside.sentence(made, was, load_texts(LANGUAGES[0])), "agrees": made.agrees, **numbers}


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def estimate(picture: Path) -> list[dict]:
    """Estimate which blur a picture suffered, from the blurred picture alone.

    Args:
        picture: The blurred picture, PNG, JPEG, WebP, BMP, GIF or TIFF; reduced to 4096 px a side.

    Returns:
        One guess per filter, and one with the filter null: not blurred, so that there is nothing for /restore. Likeliest first: filter, values, noise, storage and confidence; the
        confidences sum to 1.
    """
    guesses = [(guess.degradation, guess.confidence) for guess in estimate_blur(_read(picture))]
    return [
        {"filter": found.blur if found.blurs else None, "values": dict(found.values), "noise": found.noise, "storage": found.storage, "confidence": confidence}
        for found, confidence in guesses
    ]


def build() -> None:
    """Publish the endpoints on hidden components of the current Blocks."""

    def picture() -> PictureUpload:
        return PictureUpload(label="picture")

    def filtered() -> list[gr.components.Component]:
        return [gr.Radio([*BLURS], value="gaussian", label="filter"), gr.JSON({}, label="values")]

    def known() -> list[gr.components.Component]:
        return [
            *filtered(),
            gr.Number(NOISE.default, label="noise"),
            gr.Number(SALT_PEPPER.default, label="salt_pepper"),
            gr.Radio([*STORAGE.options], value=STORAGE.default, label="storage"),
            gr.Number(QUALITY.default, label="quality"),
        ]

    with gr.Row(visible=False):
        restorer = [gr.Radio([*RESTORERS], value="wiener", label="restorer"), gr.JSON({}, label="settings")]
        place = [gr.Number(0, label="row"), gr.Number(0, label="column"), gr.Number(None, label="channel")]
        endpoints = (
            (blur, [picture(), *known(), gr.Number(0, label="seed")], gr.Image(format="png")),
            (restore, [picture(), *restorer, *known(), gr.Radio([*BORDERS], value=MIRRORED, label="border")], gr.Image(format="png")),
            (compare, [picture(), *known(), gr.Number(0, label="seed")], gr.JSON()),
            (explain, [picture(), *filtered(), *place], gr.JSON()),
            (estimate, [picture()], gr.JSON()),
        )
        for function, inputs, output in endpoints:
            gr.Button(visible=False).click(
                told(function), inputs, output, api_name=function.__name__, concurrency_limit=1, concurrency_id="heavy"
            )


def told(function):  # type: ignore[no-untyped-def]
    """The same function, with a refusal turned into the one sentence that a client gets to see."""

    @wraps(function)
    def answered(*values: object) -> Bytes | list[dict] | dict:
        try:
            return function(*values)
        except InputError as refusal:
            raise gr.Error(str(refusal), print_exception=False) from refusal

    return answered
