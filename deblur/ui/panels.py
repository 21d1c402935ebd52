"""The three pictures with their numbers, the PSF and its frequency response, as HTML. Pictures travel inside it."""

import base64
from html import escape

import numpy as np

from deblur.compare import NOTHING, TRUTH, Entry
from deblur.image import Picture, encode_jpeg, encode_png, to_bytes
from deblur.kernels import Psf, horizontal_response
from deblur.metrics import Scores
from deblur.restore import RESTORERS
from deblur.ui.texts import Texts, digits, signed

ROLES = ("sharp", "blurred", "restored")
LOSSLESS_VALUES = 300_000  # from here on JPEG of quality 92 is what keeps the page quick
CRISP_SIDE = 200  # px: smaller pictures are shown pixel by pixel, scaled by a whole factor
NUMBERED_SIDE = 5  # PSFs up to this side show their weights as numbers


def data_uri(picture: Picture) -> str:
    """The picture as it is, as a data: address."""
    levels = to_bytes(picture)
    kind, data = ("png", encode_png(levels)) if levels.size < LOSSLESS_VALUES else ("jpeg", encode_jpeg(levels))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _picture(picture: Picture, alt: str) -> str:
    """The picture itself, scaled by a whole factor if it is small, with a link that saves it."""
    height, width = picture.shape[:2]
    crisp = " crisp" if max(height, width) <= CRISP_SIDE else ""
    address, alt = data_uri(picture), escape(alt)
    suffix = "png" if address.startswith("data:image/png") else "jpg"
    return (
        f'<img class="picture{crisp}" style="--w:{width};--h:{height}" width="{width}" height="{height}" alt="{alt}, {width}×{height}" '
        f'src="{address}"><a class="keep" download="picture.{suffix}" href="{address}" title="↓" aria-label="↓ {alt}">↓</a>'
    )


def _definitions(rows: list[tuple[str, str]]) -> str:
    return f'<dl class="numbers">{"".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)}</dl>'


def panel(role: str, picture: Picture | None, texts: Texts, caption: str, numbers: list[tuple[str, str]], instead: str = "") -> str:
    """One picture with its title and numbers; `instead` is a sentence that stands where there is no picture."""
    title = texts(f"role.{role}")
    inside = f'<p class="instead">{escape(instead)}</p>' if picture is None else _picture(picture, f"{title}: {caption}")
    return (
        f'<figure class="panel {role}"><figcaption><span class="name">{title}</span> <span class="what">{escape(caption)}</span></figcaption>'
        f'<div class="frame">{inside}</div>{_definitions(numbers)}</figure>'
    )


def score_rows(scores: Scores, texts: Texts, gain: float | None = None) -> list[tuple[str, str]]:
    """PSNR, SSIM and error as label and number with its unit; the PSNR of a restored picture carries its gain."""
    error = "–" if np.isinf(scores.error) else f"{digits(scores.error)} %"
    psnr = texts("numbers.identical") if np.isinf(scores.psnr) else f"{digits(scores.psnr)} dB"
    rows = [
        ("PSNR", psnr),
        ("SSIM", "–" if scores.ssim is None else digits(scores.ssim)),
        (texts("numbers.error"), error),
    ]
    if gain is not None:
        rows.append((texts("numbers.gain"), f"{signed(gain)} dB" if np.isfinite(gain) else "–"))
    return rows


def comparison(entries: list[Entry], texts: Texts) -> str:
    """All restorers in one row, each with its picture and numbers, or the reason why it refused."""
    best = max((entry.scores.psnr for entry in entries if entry.scores and entry.name not in (NOTHING, TRUTH)), default=None)
    cards = ""
    for entry in entries:
        title = escape(texts(f"restorer.{entry.name}.label") if entry.name in RESTORERS else texts(f"compare.{entry.name}"))
        if entry.picture is None or entry.residual is None:
            inside, rows = f'<p class="instead">{escape(texts.reason(entry.reason)) if entry.reason else ""}</p>', []
        else:
            inside = _picture(entry.picture, title)
            rows = score_rows(entry.scores, texts)[:2] if entry.scores else []
            rows += [(texts("compare.residual"), digits(entry.residual, 2))]
            rows += [(texts("compare.time"), "–" if entry.milliseconds is None else f"{digits(entry.milliseconds, 2)} ms")]
        role = "sharp" if entry.name == TRUTH else "blurred" if entry.name == NOTHING else "restored"
        is_best = entry.scores is not None and entry.scores.psnr == best and role == "restored"
        cards += (
            f'<figure class="panel {role}{" best" if is_best else ""}"><figcaption><span class="name">{title}</span></figcaption>'
            f'<div class="frame">{inside}</div>{_definitions(rows)}</figure>'
        )
    return f'<div class="compare">{cards}</div><p class="meaning">{escape(texts("compare.explained"))}</p>'


def psf_card(psf: Psf | None, texts: Texts) -> str:
    """The PSF, drawn pixel by pixel, and what share of each horizontal frequency passes; or why there is none."""
    if psf is None:
        return f'<div class="psf none"><p>{escape(texts("psf.none"))}</p></div>'
    rows, columns = psf.shape
    weights = _numbered(psf) if max(rows, columns) <= NUMBERED_SIDE else _shaded(psf, texts)
    caption = texts("psf.caption", rows=rows, columns=columns, largest=digits(float(psf.max())))
    return (
        f'<div class="psf"><figure>{weights}<figcaption>{escape(caption)}</figcaption></figure>'
        f"<figure>{_response(psf, texts)}<figcaption>{escape(texts('psf.passes'))}</figcaption></figure></div>"
    )


def _shaded(psf: Psf, texts: Texts) -> str:
    picture = (psf / psf.max()).astype(np.float32)
    rows, columns = psf.shape
    return (
        f'<div class="frame small"><img class="picture crisp" style="--w:{columns};--h:{rows}" width="{columns}" height="{rows}" '
        f'alt="{escape(texts("psf.alt"))}" src="{data_uri(picture)}"></div>'
    )


def _numbered(psf: Psf) -> str:
    columns = psf.shape[1]
    cells = "".join(
        f'<span style="--share:{weight / psf.max():.3f}"{" class=strong" if weight > 0.55 * psf.max() else ""}>{digits(weight)}</span>'
        for weight in psf.ravel()
    )
    return f'<div class="weights" style="--columns:{columns}">{cells}</div>'


def _response(psf: Psf, texts: Texts) -> str:
    width, height, left, bottom = 150, 96, 22, 16
    shares = np.abs(horizontal_response(psf, 64))
    across = np.linspace(left, width - 4, len(shares))
    points = " ".join(f"{x:.1f},{4 + (height - bottom - 4) * (1 - share):.1f}" for x, share in zip(across, shares, strict=True))
    floor = height - bottom
    return (
        f'<svg class="response" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(texts("psf.passes_alt"))}">'
        f'<path class="axis" d="M{left} 4V{floor}H{width - 4}"/><polyline points="{points}"/>'
        f'<text x="{left - 4}" y="9" text-anchor="end">1</text><text x="{left - 4}" y="{floor}" text-anchor="end">0</text>'
        f'<text x="{left}" y="{height - 3}">{escape(texts("psf.coarse"))}</text>'
        f'<text x="{width - 4}" y="{height - 3}" text-anchor="end">{escape(texts("psf.fine"))}</text></svg>'
    )
