"""The Photo tab in a real Chromium: full size, before and after, the files that are saved, what is refused and reduced."""

import io
import urllib.request

import numpy as np
import pytest
from PIL import Image

from deblur.degrade import Degradation
from deblur.image import read_image, to_bytes
from deblur.metrics import psnr
from deblur.restore import RESTORERS
from deblur.ui.texts import digits

from .conftest import PHONE, photograph, visit

DEGRADATION = Degradation("average", {"size": 5})


@pytest.fixture
def photo(page, page_url):
    visit(page, page_url + "?blur=average&blur_size=5&restorer=wiener&tab=photo-tab")
    page.wait_for_selector("#photo-upload input[type=file]", state="attached")
    page.wait_for_selector("#photo-control-blur-average-size")  # the settings of the Play tab
    return page


def bring(page, path) -> None:
    page.set_input_files("#photo-upload input[type=file]", path)
    page.wait_for_selector("#photo-start:not([disabled])")


def restore(page) -> str:
    page.click("#photo-start")
    page.wait_for_selector("#photo-status .verdict")
    return page.inner_text("#photo-status")


def saved(page, button: str) -> tuple[str, np.ndarray]:
    with page.expect_download() as download:
        page.click(button)
    return download.value.suggested_filename, np.asarray(Image.open(download.value.path()))


def test_a_blurred_photo_is_restored_at_full_size_and_upright(photo, tmp_path) -> None:
    levels = to_bytes(DEGRADATION.apply(photograph((700, 520, 3))))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rows are columns
    Image.fromarray(np.rot90(levels)).save(tmp_path / "holiday.png", exif=exif)
    upright = read_image(tmp_path / "holiday.png")
    assert upright.shape == levels.shape
    bring(photo, tmp_path / "holiday.png")
    assert "520 × 700 px" in photo.inner_text("#photo-told")
    told = restore(photo)
    assert "520 × 700 px" in told and "Wiener" in told and "Average" in told and " s. " in told
    expected = RESTORERS["wiener"].restore(upright, DEGRADATION.with_(border="unknown"))
    again = DEGRADATION.reblur(expected)
    seen = (again.astype(float) - upright)[2:-2, 2:-2]  # nearer to the edge unseen pixels count
    assert f"by {digits(255 * np.sqrt(np.mean(seen**2)), 2)} grey levels" in told
    name, pixels = saved(photo, "#photo-png")
    assert name == "holiday-restored.png" and np.abs(pixels.astype(int) - to_bytes(expected)).max() <= 1
    name, pixels = saved(photo, "#photo-jpeg")
    assert name == "holiday-restored.jpg" and pixels.shape == (700, 520, 3)
    shown = [photo.evaluate("image => [image.naturalWidth, image.naturalHeight]", picture) for picture in photo.query_selector_all("#photo-shown img")]
    assert shown == [[520, 700], [520, 700]]


def test_the_handle_moves_by_mouse_and_keyboard(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((200, 300, 3)))).save(tmp_path / "photo.png")
    bring(photo, tmp_path / "photo.png")
    restore(photo)

    def split() -> float:
        return float(photo.evaluate("parseFloat(document.querySelector('#photo-shown .both').style.getPropertyValue('--split'))"))

    box = photo.locator("#photo-shown .both").bounding_box()
    photo.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    photo.mouse.down()
    photo.mouse.move(box["x"] + box["width"] / 4, box["y"] + 100, steps=5)
    photo.mouse.up()
    assert split() == pytest.approx(25, abs=2)
    before = split()
    photo.keyboard.press("ArrowRight")
    assert split() > before
    photo.click("#photo-shown button[aria-pressed]")
    assert photo.locator("#photo-shown .both img").first.bounding_box()["width"] == pytest.approx(300, abs=1)


