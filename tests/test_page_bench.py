"""“Is it even a convolution?” on the real page and as HTML: every number against both sides of the laws computed here."""

import base64
import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from deblur.blur import BLURS
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import from_bytes
from deblur.restore import RESTORERS
from deblur.ui import bench
from deblur.ui.state import FIRST_GARMENT, State
from deblur.ui.texts import LANGUAGES, digits, load_texts

from .test_page import choose, settle


def garments() -> tuple[np.ndarray, np.ndarray]:
    images, _ = load_fashion_mnist("test")
    return from_bytes(images[FIRST_GARMENT]), from_bytes(images[FIRST_GARMENT + 1])


def gap(run, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, float]:
    """f(A + B) − f(A) − f(B) + f(black) of two pictures at half their light, and its largest value in grey levels."""
    half, other, dark = first / np.float32(2), second / np.float32(2), np.zeros_like(first)
    signed = run(half + other).astype(float) + run(dark) - run(half) - run(other)
    return signed, 255 * np.abs(signed).max()


def pixels(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def test_the_median_fails_and_the_page_shows_by_how_much(page) -> None:
    choose(page, "blur", "Median")
    settle(page, blur="median")
    page.click("button[role=tab]:has-text('Look inside')")
    page.click("button[role=tab]:has-text('Is it a convolution?')")
    page.wait_for_selector("#bench [data-thing='blur.median']")  # the filter of the Play tab
    signed, largest = gap(lambda picture: cv2.medianBlur(picture, 5), *garments())
    assert f"are up to {digits(largest)} grey levels apart" in page.inner_text("#bench .verdict")
    assert "move along with the picture (largest difference 0)" in page.inner_text("#bench .verdict")
    shown = pixels(page.locator("#bench .law").nth(0).locator("img").nth(2).get_attribute("src"))
    assert np.abs(shown - 255 * (0.5 + signed / (2 * np.abs(signed).max()))).max() < 1  # signed, around mid grey
    sides = [pixels(page.locator("#bench .law").nth(0).locator("img").nth(place).get_attribute("src")) for place in (0, 1)]
    assert np.array_equal(sides[0], np.rint(255 * cv2.medianBlur(sum(garments()) / np.float32(2), 5)).astype(np.uint8))
    assert np.abs(sides[0].astype(float) - sides[1] - 255 * signed).max() < 1.01
    page.wait_for_selector("#bench-table table")
    assert digits(largest) in page.inner_text("#bench-table tr:has-text('Median') td >> nth=0")


def test_a_restorer_is_chosen_by_mouse_and_keyboard_and_stripped_of_its_last_step(page) -> None:
    page.click("button[role=tab]:has-text('Look inside')")
    page.click("button[role=tab]:has-text('Is it a convolution?')")
    page.wait_for_selector("#bench [data-thing='blur.gaussian']")
    assert "keeps both laws" in page.inner_text("#bench .verdict")
    assert not page.is_visible("#bench-before")
    page.click("#bench-thing label:has-text('Wiener')")
    page.wait_for_selector("#bench [data-thing='restorer.wiener'][data-whole='true']")
    blurred = [cv2.GaussianBlur(picture, (3, 3), 0) for picture in garments()]
    _, largest = gap(lambda picture: RESTORERS["wiener"].restore(picture, Degradation()), *blurred)
    assert f"up to {digits(largest)} grey levels apart" in page.inner_text("#bench .verdict")
    page.click("#bench-before input")
    page.wait_for_selector("#bench [data-thing='restorer.wiener'][data-whole='false']")
    assert "Wiener (before the cut) keeps both laws" in page.inner_text("#bench .verdict")
    page.focus("#bench-thing input:checked")
    page.keyboard.press("Tab")  # Gradio gives each chip a place of its own in the order
    page.keyboard.press("Space")
    page.wait_for_selector("#bench [data-thing='restorer.richardson_lucy']")
    assert not page.is_visible("#bench-before")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("thing", bench.THINGS)
def test_everything_is_put_to_the_test_in_words(thing, language) -> None:
    texts = load_texts(language)
    html = bench.view(State.from_query({"restorer": "wiener"}), thing, True, texts)
    name = texts(f"{thing}.label")
    linear = thing in ("blur.gaussian", "blur.average", "blur.motion", "blur.defocus")
    told = texts("bench.verdict.kept_kept", thing=name, sum="|", shift="|").split("|")[0]
    assert (told in html.replace("&#x27;", "'")) == linear
    assert html.count("<figure") == 8 and 'class="why"></p>' not in html


def test_the_thesis_network_passes_until_its_sigmoid() -> None:
    texts, state = load_texts("en"), State.from_query({"restorer": "thesis"})
    whole, before = (bench.view(state, "restorer.thesis", with_it, texts) for with_it in (True, False))
    blurred = [cv2.GaussianBlur(picture, (3, 3), 0) for picture in garments()]
    _, largest = gap(lambda picture: RESTORERS["thesis"].restore(picture, Degradation()), *blurred)
    assert f"are up to {digits(largest)} grey levels apart" in whole
    assert "(before the sigmoid) keeps both laws" in before and "−" in re.findall(r"Grey levels ([^<]*)", before)[0]


def test_what_refuses_says_why() -> None:
    state = State.from_query({"blur": "median", "restorer": "wiener"})
    html = bench.view(state, "restorer.wiener", True, load_texts("en"))
    assert "cannot be put to the test here" in html and "no kernel to divide by" in html
    table = bench.table(state, load_texts("es"))
    assert table.count('class="refused"') == 4 + 2  # inverse and Wiener have a second line, without their cut


def test_the_table_holds_every_thing_and_both_laws() -> None:
    state = State.from_query({"restorer": "wiener"})
    lines = re.findall(r"<tr><th>(.*?)</th>(.*?)</tr>", bench.table(state, load_texts("en")).split("<tbody>")[1])
    assert len(lines) == len(BLURS) + len(RESTORERS) + 4
    values = {name.replace("&#x27;", "'"): re.findall(r'<td class="(\w+)"><b>.*?</b> (.*?)</td>', cells) for name, cells in lines}
    _, median = gap(lambda picture: cv2.medianBlur(picture, 5), *garments())
    assert values["Median"] == [("broken", digits(median)), ("kept", "0")]
    assert [grade for grade, _ in values["Bilateral"]] == ["broken", "kept"]
    assert [grade for grade, _ in values["Universal network"]] == ["broken", "broken"]
    for passes in ("Gaussian", "Average", "Motion", "Defocus", "Unsharp mask (before the cut)", "Thesis' network (before the sigmoid)"):
        assert [grade for grade, _ in values[passes]] == ["kept", "kept"], passes


def test_the_trap_of_the_thesis_makes_the_bilateral_filter_pass() -> None:
    texts = load_texts("en")
    trap = State.from_query({"blur": "bilateral", "blur_scale": "0-1"})
    assert "Bilateral keeps both laws" in bench.view(trap, "blur.bilateral", True, texts)
    assert "Bilateral is no convolution" in bench.view(State.from_query({"blur": "bilateral"}), "blur.bilateral", True, texts)
