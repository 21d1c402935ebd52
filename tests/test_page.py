"""The real page in a real Chromium: what is seen is compared, pixel by pixel and number by number, with OpenCV and the core."""

import base64
import io
import json
import re
from urllib.parse import parse_qs

import cv2
import numpy as np
import pytest
from PIL import Image

from deblur.data import CLASSES, load_fashion_mnist
from deblur.degrade import Degradation
from deblur.estimate import estimate
from deblur.image import from_bytes, to_bytes
from deblur.metrics import error, psnr
from deblur.restore import RESTORERS
from deblur.ui.state import FIRST_GARMENT
from deblur.ui.texts import digits

from .conftest import PHONE, ROOT, WIDE, photograph, visit


def settle(page, **expected: str) -> None:
    """Wait until the stage shows a state with these values in its link."""
    page.wait_for_function(
        """expected => { const query = new URLSearchParams(document.querySelector('#stage [data-query]')?.dataset.query);
        return Object.entries(expected).every(([name, value]) => query.get(name) === value); }""",
        arg=expected,
    )


def shown(page, role: str) -> np.ndarray:
    """The pixels of a panel as uint8."""
    address = page.get_attribute(f"#stage .{role} img", "src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def query(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(page.get_attribute("#stage [data-query]", "data-query")).items()}


def number(page, role: str, label: str) -> float:
    text = page.inner_text(f"#stage .{role} .numbers div:has(dt:text-is('{label}')) dd")
    return float(re.sub(r"[^\d.+−-]", "", text).replace("−", "-"))


def garment(index: int) -> np.ndarray:
    return load_fashion_mnist("test")[0][index]


def choose(page, control: str, label: str) -> None:
    page.click(f"#control-{control} label:has-text('{label}')")


def test_opens_with_a_finished_example(page) -> None:
    sharp = garment(FIRST_GARMENT)
    blurred = cv2.GaussianBlur(sharp, (3, 3), 0)
    assert np.array_equal(shown(page, "sharp"), sharp)
    assert np.array_equal(shown(page, "blurred"), blurred)
    state = query(page)
    restored = RESTORERS[state["restorer"]].restore(from_bytes(blurred), Degradation())
    assert np.abs(shown(page, "restored") - 255 * restored).max() < 0.51
    assert number(page, "blurred", "PSNR") == pytest.approx(psnr(from_bytes(blurred), from_bytes(sharp)), rel=0.005)
    assert number(page, "blurred", "Error") == pytest.approx(error(from_bytes(blurred), from_bytes(sharp)), rel=0.005)
    assert number(page, "restored", "PSNR") == pytest.approx(psnr(restored, from_bytes(sharp)), rel=0.005)
    gain = psnr(restored, from_bytes(sharp)) - psnr(from_bytes(blurred), from_bytes(sharp))
    assert number(page, "restored", "Gain") == pytest.approx(gain, rel=0.005)
    assert "brought back" in page.inner_text("#stage .verdict")


def test_result_is_visible_without_scrolling(page) -> None:
    assert page.locator("#stage .verdict").bounding_box()["y"] < WIDE["height"] - 40
    slider = page.locator("#control-blur-gaussian-size input[type=range]").bounding_box()
    assert slider["y"] + slider["height"] < WIDE["height"]


def test_small_pictures_are_scaled_by_a_whole_factor_without_smoothing(page) -> None:
    for role in ("sharp", "blurred", "restored"):
        picture = page.locator(f"#stage .{role} img")
        box = picture.bounding_box()
        assert box["width"] >= 8 * 28
        assert box["width"] % 28 == 0 and box["height"] % 28 == 0
        assert picture.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


def test_phone_shows_three_panels_in_a_row_and_nothing_overflows(phone) -> None:
    tops = [phone.locator(f"#stage .{role}").bounding_box()["y"] for role in ("sharp", "blurred", "restored")]
    assert max(tops) - min(tops) < 2
    assert phone.locator("#stage .restored img").bounding_box()["y"] + 110 < PHONE["height"]
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_garment_is_picked_by_class_by_picture_and_at_random(page) -> None:
    page.click("#garments button[data-class=bag]")
    thumb = page.locator("#garments .strip[data-of=bag] button").nth(2)
    thumb.click()
    index = thumb.get_attribute("data-garment")
    settle(page, garment=index)
    assert np.array_equal(shown(page, "sharp"), garment(int(index)))
    assert thumb.get_attribute("aria-pressed") == "true"
    page.click("#garments .dice")
    page.wait_for_function(
        "old => new URLSearchParams(document.querySelector('#stage [data-query]').dataset.query).get('garment') !== old", arg=index
    )
    index = int(query(page)["garment"])
    assert np.array_equal(shown(page, "sharp"), garment(index))
    pressed = page.locator("#garments [data-class][aria-pressed=true]")
    assert pressed.get_attribute("data-class") == CLASSES[load_fashion_mnist("test")[1][index]]


def test_noise_is_named_beside_the_filter_and_its_controls_stand_open(page, page_url) -> None:
    visit(page, page_url + "?noise=0.05")
    settle(page, noise="0.05")
    assert "Gaussian + noise 0.05 took away" in page.inner_text("#stage .verdict")
    page.wait_for_selector("#control-noise")


def test_filters_show_their_own_controls_and_pixels(page) -> None:
    choose(page, "blur", "Median")
    settle(page, blur="median")
    page.wait_for_selector("#control-blur-median-size")
    page.wait_for_selector("#control-blur-gaussian-size", state="hidden")
    assert np.array_equal(shown(page, "blurred"), cv2.medianBlur(garment(FIRST_GARMENT), 5))
    assert "not a convolution" in page.inner_text("#psf")
    choose(page, "restorer", "Wiener")
    settle(page, restorer="wiener")
    assert "no convolution" in page.inner_text("#stage .restored .instead")  # a reason where the picture would be
    choose(page, "blur", "Average")
    settle(page, blur="average")
    assert np.array_equal(shown(page, "blurred"), cv2.blur(garment(FIRST_GARMENT), (3, 3)))
    assert page.locator("#stage .restored img").count() == 1


def test_dragging_ends_on_the_newest_position(page) -> None:
    slider = page.locator("#control-blur-gaussian-size input[type=range]")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 8 + (box["width"] - 60) * abs(np.sin(step / 6)), middle)
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.up()
    size = int(slider.input_value())
    assert size % 2 == 1 and size > 5
    settle(page, blur_size=str(size))
    page.wait_for_timeout(300)
    assert query(page)["blur_size"] == str(size)
    assert np.array_equal(shown(page, "blurred"), cv2.GaussianBlur(garment(FIRST_GARMENT), (size, size), 0))


