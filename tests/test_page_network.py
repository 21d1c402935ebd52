"""The view What is this network and the microscope's network half, in a real browser."""

import re

import pytest

from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import from_bytes, to_bytes
from deblur.restore import RESTORERS
from deblur.ui.state import FIRST_GARMENT

from .conftest import PHONE, open_tab, visit
from .test_page import choose, settle

SLOW = 90_000  # ms; a busy machine takes its time


@pytest.fixture
def opened(page):
    """The view, with all its parts computed."""
    page.set_default_timeout(SLOW)
    open_view(page)
    return page


def open_view(page) -> None:
    open_tab(page, "Look inside")
    open_tab(page, "What is this network?")
    for part in ("network", "roundtrip", "epochs"):
        page.wait_for_selector(f"#{part} .verdict")


def click_pixel(page, picture: str, row: int, column: int) -> None:
    shown = page.locator(picture)
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    shown.click(position={"x": (column + 0.5) / 28 * box["width"], "y": (row + 0.5) / 28 * box["height"]})


def slide(page, control: str, key: str, times: int = 1) -> None:
    page.focus(f"#{control} input[type=range]")
    for _ in range(times):
        page.keyboard.press(key)


def test_a_slider_takes_the_network_apart_layer_by_layer(opened) -> None:
    assert "22,057 parameters = 65 numbers and a sigmoid" in opened.inner_text("#network .verdict")
    assert opened.locator("#network .kernels-of-layer img").count() == 1
    for side, count in [(8, 64), (7, 32), (6, 16), (5, 8), (4, 16), (3, 32), (2, 64)]:
        slide(opened, "network-layer", "ArrowLeft")
        opened.wait_for_selector(f"#network .kernels-of-layer[data-side='{side}'][data-count='{count}']")
        assert opened.locator("#network .kernels-of-layer img").count() == count
    opened.click("#network-form label:has-text('ReLU')")
    opened.wait_for_selector("#network .verdict:has-text('no kernel any more')")
    opened.click("#network-form label:has-text('nothing')")
    opened.click("#network-which label:has-text('median as printed')")
    opened.wait_for_selector("#network .psf-of-blur:has-text('No kernel')")


def test_two_clicked_places_are_compared(opened) -> None:
    before = opened.inner_text("#roundtrip .legend .first")
    row, column = 8, 14
    click_pixel(opened, "#roundtrip .markable img", row, column)
    opened.wait_for_selector(f"#roundtrip [data-row='{row}'][data-column='{column}']")
    assert f"row {row}, column {column}" in opened.inner_text("#roundtrip .curves .verdict")
    assert re.findall(r"\d+", opened.inner_text("#roundtrip .legend .second")) == re.findall(r"\d+", before)
    assert opened.locator("#roundtrip .trip svg polyline").count() == 12
    opened.focus("#roundtrip .markable")
    opened.keyboard.press("ArrowDown")
    opened.wait_for_selector(f"#roundtrip [data-row='{row + 1}'][data-column='{column}']")
    assert re.findall(r"\d+", opened.inner_text("#roundtrip .legend .second")) == re.findall(r"\d+", before)


def test_a_slider_leafs_through_the_epochs(opened) -> None:
    gains = []
    for epoch in (100, 70, 46):
        opened.wait_for_selector(f"#epochs .restored figcaption:has-text('after epoch {epoch}')")
        gains.append(float(re.search(r"([\d.]+) dB", opened.inner_text("#epochs .verdict"))[1]))
        slide(opened, "network-epoch", "ArrowLeft")
    assert gains == sorted(gains, reverse=True)
    slide(opened, "network-epoch", "Home")
    opened.wait_for_selector("#epochs .verdict:has-text('Untrained')")
    assert opened.inner_text("#epochs .ticks .now") == "0"


def test_the_view_follows_the_play_tab_when_it_is_opened_again(opened) -> None:
    opened.click("button[role=tab]:has-text('Play')")
    choose(opened, "blur", "Average")
    settle(opened, blur="average")
    opened.click("button[role=tab]:has-text('Look inside')")
    opened.wait_for_selector("#network .psf-of-blur .weights:has-text('0.111')")


@pytest.mark.parametrize("restorer", ["thesis", "universal"])
def test_the_microscope_shows_a_networks_own_weights(page, page_url, restorer) -> None:
    page.set_default_timeout(SLOW)
    visit(page, f"{page_url}?restorer={restorer}")
    settle(page, restorer=restorer)
    page.click("button[role=tab]:has-text('Look inside')")
    page.wait_for_selector("#inside .verdict")
    click_pixel(page, "#inside .blurred img", 16, 14)
    blurred = Degradation().apply(from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT]), 0)
    level = int(to_bytes(RESTORERS[restorer].restore(blurred, Degradation()))[16, 14])
    page.wait_for_selector(f"#inside-own .verdict:has-text('Row 16, column 14 was restored to {level}')")
    assert page.locator("#inside-own .map img").count() == 2


def test_the_view_fits_a_phone(phone) -> None:
    phone.set_default_timeout(SLOW)
    open_view(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = phone.evaluate(
        "[...document.querySelectorAll('#network *, #roundtrip *, #epochs *')].filter(e => e.children.length === 0 && e.textContent.trim() && !e.closest('details'))"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(small) >= 12


def test_a_number_outside_a_slider_is_moved_inside(opened) -> None:
    slide(opened, "network-layer", "ArrowLeft")
    opened.wait_for_selector("#network .kernels-of-layer[data-count='64']")
    field = opened.locator("#network-layer input[type=number]")
    field.fill("99")
    field.blur()
    opened.wait_for_selector("#network .kernels-of-layer[data-count='1']")
    assert opened.locator(".toast-body").count() == 0
