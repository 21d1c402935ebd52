"""What several tests share: pictures, the running page and a real browser."""

import os
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

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

ROOT = Path(__file__).parent.parent
BROWSER_REQUIRED = os.environ.get("BROWSER_TESTS") == "required"


@pytest.fixture
def grey() -> np.ndarray:
    """A non-square grey picture with edges, texture, pure black and pure white."""
    return _picture((40, 53))


@pytest.fixture
def rgb() -> np.ndarray:
    """The same in colour."""
    return _picture((37, 44, 3))


def _picture(shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    base = 0.5 + 0.4 * np.sin(rows / 5) * np.cos(columns / 7)
    base[10:20, 15:30] = 1.0
    base[25:33, 5:14] = 0.0
    picture = base if len(shape) == 2 else np.stack([base, 1 - base, base**2], axis=2)
    return (np.rint(255 * np.clip(picture + rng.normal(0, 0.02, shape), 0, 1)) / np.float32(255)).astype(np.float32)


@pytest.fixture(scope="session")
def page_url(tmp_path_factory) -> Iterator[str]:
    """`python app.py` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "NO_PROXY": "127.0.0.1,localhost"}
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