def test_keyboard_moves_a_slider(page) -> None:
    page.focus("#control-blur-gaussian-size input[type=range]")
    page.keyboard.press("ArrowRight")
    settle(page, blur_size="5")
    assert np.array_equal(shown(page, "blurred"), cv2.GaussianBlur(garment(FIRST_GARMENT), (5, 5), 0))


def test_typed_values_become_the_closest_allowed_ones(page) -> None:
    field = page.locator("#control-blur-gaussian-size input[type=number]")
    slider = page.locator("#control-blur-gaussian-size input[type=range]")
    for typed, used in (("8", "9"), ("4", "5"), ("-5", "3"), ("999", "31"), ("", "3")):
        field.fill(typed)
        field.blur()
        settle(page, blur_size=used)
        page.wait_for_function("used => document.querySelector('#control-blur-gaussian-size input[type=number]').value === used", arg=used)
        assert slider.input_value() == used


def test_restorer_changes_the_restored_picture_and_says_when_it_is_the_wrong_tool(page) -> None:
    choose(page, "restorer", "Thesis")
    settle(page, restorer="thesis")
    blurred = from_bytes(shown(page, "blurred"))
    expected = RESTORERS["thesis"].restore(blurred, Degradation())
    assert np.abs(shown(page, "restored") - 255 * expected).max() < 1
    assert page.locator("#stage ~ .note, #stage .note").count() == 0
    choose(page, "blur", "Defocus")
    settle(page, blur="defocus")
    assert "wrong tool" in page.inner_text("#stage .note")
    choose(page, "blur", "Bilateral")
    settle(page, blur="bilateral")
    choose(page, "restorer", "Unsharp")
    settle(page, restorer="unsharp")
    page.locator("#control-restorer-unsharp-amount input[type=number]").fill("5")
    page.locator("#control-restorer-unsharp-radius input[type=number]").fill("5")
    page.locator("#control-restorer-unsharp-radius input[type=number]").blur()
    settle(page, restorer_amount="5.0", restorer_radius="5.0")
    assert number(page, "restored", "Gain") < 0
    assert "worse than doing nothing" in page.inner_text("#stage .verdict")


