"""Lessons and games in a real Chromium: a step sets the Play tab, a prediction is revealed, a mystery guessed, a match won, links restored."""



import re
from urllib.parse import parse_qsl, urlsplit

import cv2
import numpy as np

from deblur.lessons.games import mystery
from deblur.ui.texts import load_texts

from .conftest import PHONE, visit
from .test_page import garment, settle, shown

TEXTS = load_texts("en")


def address(page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def arrive(page, **expected: str) -> None:
    """Wait until the address says so."""
    page.wait_for_function(
        """expected => { const query = new URLSearchParams(location.search);
        return Object.entries(expected).every(([name, value]) => query.get(name) === value); }""",
        arg=expected,
    )


def open_tab(page, name: str) -> None:
    page.click(f"button[role=tab]:has-text('{name}')")


def test_a_lesson_leads_through_the_page(page) -> None:
    open_tab(page, "Lessons")
    page.wait_for_selector("#lesson .steps", state="visible")
    arrive(page, lesson="1")
    page.click("#lesson .steps li:nth-child(2) .go")
    settle(page, blur="average", blur_size="9", hide="restored")
    arrive(page, lesson="1", step="2", blur_size="9")
    page.wait_for_selector("#place .step-now")
    assert "step 2 of 4" in page.inner_text("#place") and page.locator("#play").is_visible()
    assert page.input_value("#control-blur-average-size input[type=number]") == "9"
    assert np.array_equal(shown(page, "blurred"), cv2.blur(garment(1), (9, 9)))
    assert page.locator("#stage .restored img").count() == 0 and "brought back" not in page.inner_text("#stage")
    assert page.evaluate("document.activeElement.className").startswith("step-now")
    page.click("#stage .unveil")
    page.wait_for_selector("#stage .restored img")
    settle(page, blur_size="9")
    assert "hide" not in address(page) and address(page)["step"] == "2"
    page.click("#place .go.strong")  # the next step
    settle(page, blur="gaussian", blur_size="9", blur_sigma="1.7")
    arrive(page, step="3")
    page.click("#place .go >> nth=0")  # back
    page.wait_for_selector("#lesson .steps", state="visible")
    arrive(page, lesson="1")
    page.wait_for_function("!location.search.includes('step')")


def test_predict_then_reveal_by_keyboard(page) -> None:
    visit(page, page.url.split("?")[0] + "?lesson=2")
    page.wait_for_selector("#lesson .steps", state="visible")
    page.wait_for_function("document.querySelector('#lesson').innerText.includes('Lesson 2')")
    page.focus("#reveal-1")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#answer-1 .note:has-text('{TEXTS('lessons.choose_first')}')")
    page.focus("#question-1 input >> nth=1")
    page.keyboard.press("Space")
    page.wait_for_selector("#question-1 input[value='28']:checked")
    page.focus("#reveal-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer-1 .answer.miss")
    dot = np.zeros((15, 15), np.uint8)
    dot[7, 7] = 255
    assert f"has level {cv2.medianBlur(dot, 3).max()}." in page.inner_text("#answer-1")
    page.click("#question-1 label:has-text('it is gone')")
    page.click("#reveal-1")
    page.wait_for_selector("#answer-1 .answer.hit")
    page.click("#lesson-choice label:has-text('What a convolutional')")
    page.wait_for_function("document.querySelector('#lesson').innerText.includes('Lesson 5')")
    arrive(page, lesson="5")
    assert page.locator("#answer-1 .answer").count() == 0 and page.locator("#question-3").is_visible()


def test_a_mystery_is_solved(page) -> None:
    seed = next(seed for seed in range(2, 99) if mystery(seed).hidden.blur == "median")
    hidden = mystery(seed).hidden
    visit(page, page.url.split("?")[0] + f"?game=mystery&seed={seed}")
    page.wait_for_selector("#mystery-probes img")
    page.wait_for_function(f"document.querySelector('#mystery-seed input').value === '{seed}'")
    arrive(page, game="mystery", seed=str(seed))
    pictures = page.locator("#mystery-probes img")
    assert pictures.count() == 10
    told = re.sub(r"base64,[^\"]+", "", page.inner_html("#mystery-probes") + page.inner_html("#mystery-told"))
    assert "edian" not in told and f"size {hidden.values['size']}" not in told
    box = pictures.nth(7).bounding_box()
    assert box["width"] % 31 == 0 and box["width"] >= 93
    page.click("#mystery-blur label:has-text('Median')")
    slider = page.locator("#mystery-blur-median-size input[type=number]")
    slider.fill(str(hidden.values["size"]))
    slider.press("Tab")
    page.click("#mystery-guess")
    page.wait_for_selector("#mystery-told .judged")
    assert "5 of 5 points" in page.inner_text("#mystery-told") and f"Median (size {hidden.values['size']})" in page.inner_text("#mystery-told")
    page.click("#mystery-another")
    arrive(page, seed=str(seed + 1))
    page.wait_for_function("!document.querySelector('#mystery-told .judged')")


def test_the_network_is_beaten(page) -> None:
    visit(page, page.url.split("?")[0] + "?game=match&seed=3")
    page.wait_for_selector("#match [data-outcome=lost]")
    slider = page.locator("#match-restorer-wiener-strength input[type=number]")
    slider.fill("0")
    slider.press("Tab")
    page.wait_for_selector("#match [data-outcome=won]")
    assert "You win by" in page.inner_text("#match .verdict")
    page.click("#match-rival label:has-text('universal')")
    arrive(page, rival="universal", seed="3")
    page.wait_for_function("document.querySelector('#match').innerText.includes('the universal network')")


def test_a_teachers_link_keeps_the_picture_back(page) -> None:
    visit(page, page.url.split("?")[0] + "?lesson=4&step=1&hide=restored&garment=5")
    settle(page, blur="average", blur_size="5", storage="float", garment="5", hide="restored")
    page.wait_for_selector("#place .step-now")
    assert page.locator("#stage .restored img").count() == 0 and "left out or replaced" not in page.inner_text("#stage")
    page.click("#place .leave")
    page.wait_for_function("!document.querySelector('#place .step-now') && !location.search.includes('lesson')")
    page.click("#control-hide label:has-text('nothing')")
    page.wait_for_selector("#stage .restored img")


def test_the_teachers_page_opens_by_its_link(page) -> None:
    visit(page, page.url.split("?")[0] + "?lesson=teacher")
    page.wait_for_selector("#teacher .plan", state="visible")
    arrive(page, lesson="teacher")
    assert page.locator("#teacher a[href='?lesson=3&step=2&hide=restored']").count() == 1


def test_a_lesson_fits_a_phone(phone) -> None:
    for link in ("?lesson=3", "?game=mystery&seed=5", "?game=match&seed=5", "?lesson=teacher", "?lesson=3&step=2"):
        visit(phone, phone.url.split("?")[0] + link)
        phone.wait_for_selector({"?l": "#lesson .steps, #teacher .plan, #place .step-now", "?g": "#mystery-probes img, #match img"}[link[:2]], state="visible")
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], link


def test_a_hidden_sharp_picture_shows_nowhere_until_revealed(page) -> None:
    visit(page, page.url.split("?")[0] + "?garment=7&hide=sharp")
    settle(page, garment="7", hide="sharp")
    page.wait_for_selector("#garments", state="hidden")
    assert page.locator("#stage .sharp img").count() == 0
    page.click("#stage .unveil")
    page.wait_for_selector("#garments", state="visible")
    page.wait_for_selector("#stage .sharp img")
    assert np.array_equal(shown(page, "sharp"), garment(7))


def test_whoever_leaves_the_lessons_takes_the_state_along(page, page_url) -> None:
    visit(page, f"{page_url}?blur=average&blur_size=7")
    settle(page, blur="average", blur_size="7")
    open_tab(page, "Lessons")
    page.wait_for_selector("#lesson .steps", state="visible")
    arrive(page, lesson="1")
    assert "blur" not in address(page)
    open_tab(page, "Train")
    arrive(page, tab="train-tab", blur="average", blur_size="7")
    assert "lesson" not in address(page)
