"""The whole page, once for every language: `build()` returns the Gradio app."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from deblur import restore
from deblur.estimate import estimate
from deblur.lessons.workshop import Workshop
from deblur.ui import api, bench, inside, lessons, lost, network, photo, play, results, shake, train
from deblur.ui.texts import LANGUAGES, Texts, load_texts

STYLE = Path(__file__).parent / "style.css"

# A visitor who copies the link shares exactly what is on the screen.
_SHARE = """
element.addEventListener('click', async event => {
  const button = event.target.closest('.share');
  if (!button) return;
  try { await navigator.clipboard.writeText(location.href); } catch { prompt(button.dataset.label, location.href); return; }
  const before = button.textContent;
  const yours = document.querySelector('#stage [data-source=yours]');
  button.textContent = yours ? button.dataset.doneYours : button.dataset.done;
  setTimeout(() => { button.textContent = before; }, 3500);
});
document.documentElement.lang = element.querySelector('header').lang;
// A number typed beside a slider snaps to the closest one that the slider can take.
document.addEventListener('change', event => {
  const box = event.target, range = box.closest('[id*=control-], [id^=mystery-], [id^=match-]')?.querySelector('input[type=range]');
  if (box.type !== 'number' || !range) return;
  const low = Number(range.min), high = Number(range.max), step = Number(range.step);
  const typed = box.value === '' ? low : Math.min(Math.max(Number(box.value), low), high);
  const snapped = String(Number((low + Math.floor((typed - low) / step + 0.5) * step).toFixed(6)));
  if (snapped === box.value) return;
  box.value = snapped;
  box.dispatchEvent(new Event('input', { bubbles: true }));
});
element.querySelectorAll('.language a').forEach(link => link.addEventListener('click', () => { link.href = link.getAttribute('href').split('?')[0] + location.search; }));
"""


# Gradio also selects the first tab by itself, before the link is read; that is no choice of the visitor's.
_WRITE_TAB = "() => { if (!window.linkRead) return; const address = new URL(location.href); address.searchParams.set('tab', '%s'); history.replaceState(history.state, '', address); }"

_OPEN_TAB = """() => {
  const asked = new URLSearchParams(location.search).get('tab');
  window.linkRead = true;
  if (asked) document.querySelector('[role=tablist]').querySelector(`[data-tab-id="${CSS.escape(asked)}"]`)?.click();
}"""

# Gradio keeps a style sheet of ours inside its own margins; these are outside.
_PHONE_MARGINS = "<style>@media (max-width: 700px) { .main.fillable.app { padding: 10px 12px !important; } }</style>"


def theme() -> gr.themes.Base:
    """Calm, with the system's own fonts: no request leaves for one."""
    return gr.themes.Base(
        primary_hue="emerald",
        neutral_hue="slate",
        radius_size="md",
        text_size="md",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )


def build() -> gr.Blocks:
    """Build the page: English at the root, every other language under its code."""
    workshop = Workshop()  # one for all visitors, whatever their language
    with gr.Blocks(title="Deblur playground", analytics_enabled=False, delete_cache=(600, 3600)) as demo:
        _content(load_texts(LANGUAGES[0]), workshop)
        api.build()
    for language in LANGUAGES[1:]:
        texts = load_texts(language)
        with demo.route(texts("language.own_name"), language, show_in_navbar=False):
            _content(texts, workshop)
    return demo


def warm_up() -> None:
    """Compute everything once that is slow the first time, so that no visitor waits for it: networks, and what the estimate knows."""
    restore.warm_up()
    grain = np.random.default_rng(0).random((96, 96), np.float32)
    for side in (28, 96):  # a garment and a photograph
        estimate(grain[:side, :side])


def launch_options() -> dict[str, Any]:
    """What `launch` gets wherever the page runs: nothing is stored in the visitor's browser, nothing leaves the server."""
    return {
        "theme": theme(),
        "css_paths": [STYLE],
        "run_history": False,
        "mcp_server": True,
        "ssr_mode": False,
        "show_error": False,
        "max_file_size": "20mb",
        "enable_monitoring": False,
        "state_session_capacity": 200,
        "footer_links": ["api"],
        "head": _PHONE_MARGINS,
        "favicon_path": Path(__file__).parent / "favicon.svg",
    }


def _content(texts: Texts, workshop: Workshop) -> None:
    links = "".join(
        f'<a href="{"./" if language == LANGUAGES[0] else language}" lang="{language}"{" aria-current=page" if language == texts.language else ""}>'
        f"{load_texts(language)('language.own_name')}</a>"
        for language in LANGUAGES
    )
    gr.HTML(
        "",
        html_template=f'<header class="head" lang="{texts.language}"><div><h1>Deblur playground <span>{texts("page.question")}</span></h1><p>{texts("page.first_step")}</p></div>'
        f'<nav><span class="language">{links}</span><button type="button" class="share" data-label="{texts("page.share")}" '
        f'data-done="{texts("page.shared")}" data-done-yours="{texts("page.shared_yours")}">{texts("page.share")}</button></nav></header>',
        js_on_load=_SHARE,
        elem_id="head",
        apply_default_css=False,
    )
    with gr.Tabs(overflow_behavior="wrap") as tabs:
        with _tab(texts("tab.play"), "play") as play_tab:
            place_mark = lessons.build_place()
            controls, picture, opened = play.build(texts)
        with _tab(texts("tab.photo"), "photo-tab") as tab:
            photo.build(texts, tab, controls)
        with _tab(texts("tab.inside"), "inside") as tab, gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(texts("inside.tab.pixel"), id="pixel") as pixel:
                inside.build(texts, [tab, pixel], controls, picture)
            with gr.Tab(texts("net.tab"), id="network") as network_tab:
                network.build(texts, network_tab, tab, controls, picture)
            with gr.Tab(texts("bench.tab"), id="bench-tab"):
                bench.build(texts, controls)
        with _tab(texts("tab.lost"), "lost-tab") as tab:
            lost.build(texts, tab, controls, picture)
        with _tab(texts("shake.tab"), "shake-tab"):
            shake.build(texts, controls, picture)
        with _tab(texts("lessons.tab"), "lessons") as tab:
            lessons.build(texts, tabs, play_tab, tab, place_mark, controls)
        with _tab(texts("tab.train"), "train-tab") as tab:
            train.build(texts, tab, tabs, controls, workshop)
        with _tab(texts("tab.results"), "results"):
            results.build(texts)
    opened.then(None, None, None, js=_OPEN_TAB, api_visibility="private")  # once the controls stand as the link says


def _tab(label: str, name: str) -> gr.Tab:
    """A tab with an address, `?tab=` with its name, written before any other listener to its choice is asked: Gradio waits for each."""
    tab = gr.Tab(label, id=name)
    tab.select(None, None, None, js=_WRITE_TAB % name, api_visibility="private")
    return tab