def test_uploads_are_shown_in_colour_and_bad_ones_get_a_sentence(page, tmp_path) -> None:
    levels = to_bytes(photograph((37, 44, 3)))
    Image.fromarray(levels).save(tmp_path / "picture.png")
    Image.fromarray(levels[:5]).save(tmp_path / "small.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "picture.png").read_bytes()[:300])
    choose(page, "source", "Your picture")
    settle(page, blur="gaussian")
    page.set_input_files("#upload input[type=file]", tmp_path / "picture.png")
    page.wait_for_function("document.querySelector('#stage .sharp img').naturalWidth === 44")
    assert np.array_equal(shown(page, "sharp"), levels)
    assert np.array_equal(shown(page, "blurred"), cv2.GaussianBlur(levels, (3, 3), 0))
    for name, words in (("small.png", "at least 17 px"), ("broken.png", "could not be read")):
        page.click("#upload button[aria-label='Remove Image']")
        page.set_input_files("#upload input[type=file]", tmp_path / name)
        page.wait_for_selector(f"#upload-told [role=alert]:has-text('{words}')")
        assert np.array_equal(shown(page, "sharp"), levels)  # what was there stays
    page.click("#upload button[aria-label='Remove Image']")
    page.set_input_files("#upload input[type=file]", tmp_path / "picture.png")
    page.wait_for_selector("#upload-told [role=alert]", state="detached")
    page.click(".share")
    page.wait_for_selector(".share:has-text('your picture stays with you')")


def test_link_restores_the_state_and_nonsense_becomes_defaults(page, page_url) -> None:
    visit(page, page_url + "?garment=42&blur=average&blur_size=7&noise=0.05&storage=float&restorer=wiener&restorer_strength=10")
    page.wait_for_function("document.querySelector('#stage [data-query]').dataset.query.includes('garment=42')")
    assert np.array_equal(shown(page, "sharp"), garment(42))
    expected = Degradation("average", {"size": 7}, 0.05, storage="float").apply(from_bytes(garment(42)))
    assert np.abs(shown(page, "blurred") - 255 * expected).max() < 0.51
    assert page.input_value("#control-blur-average-size input[type=number]") == "7"
    visit(page, page_url + "?garment=-3&blur=nonsense&blur_size=nan&noise=1e400&storage=tape&restorer=magic")
    assert query(page) | {"garment": str(FIRST_GARMENT), "blur": "gaussian", "blur_size": "3", "storage": "8-bit"} == query(page)
    told = page.inner_text("#stage .note")
    assert "left out or replaced" in told and "garment" in told and "storage" in told
    visit(page, page_url + "?garment=" + "9" * 5000)
    assert query(page)["garment"] == str(FIRST_GARMENT)


def test_share_copies_the_link_of_the_state(page) -> None:
    page.focus("#control-blur-gaussian-size input[type=range]")
    page.keyboard.press("ArrowRight")
    settle(page, blur_size="5")
    page.wait_for_function("location.search.includes('blur_size=5')")
    page.click(".share")
    assert "blur_size=5" in page.evaluate("navigator.clipboard.readText()")


def test_spanish_page(page, page_url) -> None:
    visit(page, page_url + "es")
    assert "¿se puede deshacer un desenfoque?" in page.inner_text("h1")
    assert "recuperó" in page.inner_text("#stage .verdict")
    choose(page, "blur", "Promedio")
    settle(page, blur="average")
    page.wait_for_function("location.pathname.endsWith('/es') && location.search.includes('blur=average')")
    assert page.evaluate("document.documentElement.lang") == "es"
    page.click(".language a:has-text('English')")
    page.wait_for_url(lambda url: "/es" not in url)
    page.wait_for_selector("#stage .sharp img")
    settle(page, blur="average")  # the state goes along


def test_storage_control_shows_quality_only_where_it_counts(page) -> None:
    page.click("#after-blur button")
    page.wait_for_selector("#control-storage")
    assert not page.is_visible("#control-quality")
    choose(page, "storage", "JPEG")
    settle(page, storage="jpeg")
    page.wait_for_selector("#control-quality")
    expected = Degradation("gaussian", storage="jpeg").apply(from_bytes(garment(FIRST_GARMENT)))
    assert np.abs(shown(page, "blurred") - 255 * expected).max() < 0.51


def test_results_tab_shows_the_measured_table(page) -> None:
    rows = json.loads((ROOT / "reports" / "thesis.json").read_text())["rows"]
    page.click("button[role=tab]:has-text('Results')")
    page.wait_for_selector("table.report")
    lines = page.locator("table.report").first.locator("tbody tr")
    assert lines.count() == len(rows) == 6
    for place, row in enumerate(rows):
        assert digits(row["restored"]["error"]) in lines.nth(place).locator("td").nth(2).inner_text()


@pytest.mark.parametrize("language", ["", "es"])
def test_a_phone_shows_the_results_whole(phone, page_url, language) -> None:
    phone.goto(f"{page_url.rstrip('/')}/{language}?tab=results")
    phone.wait_for_selector(".results table.report >> visible=true")
    tables = phone.eval_on_selector_all(".results .scroll", "all => all.map(one => one.scrollWidth - one.clientWidth)")
    assert tables == [0, 0]


def test_a_phone_shows_every_tab(phone) -> None:
    tabs = phone.locator("[role=tablist]").first.locator("[role=tab]")
    assert tabs.count() == 8
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], tab.inner_text()


