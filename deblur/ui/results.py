"""The Results tab: what the thesis' networks reach, from the stored report."""

import base64
import json
from html import escape
from pathlib import Path

import gradio as gr

from deblur.cards import read_card
from deblur.degrade import Degradation
from deblur.reasons import InputError
from deblur.thesis import EXPERIMENTS
from deblur.ui.stage import describe
from deblur.ui.texts import Texts, digits

REPORTS = Path(__file__).parents[2] / "reports"


def table(texts: Texts) -> str:
    """Table 4.1 as HTML, from reports/thesis.json."""
    rows = json.loads((REPORTS / "thesis.json").read_text())["rows"]
    head = "".join(
        f"<th{' class=detail' if key in ('psnr', 'ssim') else ''}>{escape(texts(f'results.{key}'))}</th>"
        for key in ("row", "paper", "blurred", "restored", "psnr", "ssim")
    )
    body = "".join(
        f"<tr><th scope=row>{escape(texts('network.' + row['name']))}</th>"
        f"<td>{digits(row['paper_error']) if row['printed'] else '–'}</td><td>{digits(row['blurred']['error'])}</td><td>{digits(row['restored']['error'])}</td>"
        f"<td class=detail>{digits(row['blurred']['psnr'])} → {digits(row['restored']['psnr'])}</td><td class=detail>{digits(row['blurred']['ssim'])} → {digits(row['restored']['ssim'])}</td></tr>"
        for row in rows
    )
    return _report(head, body)


def universal_table(texts: Texts) -> str:
    """The universal network on the same garments as HTML, from its card, or why there is none."""
    try:
        rows = read_card("universal").figures["garments"]
    except InputError as missing:
        return f'<p class="note">{escape(texts.reason(missing.reason))}</p>'
    head = "".join(f"<th>{escape(texts(f'results.{key}'))}</th>" for key in ("row", "stored", "blurred", "restored", "harmed"))
    body = "".join(
        f"<tr><th scope=row>{escape(describe(Degradation(row['blur'], row['values']), texts))}</th>"
        f"<td>{escape(texts('after.storage.options.' + row['storage']))}</td><td>{digits(row['blurred_error'])}</td>"
        f"<td>{digits(row['error'])}</td><td>{digits(100 * row['harmed'])}</td></tr>"
        for row in rows
    )
    return _report(head, body)


def _report(head: str, body: str) -> str:
    return f'<div class="scroll"><table class="report"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def silhouette(texts: Texts) -> str:
    """What the specialist reaches, from its card."""
    try:
        figures = read_card("silhouette").figures
    except InputError as missing:
        return escape(texts.reason(missing.reason))
    return escape(texts("results.silhouette", error=digits(figures["error"]), paper=digits(figures["paper_error"])))


def build(texts: Texts) -> None:
    """Lay out the tab inside the current Blocks."""
    if not (REPORTS / "thesis.json").is_file():
        gr.Markdown(texts("results.missing"))
        return
    figures = "".join(
        f'<figure><img loading="lazy" alt="{escape(texts("figures.rows", what=texts(f"network.{name}")))}" '
        f'src="data:image/png;base64,{base64.b64encode((REPORTS / "figures" / f"{name}.png").read_bytes()).decode()}">'
        f"<figcaption>{escape(texts('figures.rows', what=texts(f'network.{name}')))}</figcaption></figure>"
        for name in EXPERIMENTS
    )
    gr.HTML(
        f'<article class="results"><h2>{texts("results.title")}</h2><p>{texts("results.intro")}</p>{table(texts)}'
        f'<p>{texts("results.lesson")}</p><p>{texts("results.traps")}</p><div class="figures">{figures}</div>'
        f"<h2>{texts('results.universal')}</h2><p>{texts('results.universal_intro')}</p>{universal_table(texts)}<p>{silhouette(texts)}</p></article>",
        apply_default_css=False,
    )
