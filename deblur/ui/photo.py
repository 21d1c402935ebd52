"""The Photo tab: the visitor's photograph at full size, restored in the background, with a slider between before and after."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from deblur.compare import residual
from deblur.estimate import estimate, likeliest_blur
from deblur.image import Picture, image_size, write_image
from deblur.photo import LIMIT, psnr_by_colour, read_photo, restore_by_colour, telling_part
from deblur.reasons import InputError
from deblur.restore import RESTORERS
from deblur.ui.controls import Controls
from deblur.ui.stage import SEED, cause, estimates
from deblur.ui.state import State, default_restorer
from deblur.ui.texts import Texts, digits, signed
from deblur.ui.upload import picture_upload, read_upload

BLURRED, SHARP = "blurred", "sharp"
MEGA = 1_000_000

# The slider lies over the picture, so that mouse, touch and keyboard all move the edge between before and after. A result grows pale once the photograph or
# the settings have been changed, by hand or by an event that says so.
_SLIDE = """
element.addEventListener('input', event => {
  if (event.target.type === 'range') event.target.closest('.both').style.setProperty('--split', event.target.value + '%');
});
element.addEventListener('click', event => {
  const button = event.target.closest('button[aria-pressed]');
  if (!button) return;
  const whole = element.querySelector('.before-after').classList.toggle('actual');
  button.setAttribute('aria-pressed', whole);
  const view = element.querySelector('.before-after');
  view.scrollTo((view.scrollWidth - view.clientWidth) / 2, (view.scrollHeight - view.clientHeight) / 2);
});
let changed = false;
const mark = () => element.querySelector('.before-after')?.classList.toggle('stale', changed);
const change = () => { changed = true; mark(); };
document.addEventListener('input', event => { if (event.target.closest('#photo') && !element.contains(event.target)) change(); });
document.addEventListener('photochange', change);
document.addEventListener('click', event => { if (event.target.closest('#photo-start')) changed = false; });
watch('value', mark);
"""
# The seconds go on between two steps of the work; they are not read out.
_CLOCK = """
let since = performance.now();
watch('value', () => { since = performance.now(); });
setInterval(() => {
  const spent = element.querySelector('[data-spent]');
  if (spent) spent.textContent = spent.dataset.text.replace('%', Math.round(Number(spent.dataset.spent) + (performance.now() - since) / 1000));
}, 1000);
"""
_CHANGED = "() => { document.dispatchEvent(new Event('photochange')); }"
_ESTIMATED = "found => { if (found.includes('<ol')) document.dispatchEvent(new Event('photochange')); }"


def before_after(before: str, after: str, shape: tuple[int, ...], texts: Texts, first: str) -> str:
    """Two pictures of one shape over each other, with the handle between them.

    Args:
        before, after: Their addresses.
        shape: (H, W) or (H, W, 3).
        texts: Of the page's language.
        first: What the picture on the left is.
    """
    height, width = shape[:2]
    return (
        f'<div class="before-after" style="--w:{width};--h:{height}"><div class="both" style="--split:50%">'
        f'<img width="{width}" height="{height}" src="{after}" alt="{escape(texts("photo.after"))}"><img class="first" src="{before}" alt="{escape(first)}">'
        f'<span class="tag left">{escape(first)}</span><span class="tag right">{escape(texts("photo.after"))}</span><span class="handle"></span>'
        f'<input type="range" min="0" max="100" step="0.5" value="50" aria-label="{escape(texts("photo.handle"))}"></div></div>'
        f'<button type="button" aria-pressed="false">{escape(texts("photo.actual"))}</button>'
    )


def arrival(path: Path, texts: Texts) -> str:
    """What was uploaded, and what happens to it if it is above the limit.

    Raises:
        ValueError: It cannot be used.
    """
    read_upload(path)  # refuses what is no picture before anything large is done
    height, width = image_size(path)
    fields = {"width": width, "height": height, "megapixels": digits(width * height / MEGA), "limit": digits(LIMIT / MEGA, 2)}
    return texts("photo.too_many" if width * height > LIMIT else "photo.arrived", **fields)


def work(path: Path, mode: str, state: State, texts: Texts, keep: gr.DownloadButton) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Restore a photograph and yield, step by step: what is happening, and at last the view and the addresses of a PNG and a JPEG.

    Args:
        path: Of the upload.
        mode: `BLURRED` if it came so, `SHARP` if it is blurred first.
        state: Degradation and restorer.
        texts: Of the page's language.
        keep: The component whose files the results are.

    Raises:
        ValueError: The picture or the settings are refused.
    """
    started = time.perf_counter()
    yield _progress(0.02, texts("photo.reading"), started, texts), None, None, None
    given = read_upload(path, read_photo)
    degradation = state.degradation if mode == SHARP else state.suffered
    if mode == SHARP:
        yield _progress(0.06, texts("photo.blurring"), started, texts), None, None, None
    blurred = degradation.apply(given, SEED) if mode == SHARP else given
    computing = time.perf_counter()
    restored, at_work = blurred, texts(f"restorer.{state.restorer}.label")
    for step in restore_by_colour(blurred, degradation, state.restorer, **state.own):
        done, count, restored = step
        yield _progress(0.1 + 0.8 * done / count, texts("photo.restoring", restorer=at_work, done=done, count=count), started, texts), None, None, None
    seconds = time.perf_counter() - computing
    yield _progress(0.92, texts("photo.writing"), started, texts), None, None, None
    before, after, png = _files(blurred, restored, path.stem, keep)
    view = before_after(_address(before), _address(after), given.shape, texts, texts("photo.before" if mode == BLURRED else "photo.before_blurred"))
    view += f'<p class="note again" role="status" data-made="{time.time_ns()}">{escape(texts("photo.again"))}</p>'
    yield finding(given if mode == SHARP else None, blurred, restored, state, seconds, texts), view, png, after