def test_phone_keeps_the_pictures_in_sight_while_a_slider_is_moved(phone) -> None:
    slider = phone.locator("#control-blur-gaussian-size input[type=range]")
    slider.evaluate("element => element.scrollIntoView({block: 'center'})")
    phone.wait_for_timeout(300)
    picture = phone.locator("#stage .restored img").bounding_box()
    assert picture["y"] >= 0 and picture["y"] + picture["height"] < slider.bounding_box()["y"] < PHONE["height"]


def test_dark_mode_shows_dark(chromium, page_url) -> None:
    context = chromium.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    visit(page, page_url)
    red, green, blue = map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])
    text = list(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.querySelector('.verdict')).color"))[:3]))
    assert max(red, green, blue) < 60 and min(text) > 180
    context.close()


def test_comparison_shows_every_restorer_and_never_a_stale_one(page) -> None:
    page.click("#compare-all")
    page.wait_for_selector("#compared .compare[aria-busy=false]")
    names = page.locator("#compared figcaption .name").all_inner_texts()
    assert len(names) == len(RESTORERS) + 2
    assert names[0] == "Nothing done" and names[-1] == "The truth"
    truth = page.get_attribute("#compared figure:last-child img", "src")
    assert truth == page.get_attribute("#stage .sharp img", "src")
    page.focus("#control-blur-gaussian-size input[type=range]")
    page.keyboard.press("ArrowRight")
    settle(page, blur_size="5")
    page.wait_for_function("!document.querySelector('#compared figure')")


