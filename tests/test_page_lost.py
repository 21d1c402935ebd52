"""The What is lost tab in a real Chromium, held against the singular values of a matrix made of the filter's answers to points."""

import base64
import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from deblur.degrade import Degradation
from deblur.restore import RESTORERS
from deblur.ui.texts import digits

from .conftest import PHONE, visit
from .test_ui import matrix


@pytest.fixture
def lost(page, page_url):
    visit(page, page_url + "?blur=average&garment=20&restorer=wiener")
    page.wait_for_function("document.querySelector('#stage [data-query]').dataset.query.includes('garment=20')")
    page.click("button[role=tab]:has-text('What is lost')")
    page.wait_for_selector("#details .curve svg")
    return page


def gains() -> np.ndarray:
    return np.linalg.svd(matrix(Degradation("average")), compute_uv=False)


def told(page) -> str:
    return page.inner_text("#details")


def test_the_line_moves_by_mouse_keyboard_and_number_and_the_count_follows(lost) -> None:
    values = gains()
    assert f"{np.sum(values < 1 / 255 / 12**0.5)} of them come through weaker than noise" in told(lost)
    lost.click("#details-line button[data-level='1']")
    lost.wait_for_function("document.querySelector('#details').innerText.includes('line at 1.00 grey')")
    assert f"{np.sum(values < 1 / 255)} of 784" in told(lost)
    lost.fill("#details-line input[type=number]", "20")
    lost.wait_for_function("document.querySelector('#details').innerText.includes('line at 20.0 grey')")
    assert f"{np.sum(values < 20 / 255)} of 784" in told(lost)
    before = told(lost)
    lost.focus("#details-line input[type=range]")
    lost.keyboard.press("ArrowLeft")
    lost.wait_for_function("before => document.querySelector('#details').innerText !== before", arg=before)
    level = float(lost.input_value("#details-line input[type=number]"))
    assert level < 20 and f"{np.sum(values < level / 255)} of 784" in told(lost)
    assert lost.evaluate("document.activeElement.type") == "range"
    lost.click("#details-line button[data-level='noise']")
    lost.wait_for_function("document.querySelector('#details').innerText.includes('lost for everyone')")
    assert float(lost.input_value("#details-line input[type=number]")) == pytest.approx(255 / 255 / 12**0.5, rel=0.01)


def test_a_detail_is_chosen_by_click_arrows_and_number(lost) -> None:
    values = gains()
    picture = lost.locator("#details .curve svg")
    box = picture.bounding_box()
    lost.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    lost.wait_for_function("Math.abs(document.querySelector('#details .curve').dataset.number - 370) < 60")
    number = int(lost.get_attribute("#details .curve", "data-number"))
    assert lost.input_value("#details-number input") == str(number)
    assert f"Detail {number} of 784 comes through with {digits(values[number - 1])} of its contrast" in told(lost)
    for key, next_one in (("ArrowRight", number + 1), ("PageDown", number + 29), ("End", 784), ("Home", 1)):
        lost.keyboard.press(key)  # the new drawing has the focus of the old one
        lost.wait_for_selector(f"#details .curve[data-number='{next_one}']")
    lost.fill("#details-number input", "784")
    lost.wait_for_selector("#details .curve[data-number='784']")
    assert "It is lost." in told(lost)


def test_the_pattern_that_is_shown_is_the_one_that_dies(lost) -> None:
    lost.fill("#details-number input", "500")
    lost.wait_for_selector("#details .curve[data-number='500']")
    address = lost.locator("#details .chosen img").first.get_attribute("src")
    pattern = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))).astype(float) / 127.5 - 1
    left = np.sqrt(np.mean(cv2.blur(pattern, (3, 3), borderType=cv2.BORDER_REFLECT_101) ** 2) / np.mean(pattern**2))
    assert left == pytest.approx(gains()[499], abs=0.01)


def test_every_restorer_answers_for_the_twins(lost) -> None:
    lost.wait_for_selector("#lost-twin .compare figure")
    cards = lost.locator("#lost-twin .compare figure")
    texts = cards.all_inner_texts()
    assert len(texts) == len(RESTORERS)
    nearer = 0
    for text in texts:
        first, second = (float(number) for number in re.findall(r"([\d.]+) dB", text))
        assert (re.search(r"Nearer to\s+(.+)", text).group(1) == "the garment") == (first >= second) or abs(first - second) < 0.1
        nearer += "the garment" in text
    assert f"{nearer} of {len(texts)} restorers answer nearer to the garment, {len(texts) - nearer} nearer" in lost.inner_text("#lost-twin")


def test_recovered_and_invented_lie_in_two_colours_over_the_picture(lost) -> None:
    lost.wait_for_selector("#lost-invented .overlay img")
    shares = [float(number) for number in re.findall(r"(?:recovered|invented), ([\d.]+) %", lost.inner_text("#lost-invented .overlay"))]
    assert len(shares) == 2 and sum(shares) == pytest.approx(100, abs=0.6)
    colours = lost.locator("#lost-invented .legend li").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').borderTopColor)")
    assert len(set(colours)) == 2


def test_a_filter_without_matrix_gets_a_sentence_and_no_controls(page, page_url) -> None:
    visit(page, page_url + "?blur=median")
    page.wait_for_function("document.querySelector('#stage [data-query]').dataset.query.includes('blur=median')")
    page.click("button[role=tab]:has-text('What is lost')")
    page.wait_for_selector("#details .note:has-text('no convolution')")
    assert not page.is_visible("#details-line")


def test_a_phone_shows_the_curve_whole_with_legible_numbers(phone, page_url) -> None:
    visit(phone, page_url + "?tab=lost-tab")
    phone.wait_for_selector("#details .curve svg")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = phone.locator("#details .curve text").first.bounding_box()
    assert box["height"] >= 12