def finding(sharp: Picture | None, blurred: Picture, restored: Picture, state: State, seconds: float, texts: Texts) -> str:
    """What was done, how long it took, and what can be said of the result, in a sentence."""
    degradation = state.degradation if sharp is not None else state.suffered
    fields: dict[str, object] = {
        "width": blurred.shape[1],
        "height": blurred.shape[0],
        "megapixels": digits(blurred.shape[0] * blurred.shape[1] / MEGA),
        "restorer": texts(f"restorer.{state.restorer}.label"),
        "cause": cause(degradation, texts),
        "seconds": digits(seconds, 2),
    }
    if sharp is None:
        return _said(texts("photo.done", residual=digits(residual(restored, blurred, degradation), 2), **fields))
    before, after = psnr_by_colour(blurred, sharp), psnr_by_colour(restored, sharp)
    gain = 0.0 if before == after else after - before
    return _said(texts("photo.done_sharp", before=digits(before), after=digits(after), gain=signed(gain), **fields))


def _said(sentence: str, kind: str = "verdict") -> str:
    return f'<p class="{kind}" role="status">{escape(sentence)}</p>'


def _progress(share: float, what: str, started: float, texts: Texts) -> str:
    seconds = f"{time.perf_counter() - started:.0f}"
    clock = f'<span aria-hidden="true" data-spent="{seconds}" data-text="{escape(texts("photo.spent", seconds="%"))}">{escape(texts("photo.spent", seconds=seconds))}</span>'
    return f'<div class="progress" role="status"><progress max="1" value="{share:.2f}"></progress> {escape(what)} {clock}</div>'