def test_a_blurred_photo_is_restored_by_its_estimate_which_can_be_adjusted(page, tmp_path) -> None:
    levels = cv2.GaussianBlur(to_bytes(photograph((90, 120, 3), seed=4)), (0, 0), 1.5)
    Image.fromarray(levels).save(tmp_path / "blurred.png")
    choose(page, "source", "Your blurred photo")
    page.set_input_files("#upload input[type=file]", tmp_path / "blurred.png")
    page.wait_for_selector("#estimated .estimates li")
    best = estimate(from_bytes(levels))[0].degradation
    settle(page, blur=best.blur)
    page.wait_for_selector("#stage .stage:not([aria-busy])")  # found, and restored as if it had suffered that
    assert np.array_equal(shown(page, "blurred"), levels)
    assert page.locator("#stage .sharp img").count() == 0  # nobody has it
    assert "Blurred again" in page.inner_text("#stage .verdict")
    assert page.locator("#control-blur input:checked").get_attribute("value") == best.blur
    restored = shown(page, "restored")
    choose(page, "blur", "Defocus")
    settle(page, blur="defocus")
    assert not np.array_equal(shown(page, "restored"), restored)


def test_a_photo_that_is_not_blurred_is_said_to_be_so(page, tmp_path) -> None:
    sharp = photograph((193, 150))
    assert not estimate(sharp)[0].degradation.blurs
    Image.fromarray(to_bytes(sharp)).save(tmp_path / "sharp.png")
    choose(page, "source", "Your blurred photo")
    page.set_input_files("#upload input[type=file]", tmp_path / "sharp.png")
    page.wait_for_selector("#estimated .estimates li")
    assert "does not look blurred" in page.inner_text("#estimated")
    assert page.inner_text("#estimated li span").startswith("no blur")
    page.wait_for_selector("#stage .stage:not([aria-busy])")


def test_look_inside_explains_the_clicked_pixel(page) -> None:
    choose(page, "blur", "Average")
    settle(page, blur="average")
    page.click("button[role=tab]:has-text('Look inside')")
    page.wait_for_selector("#inside .verdict")
    box = page.locator("#inside .blurred img").bounding_box()
    row, column = 20, 9
    page.mouse.click(box["x"] + (column + 0.5) / 28 * box["width"], box["y"] + (row + 0.5) / 28 * box["height"])
    page.wait_for_selector(f"#inside [data-row='{row}'][data-column='{column}']")
    level = int(cv2.blur(garment(FIRST_GARMENT), (3, 3))[row, column])
    assert f"OpenCV says {level}, this arithmetic says {level}." in page.inner_text("#inside .verdict")
    window = garment(FIRST_GARMENT)[row - 1 : row + 2, column - 1 : column + 2]
    assert [int(text) for text in page.locator("#inside .map").nth(0).locator(".weights span").all_inner_texts()] == window.ravel().tolist()
    page.focus("#inside .markable")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f"#inside [data-row='{row + 1}'][data-column='{column}']")
    assert page.input_value("#inside-row input") == str(row + 1)


def test_what_is_lost_shows_twins_with_one_blurred_picture(page) -> None:
    choose(page, "blur", "Average")
    settle(page, blur="average")
    page.click("button[role=tab]:has-text('What is lost')")
    page.wait_for_selector("#lost-twin .stage img")
    pictures = []
    for place in (0, 1, 2):
        address = page.locator("#lost-twin .stage img").nth(place).get_attribute("src")
        pictures.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))))
    first, second, blurred = pictures
    assert np.array_equal(first, garment(FIRST_GARMENT)) and not np.array_equal(first, second)
    assert np.array_equal(cv2.blur(first, (3, 3)), blurred) and np.array_equal(cv2.blur(second, (3, 3)), blurred)


def test_a_picture_is_pasted_from_the_clipboard(page) -> None:
    choose(page, "source", "Your picture")
    page.evaluate(
        """async () => { const canvas = document.createElement('canvas'); canvas.width = 60; canvas.height = 40;
        const brush = canvas.getContext('2d'); brush.fillStyle = 'rgb(200,30,60)'; brush.fillRect(10, 5, 30, 20);
        const picture = await new Promise(done => canvas.toBlob(done, 'image/png'));
        await navigator.clipboard.write([new ClipboardItem({'image/png': picture})]); }"""
    )
    page.click("#upload button[aria-label='Paste from clipboard']")
    page.wait_for_function("document.querySelector('#stage .sharp img').naturalWidth === 60")
    assert shown(page, "sharp")[10, 20].tolist() == [200, 30, 60]