def test_a_result_that_the_settings_have_left_behind_says_so(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((200, 300, 3)))).save(tmp_path / "photo.png")
    bring(photo, tmp_path / "photo.png")
    restore(photo)
    photo.focus("#photo-shown input[type=range]")
    photo.keyboard.press("ArrowRight")  # looking is no change
    assert not photo.is_visible("#photo-shown .again")
    photo.click("#photo-control-blur label:has-text('Defocus')")
    photo.wait_for_selector("#photo-shown .again")
    restore(photo)
    photo.wait_for_function("!document.querySelector('#photo-shown .stale')")
    assert not photo.is_visible("#photo-shown .again")
    photo.click("#photo-control-blur label:has-text('Average')")
    photo.click("#photo-control-blur label:has-text('Defocus')")  # back again: the same result, but made anew
    photo.wait_for_selector("#photo-shown .again")
    restore(photo)
    photo.wait_for_function("!document.querySelector('#photo-shown .stale')")
    photo.click("#photo-upload button[aria-label='Remove Image']")
    photo.wait_for_selector("#photo-shown .again")


def test_a_sharp_photo_is_blurred_first_and_judged_by_the_truth(photo, tmp_path) -> None:
    levels = to_bytes(photograph((260, 340, 3)))
    Image.fromarray(levels).save(tmp_path / "sharp.png")
    photo.click("#photo-mode label:has-text('sharp')")
    bring(photo, tmp_path / "sharp.png")
    photo.wait_for_selector("#photo-estimate", state="hidden")  # nothing to estimate in a sharp one
    assert photo.inner_text("#photo-start") == "Blur and restore at full size"
    told = restore(photo)
    sharp = read_image(tmp_path / "sharp.png")
    blurred = DEGRADATION.apply(sharp)
    restored = RESTORERS["wiener"].restore(blurred, DEGRADATION)
    assert f"{digits(psnr(blurred, sharp))} dB before, {digits(psnr(restored, sharp))} dB after" in told
    address = photo.locator("#photo-shown img.first").evaluate("image => image.src")
    with urllib.request.urlopen(address, timeout=30) as answer:
        before = np.asarray(Image.open(io.BytesIO(answer.read())))
    assert np.abs(before.astype(int) - to_bytes(blurred)).mean() < 3  # it is shown as JPEG
    photo.click("#photo-control-blur label:has-text('Median')")
    photo.wait_for_selector("#photo-control-blur-median-size")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status .note:has-text('still the one before')")  # a refusal leaves the picture, and says so


def test_an_estimate_sets_the_controls_which_stay_adjustable(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(Degradation("gaussian", {"size": 13, "sigma": 2}).apply(photograph((300, 400, 3))))).save(tmp_path / "blurred.png")
    bring(photo, tmp_path / "blurred.png")
    photo.click("#photo-estimate")
    photo.wait_for_selector("#photo-guesses li")
    best = photo.locator("#photo-guesses li span").first.inner_text()
    photo.wait_for_function(
        "best => best.startsWith(document.querySelector('#photo-control-blur input:checked').closest('label').textContent.trim())", arg=best
    )
    photo.click("#photo-control-blur label:has-text('Defocus')")
    photo.wait_for_selector("#photo-control-blur-defocus-radius")
    assert "Defocus" in restore(photo)
    Image.fromarray(to_bytes(photograph((200, 240)))).save(tmp_path / "other.png")
    bring(photo, tmp_path / "other.png")
    photo.wait_for_function("!document.querySelector('#photo-guesses li')")  # that was of the photograph before


def test_what_cannot_be_done_is_said(photo, tmp_path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    photo.set_input_files("#photo-upload input[type=file]", tmp_path / "broken.png")
    photo.wait_for_selector("#photo-told .note:has-text('could not be read')")
    assert photo.locator("#photo-start[disabled]").count() == 1
    photo.click("#photo-upload button[aria-label='Remove Image']")
    Image.new("L", (4100, 3000), 90).save(tmp_path / "large.png")
    bring(photo, tmp_path / "large.png")
    assert "12.3 megapixels; at most 12 can be restored" in photo.inner_text("#photo-told")
    photo.click("#photo-control-blur label:has-text('Median')")
    photo.wait_for_selector("#photo-control-blur-median-size")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status .note:has-text('no convolution')")
    assert "still the one before" not in photo.inner_text("#photo-status")


def test_work_can_be_stopped(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((900, 1200, 3)))).save(tmp_path / "photo.jpg")
    bring(photo, tmp_path / "photo.jpg")
    photo.click("#photo-control-restorer label:has-text('Richardson')")
    photo.wait_for_selector("#photo-control-restorer-richardson-lucy-num-iter")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status progress")
    photo.click("#photo-stop")
    photo.wait_for_selector("#photo-status .note:has-text('Stopped')")
    photo.wait_for_timeout(1000)
    assert photo.is_visible("#photo-start") and not photo.locator("#photo-shown img").count()
    assert "still the one before" not in photo.inner_text("#photo-status")