def _files(blurred: Picture, restored: Picture, name: str, keep: gr.DownloadButton) -> tuple[str, str, str]:
    """Write the pictures where the page can serve them and deletes them later; paths of before, after and after as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        names = {f"{name}-before.jpg": blurred, f"{name}-restored.jpg": restored, f"{name}-restored.png": restored}
        paths = []
        for file, picture in names.items():
            write_image(Path(folder) / file, picture)
            paths.append(str(keep.move_resource_to_block_cache(Path(folder) / file)))
    return paths[0], paths[1], paths[2]


def _address(path: str) -> str:
    return f"./gradio_api/file={quote(path)}"


def build(texts: Texts, tab: gr.Tab, play: Controls) -> None:
    """Lay out the tab inside the current Blocks; its controls are its own, and start as those of the Play tab stand."""
    controls = Controls(texts, scope="photo-control")
    gr.HTML(
        f'<h2 class="question">{escape(texts("photo.question"))}</h2><p class="meaning">{escape(texts("photo.hint", limit=digits(LIMIT / MEGA, 2)))}</p>',
        apply_default_css=False,
    )
    with gr.Row(elem_id="photo", equal_height=False):
        with gr.Column(scale=14, min_width=320, elem_id="photo-pictures"):
            mode = gr.Radio(
                [(texts("photo.mode.blurred"), BLURRED), (texts("photo.mode.sharp"), SHARP)],
                value=BLURRED,
                label=texts("play.picture"),
                show_label=False,
                container=False,
                elem_id="photo-mode",
                elem_classes=["chips", "strong"],
            )
            upload = picture_upload(texts, "photo-upload")
            told = gr.HTML("", elem_id="photo-told", apply_default_css=False)
            with gr.Row(elem_id="photo-buttons"):
                start = gr.Button(texts("photo.start"), variant="primary", interactive=False, elem_id="photo-start", size="md")
                stop = gr.Button(texts("photo.stop"), visible=False, elem_id="photo-stop", size="md")
            status = gr.HTML("", js_on_load=_CLOCK, elem_id="photo-status", apply_default_css=False)
            shown = gr.HTML("", js_on_load=_SLIDE, elem_id="photo-shown", apply_default_css=False)
            with gr.Row(visible=False, elem_id="photo-keep") as files:
                png = gr.DownloadButton(texts("photo.png"), elem_id="photo-png", size="sm")
                jpeg = gr.DownloadButton(texts("photo.jpeg"), elem_id="photo-jpeg", size="sm")
        with gr.Column(scale=5, min_width=320, elem_id="photo-controls"):
            with gr.Column(elem_classes=["card", "blurred"]):
                heading = gr.HTML(f"<h2>{texts('photo.blur')}</h2>")
                guess = gr.Button(texts("photo.estimate"), interactive=False, elem_id="photo-estimate", size="sm")
                guesses = gr.HTML("", elem_id="photo-guesses", apply_default_css=False)
                controls.blur()
                with gr.Accordion(texts("play.noise_and_storage"), open=False):
                    controls.after_blur()
            with gr.Column(elem_classes=["card", "restored"]):
                gr.HTML(f"<h2>{texts('play.restore')}</h2>")
                controls.restorer(default_restorer())
    followed = gr.State("")
    components, groups = list(controls.by_key.values()), list(controls.groups.values())

    def settings(state: State) -> list[Any]:
        fields, visible = state.fields(), controls.visible(state)
        values = [gr.update(value=fields[key]) if key in fields else gr.skip() for key in controls.by_key]
        return [*values, *(gr.update(visible=visible[name]) for name in controls.groups)]

    def fold(*values: object) -> list[Any]:
        visible = controls.visible(controls.state(values))
        return [gr.update(visible=visible[name]) for name in controls.groups]

    def follow(seen: str, *values: object) -> list[Any]:
        """Take over what the Play tab says, unless that is as it was: then the controls here stand as they were left."""
        state = play.state(values)
        if state.restorer not in RESTORERS:  # a visitor's own network knows garments alone
            state = replace(state, restorer=default_restorer(), own={}, trained=None)
        if state.query() == seen:
            return [gr.skip()] * (len(components) + len(groups) + 1)
        return [*settings(state), state.query()]

    def guessed(path: Path | None, *values: object) -> list[Any]:
        untouched = [gr.skip()] * (len(components) + len(groups))
        try:
            assert path is not None, "the button is off without a photograph"
            found = estimate(telling_part(read_upload(path, read_photo)))
        except InputError as refusal:
            return [*untouched, _said(texts.reason(refusal.reason), "note")]
        return [*settings(controls.state(values).with_degradation(likeliest_blur(found))), estimates(found, texts)]

    def arrived(path: Path | None, chosen: str) -> list[Any]:
        """What can be done with a photograph that has come; what was estimated of the one before is no longer said."""
        nothing = [gr.update(interactive=False), gr.update(interactive=False), ""]
        if path is None:
            return ["", *nothing]
        try:
            return [_said(arrival(path, texts), "note"), gr.update(interactive=True), gr.update(interactive=chosen == BLURRED), ""]
        except InputError as refusal:
            return [_said(texts.reason(refusal.reason), "note"), *nothing]

    def switched(path: Path | None, chosen: str) -> list[Any]:
        blurred = chosen == BLURRED
        title, label = texts("photo.blur" if blurred else "photo.blur_first"), texts("photo.start" if blurred else "photo.start_sharp")
        return [gr.update(interactive=blurred and path is not None, visible=blurred), gr.update(visible=blurred), f"<h2>{title}</h2>", gr.update(value=label)]

    def unchanged(why: str, before: str | None) -> str:
        return _said(f"{why} {texts('photo.still')}" if before else why, "note")

    def run(path: Path | None, chosen: str, before: str | None, *values: object) -> Iterator[list[Any]]:
        resting = [gr.update(visible=True), gr.update(visible=False)]
        try:
            assert path is not None, "the button is off without a photograph"
            for said, view, as_png, as_jpeg in work(path, chosen, controls.state(values), texts, png):
                if view is None:
                    yield [said, *[gr.skip()] * 6]
                else:
                    yield [said, view, *resting, gr.update(visible=True), as_png, as_jpeg]
        except InputError as refusal:
            yield [unchanged(texts.reason(refusal.reason), before), gr.skip(), *resting, gr.skip(), gr.skip(), gr.skip()]

    quick: dict[str, Any] = {"queue": False, "trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    heavy: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": 1, "concurrency_id": "heavy", "api_visibility": "private"}
    for event in (upload.change, followed.change):
        event(None, None, None, js=_CHANGED, trigger_mode="multiple", api_visibility="private")
    guesses.change(None, guesses, None, js=_ESTIMATED, trigger_mode="multiple", api_visibility="private")
    tab.select(follow, [followed, *play.by_key.values()], [*components, *groups, followed], **quick)
    gr.on([controls.by_key[key].input for key in ("blur", "restorer", "storage")], fold, components, groups, **quick)
    upload.change(arrived, [upload, mode], [told, start, guess, guesses], show_progress="hidden", api_visibility="private")
    mode.input(switched, [upload, mode], [guess, guesses, heading, start], **quick)
    guess.click(guessed, [upload, *components], [*components, *groups, guesses], **(heavy | {"show_progress": "minimal", "show_progress_on": guesses}))
    working = start.click(  # said at once: the work itself may stand in line
        lambda: [_said(texts("photo.line"), "note"), gr.update(visible=False), gr.update(visible=True)], None, [status, start, stop], **quick
    ).then(run, [upload, mode, shown, *components], [status, shown, start, stop, files, png, jpeg], **heavy)
    stop.click(
        lambda before: [unchanged(texts("photo.stopped"), before), gr.update(visible=True), gr.update(visible=False)],
        shown,
        [status, start, stop],
        cancels=[working],
        **quick,
    )
