"""Time from a slider's step to the new picture on the screen, and from a click to its answer in the views, in Chromium, against a running page.

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

# Clicks a pixel of a view's picture and resolves once the view answers for it.
CLICK = """async ([view, answer, row, column]) => {
  const image = document.querySelector(view + ' .markable img'), box = image.getBoundingClientRect(), start = performance.now();
  const place = (from, length, pixel, pixels) => from + (pixel + 0.5) / pixels * length;
  image.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: place(box.left, box.width, column, 28), clientY: place(box.top, box.height, row, 28)}));
  const said = new RegExp('(Row|row) ' + row + ', column ' + column + '\\\\b');
  while (!said.test(document.querySelector(answer).textContent)) await new Promise(done => requestAnimationFrame(done));
  return performance.now() - start;
}"""


def measure(page) -> str:  # type: ignore[no-untyped-def]
    """Step through the sizes and back."""
    sizes = [5 + 2 * (step % 8) for step in range(STEPS)]
    return told([page.evaluate(STEP, size) for size in sizes])


def told(times: list[float]) -> str:
    return f"min {min(times):6.1f} ms   median {statistics.median(times):6.1f} ms   max {max(times):6.1f} ms"


def clicks(page, view: str, answer: str) -> str:  # type: ignore[no-untyped-def]
    """Click pixels all over the picture."""
    return told([page.evaluate(CLICK, [view, answer, 3 + (7 * step) % 23, 4 + (5 * step) % 19]) for step in range(STEPS)])


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
        for blur in ("average", "median", "motion"):
            for restorer in ("universal", "thesis"):
                page.goto(f"{url}?blur={blur}&restorer={restorer}&tab=inside")
                page.wait_for_selector("#inside-own .verdict")
                clicks(page, "#inside", "#inside .verdict")
                print(f"pixel       {blur:16} {clicks(page, '#inside', '#inside .verdict')}")
                print(f"its weights {blur:8} {restorer:7} {clicks(page, '#inside', '#inside-own')}")
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
