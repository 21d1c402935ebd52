"""A visitor's own picture: read safely, reduced to a stated size, and refused with a sentence where it cannot be used."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal

from deblur.image import Picture, read_image
from deblur.reasons import InputError
from deblur.ui.texts import Texts

MAX_SIDE = 512  # px: what a slider can follow live on two cores
MIN_SIDE = 17  # px: every filter of the page fits into this


class PictureUpload(gr.Image):
    """An upload whose file is opened by `deblur.image` alone, and only if it was uploaded here."""

    is_template = True
    texts: Texts

    @classmethod
    def of(cls, texts: Texts, **more: Any) -> "PictureUpload":
        """Make the upload for a language (Gradio reads the constructor's signature, so that stays as it is)."""
        upload = cls(
            sources=["upload", "clipboard", "webcam"],
            label=texts("play.upload"),
            height=220,
            buttons=[],
            webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}}),
            **more,
        )
        upload.texts = texts
        return upload

    def preprocess(self, payload: Any) -> Picture | None:
        if payload is None:
            return None
        try:
            path = Path(payload.path or "").resolve()
            if not payload.path or not is_in_or_equal(path, Path(get_upload_folder()).resolve()):
                raise InputError("not_uploaded", "this picture was not uploaded here. Upload it through the page.")
            picture = read_image(path, MAX_SIDE)
            if min(picture.shape[:2]) < MIN_SIDE:
                raise InputError(
                    "upload_too_small",
                    "the picture has {height}×{width} px: expected at least {needed} px on each side. Choose a larger one.",
                    height=picture.shape[0],
                    width=picture.shape[1],
                    needed=MIN_SIDE,
                )
            return picture
        except InputError as refusal:
            raise gr.Error(self.texts.reason(refusal.reason), title=self.texts("play.refused"), print_exception=False) from refusal
