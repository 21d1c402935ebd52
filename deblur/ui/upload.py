"""A visitor's own picture: read safely, reduced to a stated size, and refused with a sentence where it cannot be used."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal

from deblur.image import Picture, read_image
from deblur.reasons import InputError
from deblur.ui.texts import Texts

MAX_SIDE = 512  # px: what is kept of a picture
LIVE_SIDE = 256  # px: what all restorers can follow live on two cores
MIN_SIDE = 17  # px: every filter of the page fits into this


class PictureUpload(gr.Image):
    """An upload that hands over the file's path unopened: `read_upload` opens it."""

    is_template = True

    def preprocess(self, payload: Any) -> Path | None:  # type: ignore[override]
        return Path(payload.path or "") if payload else None


def picture_upload(texts: Texts, elem_id: str = "upload") -> PictureUpload:
    """Make the place for a visitor's picture: a file, the clipboard or the camera."""
    return PictureUpload(
        sources=["upload", "clipboard", "webcam"],
        label=texts("play.upload"),
        show_label=False,
        placeholder=texts("play.upload"),
        alt_text=texts("play.your_picture"),
        height=180,
        buttons=[],
        elem_id=elem_id,
        elem_classes="upload",
        webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}}),
    )


def upload_hint(texts: Texts, refusal: str = "", before: bool = False) -> str:
    """What can be uploaded, and why the last picture was refused, if it was, and that the one `before` it is still shown."""
    still = f" {texts('play.still')}" if before else ""
    told = f'<p class="note" role="alert">{escape(texts("play.refused"))}: {escape(refusal + still)}</p>' if refusal else ""
    return f'{told}<p class="meaning">{escape(texts("play.upload_limits", side=LIVE_SIDE, blind=MAX_SIDE))}</p>'


def require_uploaded(path: Path) -> None:
    """Refuse any file but an uploaded one: a client may name any file of the server.

    Raises:
        ValueError: The path is outside the folder of uploads.
    """
    try:
        uploaded = is_in_or_equal(path.resolve(), Path(get_upload_folder()).resolve()) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        uploaded = False
    if not uploaded:
        raise InputError("not_uploaded", "this picture was not uploaded here. Upload it through the page.")


def _reduced(path: Path) -> Picture:
    return read_image(path, MAX_SIDE, MIN_SIDE)


def read_upload(path: Path, read: Callable[[Path], Picture] = _reduced) -> Picture:
    """Read an uploaded picture, reduced to `MAX_SIDE` unless `read` does otherwise.

    Raises:
        ValueError: It was not uploaded here, is no picture, or is too large or too small.
    """
    require_uploaded(path)
    picture = read(path)
    if min(picture.shape[:2]) < MIN_SIDE:
        raise InputError(
            "upload_too_small",
            "the picture has {height}×{width} px: expected at least {needed} px on each side. Choose a larger one.",
            height=picture.shape[0],
            width=picture.shape[1],
            needed=MIN_SIDE,
        )
    return picture
