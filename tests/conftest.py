"""What several tests share: pictures with an odd shape, so that swapped rows and columns show; the running page; a real browser."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes, as in app.py

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deblur.image import from_bytes

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

ROOT = Path(__file__).parent.parent
BROWSER_REQUIRED = os.environ.get("BROWSER_TESTS") == "required"


SHAPES = {"grey": (41, 34), "colour": (37, 46, 3)}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def picture(request) -> np.ndarray:
    """A picture with 8-bit values, light and dark, smooth and rough."""
    return photograph(request.param)


def photograph(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """A made-up picture that 256 levels hold: a slope, blocks and grain; float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    slope = 90 * np.sin(rows / 9) * np.cos(columns / 7) + 120
    blocks = 60 * ((rows // 8 + columns // 11) % 2)
    levels = (slope + blocks)[(...,) + (None,) * (len(shape) - 2)] + rng.normal(0, 12, shape)
    return from_bytes(np.clip(levels, 0, 255).astype(np.uint8))


@pytest.fixture
def asymmetric_psf() -> np.ndarray:
    """Differs from itself mirrored left-right, up-down and turned by 180°."""
    psf = np.array([[0.0, 1.0, 0.0, 4.0, 2.0], [3.0, 9.0, 5.0, 1.0, 0.0], [0.0, 2.0, 7.0, 0.0, 1.0]])
    return psf / psf.sum()


@pytest.fixture(scope="session")
def page_url(tmp_path_factory) -> Iterator[str]:
    """`python app.py` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "NO_PROXY": "127.0.0.1,localhost", "TRAINING_SECONDS": "900"}  # on a busy machine
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)
        assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The system's Chromium; without one the browser tests are skipped, unless BROWSER_TESTS=required."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if BROWSER_REQUIRED:
            pytest.fail("BROWSER_TESTS=required, but no Chromium is installed")
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test that drives the browser two more tries: on a busy machine an answer may come too late once."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))


WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SLOW = 30_000  # ms; a busy machine takes its time


@pytest.fixture
def page(chromium, page_url) -> Iterator[object]:
    """The page, opened wide; afterwards nothing may have gone wrong in the browser and no request may have left the machine."""
    yield from _open(chromium, page_url, WIDE)


@pytest.fixture
def phone(chromium, page_url) -> Iterator[object]:
    yield from _open(chromium, page_url, PHONE)


def _open(chromium, url: str, viewport: dict[str, int]) -> Iterator[object]:
    context = chromium.new_context(viewport=viewport, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(SLOW)
    wrong: list[str] = []
    page.on("pageerror", lambda problem: wrong.append(str(problem)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith((url, "data:", "blob:")) else None)
    visit(page, url)
    yield page
    context.close()
    assert not wrong


def visit(page, url: str) -> None:
    """Open the page and wait for the stage's first answer, once the controls stand as the link says."""
    with page.expect_response(lambda response: "/gradio_api/run" in response.url and response.request.post_data_json["trigger_id"]):
        page.goto(url)
    page.wait_for_selector("#stage .blurred img", state="attached")


def open_tab(page, label: str) -> None:
    """Choose a tab by its label."""
    page.click(f"button[role=tab]:has-text('{label}')")
