"""What a training costs everybody else: time to its first epoch, and a slider's step of the Play tab without and with it.

    python app.py &
    python benchmarks/training.py [http://127.0.0.1:7860/]

One visitor trains the thesis' network with ReLU, the heaviest there is, on the Train tab; another moves a slider on the Play tab meanwhile. On a
shared machine the minimum is the figure to trust.
"""

import shutil
import sys
import time

from live import measure
from playwright.sync_api import sync_playwright

EPOCH = "number => Number(document.querySelector('#training [data-epoch]')?.dataset.epoch || -1) >= number"
RESTORERS = ("wiener", "thesis")


def main(url: str) -> None:
    """Measure all cases."""
    with sync_playwright() as driver:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])

        def opened(query: str = ""):  # type: ignore[no-untyped-def]
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(300_000)
            page.goto(url + query)
            page.wait_for_selector("#stage img")
            page.wait_for_timeout(2000)
            return page

        player, learner = opened("?blur=average&restorer=wiener"), opened()

        def steps(when: str) -> None:
            for restorer in RESTORERS:
                player.click(f"#control-restorer label:has(input[value={restorer}])")
                player.wait_for_timeout(2000)
                measure(player)
                print(f"{when:9} {restorer:8} {measure(player)}", flush=True)

        learner.click("button[role=tab]:has-text('Train')")
        learner.wait_for_selector("#training .garment-rows img")
        steps("idle")
        for activation in ("none", "relu"):
            learner.click(f"#control-train-activation label:has(input[value={activation}])")
            start = time.perf_counter()
            learner.click("#train-start")
            for number in (0, 1):
                learner.wait_for_function(EPOCH, arg=number)
                print(f"{activation}: epoch {number} seen after {time.perf_counter() - start:.1f} s", flush=True)
            if activation == "relu":
                steps("training")
            learner.click("#train-stop")
            learner.wait_for_selector("#training [data-ending=stopped]")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860/")
