"""The Train tab in a real Chromium: learning is watched, stopped, waited for, and used on the Play tab."""

import re

import cv2
import numpy as np
import pytest

from deblur.data import load_fashion_mnist
from deblur.image import from_bytes
from deblur.metrics import error, psnr
from deblur.ui.state import FIRST_GARMENT
from deblur.ui.texts import digits, load_texts

from .conftest import PHONE, WIDE, open_tab, visit
from .test_page import choose, garment, query, settle, shown

LEARNING = 120_000  # ms; a busy machine takes its time, and a training waits for all others
SLOW = 60_000
BUDGET = {"garments": 100, "epochs": 2}
TEXTS = load_texts("en")


def prepare(page, **budget: int) -> None:
    open_tab(page, "Train")
    page.wait_for_selector("#training .garment-rows img")
    page.click("#train-more > button")
    for name, value in budget.items():
        field = page.locator(f"#control-train-{name.replace('_', '-')} input[type=number]")
        field.fill(str(value))
        field.blur()


def wait(page, condition: str, milliseconds: int = LEARNING) -> None:
    page.wait_for_selector(f"#training {condition}", timeout=milliseconds, state="attached")


def picture(page, row: int, column: int) -> np.ndarray:
    """One of the nine pictures, decoded by the browser."""
    image = page.locator("#training .garment-rows img").nth(3 * row + column)
    flat = image.evaluate(
        """async image => { await image.decode(); const canvas = document.createElement('canvas'); canvas.width = canvas.height = 28;
        const brush = canvas.getContext('2d'); brush.drawImage(image, 0, 0); return [...brush.getImageData(0, 0, 28, 28).data]; }"""
    )
    return np.array(flat, np.uint8).reshape(28, 28, 4)[..., 0]


def test_a_network_is_trained_and_used_on_the_play_tab(page, page_url) -> None:
    choose(page, "blur", "Average")
    settle(page, blur="average")
    prepare(page, **BUDGET)
    assert "Average (size 3)" in page.inner_text("#train-against")
    page.click("#train-start")
    wait(page, "[data-epoch='2'][data-ending='done']")
    sharp = garment(FIRST_GARMENT)
    blurred = cv2.blur(sharp, (3, 3))
    assert np.array_equal(picture(page, 0, 0), sharp) and np.array_equal(picture(page, 0, 1), blurred)
    restored = picture(page, 0, 2)
    values = page.locator("#training .garment-rows b").all_inner_texts()
    assert values[0] == f"{digits(psnr(from_bytes(blurred), from_bytes(sharp)))} dB"
    assert float(values[1].split()[0]) == pytest.approx(psnr(from_bytes(restored), from_bytes(sharp)), rel=0.01)
    told = page.inner_text("#training .verdict")
    assert "After epoch 2 of 2" in told and told.endswith(TEXTS("train.ending.done"))
    sample = from_bytes(load_fashion_mnist("train")[0][4_000:4_400])
    untouched = error(np.stack([from_bytes(cv2.blur(np.rint(255 * one).astype(np.uint8), (3, 3))) for one in sample]), sample)
    assert f"({digits(untouched)} %)" in told or f"leaves {digits(untouched)} %" in told
    assert page.locator("#training .learned polyline").count() == 3
    assert "22\u202f057" in page.inner_text("#training .learned") and "8 × 8" in page.inner_text("#training .learned")

    page.click("#train-use")
    settle(page, restorer="yours")
    assert np.abs(shown(page, "restored").astype(int) - restored).max() <= 1
    assert page.is_visible("#control-restorer label:has-text('Your network')")
    assert "wrong tool" not in page.inner_text("#stage") and page.locator("#stage .note").count() == 0
    page.focus("#control-blur-average-size input[type=range]")
    page.keyboard.press("ArrowRight")
    settle(page, blur_size="5", restorer="yours")
    assert "trained on one setting alone (Average)" in page.inner_text("#stage .note")
    page.click("#compare-all")
    page.wait_for_selector("#compared .compare[aria-busy=false]")
    assert "Your network" in page.locator("#compared figcaption .name").all_inner_texts()
    page.click("button[role=tab]:has-text('Look inside')")
    page.wait_for_selector("#inside .restored img")
    assert TEXTS("train.no_code") in page.inner_text("#inside")
    page.click("button[role=tab]:has-text('What is lost')")
    page.wait_for_selector("#lost-invented p:has-text('Your network')")

    link = page.url  # another visitor does not get the network
    visit(page, link)
    assert query(page)["restorer"] != "yours"
    assert "restorer" in page.inner_text("#stage .note")
    assert page.locator("#control-restorer label:has-text('Your network')").count() == 0


def test_who_waits_sees_the_place_and_stopping_keeps_what_was_learned(page, chromium, page_url) -> None:
    prepare(page, garments=4000, epochs=60)  # longer than the other visitor takes to come
    page.click("#train-start")
    wait(page, "[data-epoch][data-ahead='0']")
    with chromium.new_context(viewport=WIDE) as context:  # whose end, however it comes, makes room again
        other = context.new_page()
        other.set_default_timeout(SLOW)
        visit(other, page_url)
        prepare(other, **BUDGET)
        other.click("#train-start")
        wait(other, "[data-ahead='1']")
        assert "trainings before yours: 1" in other.inner_text("#training .verdict")
        assert other.inner_text("#train-stop") == TEXTS("train.leave")
        other.click("#train-stop")
        wait(other, "[data-ending='stopped']")
        assert other.inner_text("#training .verdict") == TEXTS("train.nothing.stopped")
        assert not other.is_visible("#train-use") and other.is_visible("#train-start")
        other.click("#train-start")
        wait(other, "[data-ahead='1']")
        page.wait_for_function("Number(document.querySelector('#training [data-epoch]').dataset.epoch) >= 1", timeout=LEARNING)
        page.click("#train-stop")
        wait(page, "[data-ending='stopped']", SLOW)
        epoch = int(re.search(r"After epoch (\d+) of 60", page.inner_text("#training .verdict")).group(1))
        assert 1 <= epoch < 60
        wait(other, "[data-ahead='0']", SLOW)  # its turn came by itself
    page.click("#train-use")
    settle(page, restorer="yours")
    page.click("button[role=tab]:has-text('Train')")
    page.click("#train-start")
    wait(page, "[data-ahead='0'][data-ending='']", 60_000)
    page.click("#train-stop")
    wait(page, "[data-ending='stopped']", SLOW)
    assert page.is_visible("#train-use")  # the network of before is still there


def test_the_tab_fits_a_phone(phone) -> None:
    open_tab(phone, "Train")
    phone.wait_for_selector("#training .garment-rows img")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert phone.locator("#train-start").bounding_box()["y"] < PHONE["height"]
