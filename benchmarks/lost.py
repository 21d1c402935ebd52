"""How long each view of the What is lost tab takes to compute, first and kept: ms, for every filter and four garments.

    python -m benchmarks.lost

The slowest of the four garments counts; on a shared machine the processor's time, which is what is printed, is the figure to trust.
"""

import time
from collections.abc import Callable

from deblur.blur import BLURS
from deblur.lessons import ledger, twins
from deblur.ui import details, lost
from deblur.ui.state import State
from deblur.ui.texts import load_texts

GARMENTS = (1, 2, 7, 20)


def milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Print a row for each filter."""
    texts = load_texts("en")
    for part in (lost.twin, lost.storage, lost.invented):
        lost.view(part, State.from_query({"garment": "5"}), None, texts)  # Keras, weights and everything else that is slow once
    print("| filter | curve | curve kept | twins | twins kept | storage | invented |\n| --- | --: | --: | --: | --: | --: | --: |")
    for blur in BLURS:
        rows = []
        for garment in GARMENTS:
            state = State.from_query({"blur": blur, "garment": str(garment)})
            linear = state.degradation.psf is not None
            ledger._spectrum.cache_clear()
            twins._twins.cache_clear()
            curve = [milliseconds(lambda state=state: details.view(state, ledger.SHAPE, None, None, texts)) if linear else 0.0 for _ in range(2)]
            pair, kept, storage, invented = (
                milliseconds(lambda state=state, part=part: lost.view(part, state, None, texts))
                for part in (lost.twin, lost.twin, lost.storage, lost.invented)
            )
            rows.append([*curve, pair, kept, storage, invented])
        print(f"| {blur} | " + " | ".join(f"{max(column):.0f}" for column in zip(*rows, strict=True)) + " |", flush=True)


if __name__ == "__main__":
    main()
