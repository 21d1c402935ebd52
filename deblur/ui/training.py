"""A training as it stands, as HTML: a sentence, its garments, its loss so far, and what it does around a point."""

from html import escape

import numpy as np

from deblur import metrics
from deblur.image import Picture
from deblur.lessons.trainer import HELD, Epoch, Recipe
from deblur.lessons.workshop import Status
from deblur.ui import maps, plots
from deblur.ui.stage import describe
from deblur.ui.texts import Texts, digits

PHONE_WIDE = (360, 180)  # px: not made smaller on a phone, so that its numbers can be read


def view(status: Status, recipe: Recipe, sharp: Picture, blurred: Picture, seconds: float, texts: Texts) -> str:
    """A training as it stands, as HTML.

    Args:
        status: Where it stands.
        recipe: What is trained.
        sharp, blurred: The garments that are shown, (N, H, W).
        seconds: What one training may take.
        texts: Of the page's language.
    """
    last = status.epochs[-1] if status.epochs else None
    stands = f'data-epoch="{last.number if last else ""}" data-ahead="{status.ahead}" data-ending="{status.ending or ""}"'
    drawn = f'<div class="learned">{curve(status.epochs, recipe, texts)}{kernel(last, recipe, texts)}</div>' if last else ""
    return (
        f'<div class="training" {stands}><p class="verdict" role="status">{escape(finding(status, recipe, seconds, texts))}</p>'
        f'<p class="meaning">{escape(texts("train.taught", what=describe(recipe.degradation, texts)))}</p>'
        f'<div class="lesson">{garments(sharp, blurred, last, texts)}{drawn}</div></div>'
    )


def finding(status: Status, recipe: Recipe, seconds: float, texts: Texts) -> str:
    """Where it stands in one or two sentences, with the numbers of the last epoch."""
    if status.ahead:
        return texts("train.waiting", ahead=status.ahead, seconds=f"{seconds:g}")
    last = status.epochs[-1] if status.epochs else None
    if status.ending and not (last and last.number):
        return texts(f"train.nothing.{status.ending}")
    if last is None:
        return texts("train.starting", garments=recipe.options["garments"])
    fields: dict[str, object] = {
        "epoch": last.number,
        "epochs": recipe.options["epochs"],
        "seconds": digits(last.seconds, 2),
        "error": digits(last.held.error),
        "untouched": digits(last.untouched.error),
        "count": HELD,
    }
    if last.number == 0:
        told = texts("train.born", **fields)
    elif last.held.error < last.untouched.error:
        told = texts("train.better", share=digits(100 * (1 - last.held.error / last.untouched.error)), **fields)
    else:
        told = texts("train.worse", **fields)
    return f"{told} {texts(f'train.ending.{status.ending}', **{**fields, 'seconds': f'{seconds:g}'})}" if status.ending else told


def garments(sharp: Picture, blurred: Picture, last: Epoch | None, texts: Texts) -> str:
    """Each garment in a row: sharp, blurred, restored after the last epoch, with what that is worth."""
    cells = "".join(f'<span class="name {role}">{escape(texts(f"role.{role}"))}</span>' for role in ("sharp", "blurred", "restored"))
    for place, (truth, spoilt) in enumerate(zip(sharp, blurred, strict=True), 1):
        restored = last.restored[place - 1] if last else None
        cells += _cell("sharp", truth, None, place, texts) + _cell("blurred", spoilt, truth, place, texts)
        cells += '<div class="frame small empty"></div>' if restored is None else _cell("restored", restored, truth, place, texts)
    return f'<div class="garment-rows">{cells}</div>'


def _cell(role: str, picture: Picture, truth: Picture | None, place: int, texts: Texts) -> str:
    alt = f"{texts(f'role.{role}')} {place}"
    if truth is None:
        return f"<div>{maps.small(picture, alt)}</div>"
    reached = metrics.psnr(picture, truth)
    written = texts("numbers.identical") if np.isinf(reached) else f"{digits(reached)} dB"
    return f"<div>{maps.small(picture, alt)}<b>{escape(written)}</b></div>"


def curve(epochs: tuple[Epoch, ...], recipe: Recipe, texts: Texts) -> str:
    """The loss after each epoch on a logarithmic scale, of garments trained on and held back, and of doing nothing."""
    length, nothing = int(recipe.options["epochs"]), epochs[0].untouched.loss
    numbers = np.array([epoch.number for epoch in epochs])
    held = np.log10([max(epoch.held.loss, 1e-9) for epoch in epochs])
    own = np.log10([max(epoch.loss, 1e-9) for epoch in epochs if epoch.loss is not None])
    idle = np.log10(max(nothing, 1e-9))
    levels = np.concatenate([held, own, [idle]])
    low, high = float(levels.min()) - 0.08, float(levels.max()) + 0.08
    lines = [
        plots.Line(np.array([0, length]), np.array([idle, idle]), "blurred", texts("train.curve.nothing")),
        plots.Line(numbers[1:], own, "restored", texts("train.curve.own")),
        plots.Line(numbers, held, "held", texts("train.curve.held")),
    ]
    title = texts("train.curve.title", loss=texts(f"train.loss.options.{recipe.options['loss']}"))
    ends = {0.0: "0", float(length): texts("train.curve.epochs", epochs=length)}
    drawn = plots.plot(lines, title, (0, length), (low, high), ends, _marks(low, high), size=PHONE_WIDE)
    return f'<figure class="map"><figcaption>{escape(title)}</figcaption>{drawn}</figure>'


def _marks(low: float, high: float) -> dict[float, str]:
    """Round numbers between two powers of ten, few enough to be read."""
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    marks: dict[float, str] = {}
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
        marks = {
            place: digits(step * 10.0**power) for power in powers for step in steps if low <= (place := float(np.log10(step) + power)) <= high
        }
        if len(marks) >= 2:
            break
    return marks


def kernel(last: Epoch, recipe: Recipe, texts: Texts) -> str:
    """What the network does around a point, as a signed map."""
    rows, columns = last.response.shape
    count = sum(weight.size for weight in last.weights)
    which = "one" if recipe.options["activation"] == "none" else "many"
    told = texts(f"train.kernel.{which}", count=f"{count:,}".replace(",", "\u202f"), rows=rows, columns=columns, row=last.place[0], column=last.place[1])
    return maps.signed(last.response, told, unit=1)
