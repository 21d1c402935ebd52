"""Time from a slider's step to the new picture on the screen, in Chromium, against a running page.

    python app.py &
    python benchmarks/live.py [http://127.0.0.1:7860/]

Prints minimum and median in ms for a garment with each restorer, and for a photograph of 256 px. On a shared machine the minimum is the
figure to trust.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

STEPS = 20

# Steps the slider and resolves once the blurred panel holds another, decoded picture.
STEP = """async value => {
  const slider = document.querySelector('#control-blur-average-size input[type=range]');
  const image = () => document.querySelector('#stage .blurred img');
  const before = image().src, start = performance.now();
  slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true}));
  while (image().src === before) await new Promise(done => requestAnimationFrame(done));
  await image().decode();
  return performance.now() - start;
}"""


def measure(page) -> str:  # type: ignore[no-untyped-def]
    """Step through the sizes and back."""
    sizes = [5 + 2 * (step % 8) for step in range(STEPS)]
    times = [page.evaluate(STEP, size) for size in sizes]
    return f"min {min(times):6.1f} ms   median {statistics.median(times):6.1f} ms"


def main(url: str) -> None:
    """Measure all cases."""
    with sync_playwright() as driver:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for restorer in ("unsharp", "wiener", "richardson_lucy", "total_variation", "thesis", "universal"):
            page.goto(f"{url}?blur=average&restorer={restorer}")
            page.wait_for_selector("#stage img")
            if not page.locator(f"#control-restorer input[value={restorer}]").count():
                continue
            page.wait_for_timeout(2000)
            measure(page)
            print(f"garment     {restorer:16} {measure(page)}")
        with tempfile.TemporaryDirectory() as folder:
            from PIL import Image

            picture = Path(folder) / "photograph.png"
            rows, columns = np.mgrid[:384, :512]
            levels = np.stack([127 + 90 * np.sin(rows / 9 + shift) * np.cos(columns / 13) for shift in range(3)], 2)
            Image.fromarray(levels.astype(np.uint8)).save(picture)
            page.goto(f"{url}?blur=average&restorer=wiener")
            page.wait_for_selector("#stage img")
            page.wait_for_timeout(2000)
            page.locator("#control-source label").nth(1).click()
            page.set_input_files("#upload input[type=file]", picture)
            page.wait_for_function("document.querySelector('#stage .sharp img').naturalWidth === 256")
            print(f"photograph  {'wiener':16} {measure(page)}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860/")
