"""The three pictures with their numbers, the PSF and its frequency response, as HTML. Pictures travel inside it."""

from collections.abc import Sequence
from html import escape

import numpy as np

from deblur.compare import NOTHING, TRUTH, Entry
from deblur.image import Picture, to_bytes
from deblur.kernels import Psf, horizontal_response
from deblur.metrics import Scores
from deblur.ui import maps, plots
from deblur.ui.texts import Texts, digits, signed

ROLES = ("sharp", "blurred", "restored")
NUMBERED_PSF = 5  # PSFs up to this side show their weights as numbers


# A click says which pixel it met; the arrow keys step from the marked one.
PICK = """
const pick = (row, column) => trigger('pick', { row, column });
element.addEventListener('click', event => {
  const picture = event.target.closest('.markable img');
  if (!picture) return;
  const box = picture.getBoundingClientRect();
  pick(Math.floor((event.clientY - box.top) / box.height * picture.naturalHeight),
       Math.floor((event.clientX - box.left) / box.width * picture.naturalWidth));
});
element.addEventListener('keydown', event => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const place = element.querySelector('[data-row]');
  if (!step || !place || !event.target.closest('.markable')) return;
  event.preventDefault();
  pick(Number(place.dataset.row) + step[0], Number(place.dataset.column) + step[1]);
});
"""


def _picture(picture: Picture, alt: str) -> str:
    """The picture itself, with a link that saves it."""
    height, width = picture.shape[:2]
    address = maps.data_uri(picture)
    suffix = "png" if address.startswith("data:image/png") else "jpg"
    link = f'<a class="keep" download="picture.{suffix}" href="{address}" title="↓" aria-label="↓ {escape(alt)}">↓</a>'
    return maps.image(address, picture.shape, f"{alt}, {width}×{height}") + link


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


def veiled_panel(role: str, texts: Texts, caption: str) -> str:
    """A picture that is kept back until somebody asks for it; neither it nor its numbers are in the page."""
    inside = f'<p class="instead">{escape(texts("lessons.veiled"))}<button type="button" class="unveil">{escape(texts("lessons.unveil"))}</button></p>'
    return (
        f'<figure class="panel {role} veiled"><figcaption><span class="name">{texts(f"role.{role}")}</span> <span class="what">{escape(caption)}</span></figcaption>'
        f'<div class="frame">{inside}</div></figure>'
    )


def marked_panel(role: str, picture: Picture, place: tuple[int, int], texts: Texts, caption: str) -> str:
    """One picture with a pixel marked and its value, to be clicked."""
    title, (row, column), (height, width) = texts(f"role.{role}"), place, picture.shape[:2]
    level = " ".join(str(value) for value in np.atleast_1d(to_bytes(picture)[row, column]))
    return (
        f'<figure class="panel {role}"><figcaption><span class="name">{title}</span> <span class="what">{escape(caption)}</span></figcaption>'
        f'<div class="frame"><span class="mark" style="--row:{row};--column:{column};--w:{width};--h:{height}">'
        f"{maps.image(maps.data_uri(picture), picture.shape, f'{title}: {caption}')}</span></div>{_definitions([(texts('inside.value'), level)])}</figure>"
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


def comparison(entries: list[Entry], texts: Texts, waiting: Sequence[str] = ()) -> str:
    """All restorers in one row, each with its picture and numbers, or the reason why it refused; those still at work by name."""
    best = max((entry.scores.psnr for entry in entries if entry.scores and entry.name not in (NOTHING, TRUTH)), default=None) if not waiting else None
    cards = ""
    for entry in [*entries, *map(Entry, waiting)]:
        title = escape(texts(f"restorer.{entry.name}.label") if entry.name not in (NOTHING, TRUTH) else texts(f"compare.{entry.name}"))
        rows: list[tuple[str, str]] = []
        if entry.name in waiting:
            inside = f'<p class="instead">{escape(texts("compare.waiting"))}</p>'
        elif entry.picture is None or entry.residual is None:
            inside = f'<p class="instead">{escape(texts.reason(entry.reason)) if entry.reason else ""}</p>'
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
    return f'<div class="compare" aria-busy="{str(bool(waiting)).lower()}">{cards}</div><p class="meaning">{escape(texts("compare.explained"))}</p>'


def psf_card(psf: Psf | None, texts: Texts) -> str:
    """The PSF, drawn pixel by pixel, and what share of each horizontal frequency passes; or why there is none."""
    if psf is None:
        return f'<div class="psf none"><p>{escape(texts("psf.none"))}</p></div>'
    rows, columns = psf.shape
    framed = np.pad(psf / psf.max(), 1).astype(np.float32)  # in black, so that a plain average is seen to end
    weights = maps.numbered(psf) if max(rows, columns) <= NUMBERED_PSF else maps.small(framed, texts("psf.alt"))
    caption = texts("psf.caption", rows=rows, columns=columns, largest=digits(float(psf.max())))
    return (
        f'<div class="psf"><figure>{weights}<figcaption>{escape(caption)}</figcaption></figure>'
        f"<figure>{_response(psf, texts)}<figcaption>{escape(texts('psf.passes'))}</figcaption></figure></div>"
    )


def _response(psf: Psf, texts: Texts) -> str:
    shares = np.abs(horizontal_response(psf, 64))
    line = plots.Line(np.linspace(0, 1, len(shares)), shares)
    ends = {0.0: texts("psf.coarse"), 1.0: texts("psf.fine")}
    return plots.plot([line], texts("psf.passes_alt"), (0, 1), (0, 1), ends, {0.0: "0", 1.0: "1"}, size=(150, 96))
