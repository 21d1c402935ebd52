"""Draw your shake on the real page, by mouse, touch and keyboard: what is seen against a blur computed here; and its sentences."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.estimate import estimate
from deblur.image import from_bytes, to_bytes
from deblur.lessons.shake import MAX_POINTS, camera_path, camera_shake, path_psf, turned
from deblur.restore import RESTORERS
from deblur.ui import pad, shake
from deblur.ui.state import FIRST_GARMENT, State
from deblur.ui.texts import LANGUAGES, digits, load_texts, signed

from .conftest import PHONE, open_tab, photograph, visit
from .test_page import settle


def garment() -> np.ndarray:
    return from_bytes(load_fashion_mnist("test")[0][FIRST_GARMENT])


def moved_and_added(sharp: np.ndarray, psf: np.ndarray) -> np.ndarray:
    """The blur, one weight after the other: the mirrored picture moved by each place of the PSF and added up, rounded to 8 bits."""
    reach = [size // 2 for size in psf.shape]
    wide = np.pad(sharp.astype(float), [(far, far) for far in reach], mode="reflect")
    blurred = np.zeros(sharp.shape)
    for down, right in np.argwhere(psf):
        top, left = 2 * reach[0] - down, 2 * reach[1] - right
        blurred += psf[down, right] * wide[top : top + sharp.shape[0], left : left + sharp.shape[1]]
    return np.rint(255 * blurred)


def pixels(page, selector: str) -> np.ndarray:
    address = page.get_attribute(f"{selector} img", "src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def open_shake(page) -> None:
    open_tab(page, "Draw your shake")
    page.wait_for_selector("#shake-first .blurred img")


def told(page) -> dict:
    """What the field says, read from the line that it shows."""
    drawn = page.get_attribute("#shake-pad .drawn", "points") or ""
    return {"points": [[float(number) for number in reversed(point.split(","))] for point in drawn.split()]}


def wait_for(page, psf: np.ndarray, noise: float = 0) -> None:
    """Wait until the shaken picture is the one of this PSF: at once, to the level."""
    expected = to_bytes(Degradation.from_psf(psf, noise).apply(garment()))
    for _ in range(100):
        if page.locator("#shake-first .blurred img").count() and np.abs(pixels(page, "#shake-first .blurred").astype(int) - expected).max() <= 1:
            break
        page.wait_for_timeout(300)
    shown = pixels(page, "#shake-first .blurred").astype(int)
    if not noise:
        assert np.abs(shown - moved_and_added(garment(), psf)).max() <= 1
    assert np.abs(shown - expected).max() <= 1


def spot(page, row: float, column: float) -> tuple[float, float]:
    """Where a pixel of the field lies on the screen."""
    box = page.locator("#shake-pad svg").bounding_box()
    return box["x"] + (column + 0.5) / pad.FIELD * box["width"], box["y"] + (row + 0.5) / pad.FIELD * box["height"]


STROKES = [(8, 8), (8, 12), (11, 12), (12, 9)]


def test_a_path_painted_by_mouse_blurs_and_is_undone_three_times(page) -> None:
    open_shake(page)
    page.mouse.move(*spot(page, *STROKES[0]))
    page.mouse.down()
    for stroke in STROKES[1:]:
        page.mouse.move(*spot(page, *stroke), steps=5)
    page.mouse.up()
    points = told(page)["points"]
    assert np.allclose([points[0], points[-1]], [STROKES[0], STROKES[-1]], atol=0.1) and len(points) > 10
    psf = path_psf(points)
    assert np.abs(psf - _padded(path_psf(STROKES), psf.shape)).max() < 0.03  # it is what was painted
    wait_for(page, psf)
    page.wait_for_selector("#shake-rest [data-key]:not(.stale) .verdict")
    key = page.get_attribute("#shake-first [data-key]", "data-key")
    page.wait_for_selector(f"#shake-rest [data-key='{key}'] .verdict")
    blurred = from_bytes(pixels(page, "#shake-first .blurred"))
    guess = estimate(blurred)[0]
    believed = (Degradation.from_psf(psf), Degradation.from_psf(turned(psf, 10)), guess.degradation)
    verdict = page.inner_text("#shake-rest .verdict")
    for place, degradation in enumerate(believed):
        restored = RESTORERS["universal"].restore(blurred, degradation)
        panel = page.locator("#shake-rest .restored").nth(place)
        address = panel.locator("img").get_attribute("src")
        seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))
        assert np.abs(seen - 255 * restored).max() < 2
        before, after = (-10 * np.log10(np.mean((picture.astype(float) - garment()) ** 2)) for picture in (blurred, restored))
        assert float(panel.locator("dd").nth(0).inner_text().split()[0]) == pytest.approx(after, abs=0.06)
        gain = re.findall(r"([+−][\d.]+) dB", verdict)[place].replace("−", "-")
        assert float(gain) == pytest.approx(after - before, abs=0.06)
    assert load_texts("en")(f"blur.{guess.degradation.blur}.label") in verdict and "turned by 10°" in verdict


def _padded(psf: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    wide = np.pad(psf, [(size, size) for size in shape])
    return wide[tuple(slice(full // 2 - size // 2, full // 2 + size // 2 + 1) for full, size in zip(wide.shape, shape, strict=True))]


def test_a_path_painted_by_a_finger_does_not_scroll_the_page(phone) -> None:
    open_shake(phone)
    phone.locator("#shake-pad svg").scroll_into_view_if_needed()
    before = phone.evaluate("window.scrollY")
    session = phone.context.new_cdp_session(phone)
    places = [spot(phone, *stroke) for stroke in STROKES]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": places[0][0], "y": places[0][1]}]})
    for x, y in places[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.wait_for_function("document.querySelectorAll('#shake-pad .drawn')[0].getAttribute('points').split(' ').length >= 4")
    points = told(phone)["points"]
    assert np.allclose(points, STROKES, atol=0.15)
    wait_for(phone, path_psf(points))
    assert phone.evaluate("window.scrollY") == before
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_path_painted_by_keys_and_cleared(page) -> None:
    open_shake(page)
    page.focus("#shake-pad svg")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    assert told(page)["points"] == [[11, 11], [11, 12], [11, 13], [12, 13], [12, 12], [13, 12]]
    wait_for(page, path_psf([(11, 11), (11, 13), (12, 13), (12, 12), (13, 12)]))
    page.keyboard.press("Shift+ArrowDown")
    assert told(page)["points"] == [[14, 12]]
    wait_for(page, np.ones((1, 1)))
    page.keyboard.press("Escape")
    page.wait_for_selector("#shake-first .note:has-text('paint a line')")
    page.wait_for_function("!document.querySelector('#shake-rest figure') || document.querySelector('#shake-rest .stale')")


def test_ready_made_shakes_show_their_path_and_the_dice_makes_others(page) -> None:
    open_shake(page)
    seed = json.loads(pad.FIRST)["seed"]
    wait_for(page, camera_shake("light", seed))
    page.click("#shake-pad [data-strength=strong]")
    page.wait_for_selector("#shake-pad [data-strength=strong][aria-pressed=true]")
    wait_for(page, camera_shake("strong", seed))
    page.wait_for_function("document.querySelector('#shake-pad .ready').getAttribute('points')?.split(' ').length === 400")
    shown = np.array([[float(number) for number in point.split(",")] for point in page.get_attribute("#shake-pad .ready", "points").split()])
    assert np.allclose(shown[:, ::-1] - 11, camera_path("strong", seed), atol=0.006)
    before = pixels(page, "#shake-first .blurred")
    old = page.get_attribute("#shake-first .blurred img", "src")
    page.click("#shake-pad [data-seeds]")
    page.wait_for_function("old => document.querySelector('#shake-first .blurred img').src !== old", arg=old)
    assert not np.array_equal(pixels(page, "#shake-first .blurred"), before)


def test_a_ready_made_shake_is_in_the_link(page, page_url) -> None:
    visit(page, page_url + "?shake=medium-77&blur=average")
    settle(page, blur="average")
    assert page.locator("#stage .note").count() == 0
    open_shake(page)
    wait_for(page, camera_shake("medium", 77))
    page.click("#shake-pad [data-strength=strong]")
    page.wait_for_function("location.search.includes('shake=strong-77') && location.search.includes('blur=average')")
    page.click("#shake-pad .clear")
    page.wait_for_function("!location.search.includes('shake=')")


def test_noise_and_restorer_are_followed(page) -> None:
    open_shake(page)
    page.locator("#control-shake-noise input[type=number]").fill("0.05")
    page.locator("#control-shake-noise input[type=number]").blur()
    wait_for(page, camera_shake("light", json.loads(pad.FIRST)["seed"]), 0.05)
    assert "noise 0.05" in page.inner_text("#shake-first .blurred .what")
    page.click("#control-shake-restorer label:has-text('Thesis')")
    page.wait_for_selector("#shake-rest .verdict:has-text('does not look at the path')")


def setting(told: object, restorer: str = "wiener", **more: object) -> shake.Setting:
    told = told if isinstance(told, str) else json.dumps(told)
    return shake.Setting.of(told, more.get("noise", 0), more.get("turn", 10), restorer, State.from_query({}), more.get("upload"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        ({"points": []}, "bad_path"), ({"points": [[0, float("nan")]]}, "bad_path"), ({"points": [[1, 2], [3]]}, "bad_path"), ({"points": "line"}, "bad_path"),
        ({"points": [[10**400, 0]]}, "bad_path"), ({"points": [[True, 0]]}, "bad_path"), ("[" * 90_000, "bad_path"), ("not JSON", "bad_path"), ("[]", "bad_path"),
        ({}, "bad_path"), ({"points": [[0, 0], [0, 200]]}, "path_too_long"), ({"points": [[0, 1]] * (MAX_POINTS + 1)}, "too_many_points"),
        ("x" * 200_000, "too_many_points"), ({"strength": "mighty"}, "bad_value"), ({"strength": "light", "seed": -1}, "bad_value"),
        ({"strength": "light", "seed": "1"}, "bad_value"), ({"strength": ["light"]}, "bad_value"),
    ],
)  # fmt: skip
def test_what_is_no_path_gets_one_sentence(drawn, code, language) -> None:
    texts = load_texts(language)
    html = shake.first(setting(drawn), texts)
    assert 'class="note"' in html and "<img" not in html and "figure" not in shake.rest(setting(drawn), texts)
    wording = texts.get(f"reason.{code}")
    assert wording is None or wording.split("{")[0] in html


def test_nonsense_in_the_sliders_becomes_allowed() -> None:
    made = shake.Setting.of(pad.FIRST, float("nan"), "far", "magic", State.from_query({}), None)
    assert (made.noise, made.turn) == (0, 10) and made.restorer in RESTORERS


@pytest.mark.parametrize("restorer", RESTORERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_restorer_gets_its_sentence(restorer, language) -> None:
    texts = load_texts(language)
    psf = path_psf([(0, 0), (0, 4), (3, 4)])
    html = shake.rest(setting({"points": [[5, 5], [5, 9], [8, 9]]}, restorer, turn=45), texts)
    blurred = Degradation.from_psf(psf).apply(garment())
    restored = RESTORERS[restorer].restore(blurred, Degradation.from_psf(turned(psf, 45)))
    gain = 10 * np.log10(np.mean((blurred.astype(float) - garment()) ** 2) / np.mean((restored.astype(float) - garment()) ** 2))
    assert f"{signed(gain)} dB" in html and html.count("<figure") == 3
    same = texts("shake.same", restorer=texts(f"restorer.{restorer}.label"), gain="|", took="").split("|")[0]
    assert (same in html.replace("&#x27;", "'")) == (restorer in ("unsharp", "thesis"))


def test_a_refusal_stands_where_the_picture_would_be() -> None:
    long = {"points": [[0, 0], [0, 28], [0, 0.5], [1, 0], [0, 1], [1, 1], [0, 0], [1, 1]] + [[0, 0], [1, 1]] * 40}
    html = shake.rest(setting(long, "universal"), load_texts("en"))
    assert 'class="instead"' in html and "nothing (it refuses) with the right path" in html


def test_a_photograph_is_shaken_in_colour() -> None:
    upload = to_bytes(photograph((40, 52, 3)))
    made = shake.Setting.of(pad.FIRST, 0, 10, "wiener", State.from_query({}), upload)
    yours = shake.Setting(made.told, 0, 10, "wiener", State.from_fields({"source": "yours"}.get), upload)
    html = shake.first(yours, load_texts("en"))
    address = re.findall(r'src="([^"]*)"', html)[2]
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))
    psf = camera_shake("light", json.loads(pad.FIRST)["seed"])
    expected = np.stack([moved_and_added(from_bytes(upload)[:, :, channel], psf) for channel in range(3)], axis=2)
    assert np.abs(seen - expected).max() <= 1 and made.key != yours.key
    assert digits(-10 * np.log10(np.mean((from_bytes(seen).astype(float) - from_bytes(upload)) ** 2))) in html
