"""The choice of a garment: class chips, a strip of thumbnails and a dice, all on the visitor's side, so that they answer at once."""

import base64
from functools import lru_cache

import gradio as gr
import numpy as np

from deblur.data import CLASSES, COUNTS, SIDE, load_fashion_mnist
from deblur.image import encode_png
from deblur.ui.texts import Texts

PER_CLASS = 12

# The value is the picture's number as text: an empty value would read as none.
_BEHAVIOUR = """
const buttons = [...element.querySelectorAll('[data-garment]')], chips = [...element.querySelectorAll('[data-class]')];
const labels = element.querySelector('[data-labels]').dataset.labels, names = chips.map(chip => chip.dataset.class);
const choose = number => { props.value = String(number); mark(); trigger('input'); };
const open = name => {
  chips.forEach(chip => chip.setAttribute('aria-pressed', chip.dataset.class === name));
  element.querySelectorAll('.strip').forEach(strip => strip.hidden = strip.dataset.of !== name);
};
const mark = () => {
  buttons.forEach(button => button.setAttribute('aria-pressed', button.dataset.garment === String(props.value)));
  open(names[Number(labels[Number(props.value)])]);
};
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.garment) choose(button.dataset.garment);
  else if (button.dataset.class) { open(button.dataset.class); choose(element.querySelector(`.strip[data-of="${button.dataset.class}"] button`).dataset.garment); }
  else choose(Math.floor(Math.random() * Number(button.dataset.count)));
});
watch('value', mark);
mark();
"""


@lru_cache
def choices() -> dict[str, tuple[int, ...]]:
    """The first few test pictures of each class."""
    _, labels = load_fashion_mnist("test")
    return {name: tuple(int(index) for index in np.flatnonzero(labels == label)[:PER_CLASS]) for label, name in enumerate(CLASSES)}


@lru_cache
def _labels() -> str:
    """The class of every test picture, one digit each."""
    return "".join(map(str, load_fashion_mnist("test")[1]))


@lru_cache
def _sheet() -> str:
    """All thumbnails in one picture: a row per class."""
    images, _ = load_fashion_mnist("test")
    sheet = np.concatenate([np.concatenate(images[list(row)], axis=1) for row in choices().values()])
    return f"data:image/png;base64,{base64.b64encode(encode_png(sheet, compression=9)).decode()}"


def garment_picker(texts: Texts, value: int) -> gr.HTML:
    """Make the picker; its value is the number of a test picture, as text."""
    chips = "".join(f'<button type="button" data-class="{name}" aria-pressed="false">{texts(f"class.{name}")}</button>' for name in CLASSES)
    strips = ""
    for row, (name, numbers) in enumerate(choices().items()):
        thumbs = "".join(
            f'<button type="button" class="thumb" data-garment="{number}" aria-pressed="false" style="--column:{column};--row:{row}" '
            f'aria-label="{texts("play.thumbnail", what=texts(f"class.{name}"), place=column + 1, count=PER_CLASS)}"></button>'
            for column, number in enumerate(numbers)
        )
        strips += f'<div class="strip" data-of="{name}" hidden>{thumbs}</div>'
    dice = f'<button type="button" class="dice" data-count="{COUNTS["test"]}">⚄ {texts("play.dice")}</button>'
    return gr.HTML(
        str(value),
        html_template=f'<div class="picker" style="--sheet:url({_sheet()});--columns:{PER_CLASS};--rows:{len(CLASSES)};--side:{SIDE}" data-labels="{_labels()}">'
        f'<div class="classes">{chips}{dice}</div>{strips}</div>',
        js_on_load=_BEHAVIOUR,
        elem_id="garments",
        apply_default_css=False,
    )