def test_who_stands_in_line_is_told_and_can_leave_it(photo, phone, page_url, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((900, 1200, 3)))).save(tmp_path / "photo.png")
    bring(photo, tmp_path / "photo.png")
    photo.click("#photo-control-restorer label:has-text('Richardson')")
    photo.wait_for_selector("#photo-control-restorer-richardson-lucy-num-iter")
    visit(phone, page_url + "?blur=average&blur_size=5&restorer=wiener&tab=photo-tab")
    bring(phone, tmp_path / "photo.png")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status progress")
    phone.click("#photo-start")
    phone.wait_for_selector("#photo-status .note:has-text('one at a time')")
    phone.click("#photo-stop")
    phone.wait_for_selector("#photo-status .note:has-text('Stopped')")
    photo.wait_for_selector("#photo-status .verdict", timeout=60_000)
    assert phone.is_visible("#photo-start") and not phone.locator("#photo-shown img").count()


def test_who_stops_a_second_run_reads_that_the_first_result_still_stands(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((900, 1200)))).save(tmp_path / "photo.png")
    bring(photo, tmp_path / "photo.png")
    photo.click("#photo-control-restorer label:has-text('Wiener')")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-shown img")
    photo.click("#photo-control-restorer label:has-text('Richardson')")
    photo.wait_for_selector("#photo-control-restorer-richardson-lucy-num-iter")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status progress")
    photo.click("#photo-stop")
    photo.wait_for_selector("#photo-status .note:has-text('Stopped: nothing was restored. The picture below is still the one before.')")


def test_a_phone_shows_the_tab_without_overflow(phone, page_url) -> None:
    """And in the order of the work: the photograph, what blurred it, what undoes it, the button."""
    visit(phone, page_url + "?tab=photo-tab")
    phone.wait_for_selector("#photo-upload")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tops = [phone.locator(place).bounding_box()["y"] for place in ("#photo-upload", "#photo-control-blur", "#photo-control-restorer", "#photo-start")]
    assert tops == sorted(tops)


def test_the_seconds_go_on_between_two_steps(photo, tmp_path) -> None:
    Image.fromarray(to_bytes(photograph((1400, 1800)))).save(tmp_path / "photo.png")  # one step: nothing comes from the server meanwhile
    bring(photo, tmp_path / "photo.png")
    photo.click("#photo-control-restorer label:has-text('Richardson')")
    photo.wait_for_selector("#photo-control-restorer-richardson-lucy-num-iter")
    photo.click("#photo-start")
    photo.wait_for_selector("#photo-status .progress:has-text('0 of 1 colours')")
    before = int(photo.get_attribute("#photo-status [data-spent]", "data-spent"))
    photo.wait_for_function("before => parseInt(document.querySelector('#photo-status [data-spent]').textContent) > before + 1", arg=before)
    assert photo.get_attribute("#photo-status [data-spent]", "data-spent") == str(before)
    photo.click("#photo-stop")


@pytest.mark.parametrize(("tab", "shows"), [("results", "table.report"), ("lost-tab", "#details .curve"), ("inside", "#inside .verdict")])
def test_every_tab_has_an_address(phone, page_url, tab, shows) -> None:
    visit(phone, f"{page_url}?blur=average&tab={tab}")
    phone.wait_for_selector(shows)
    phone.wait_for_function("tab => new URLSearchParams(location.search).get('tab') === tab && location.search.includes('blur=average')", arg=tab)
    phone.click("button[role=tab][data-tab-id=play]")
    phone.wait_for_function("new URLSearchParams(location.search).get('tab') === 'play'")
