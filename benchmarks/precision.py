"""What the universal network gains in time and loses in PSNR by convolving in bfloat16, on pictures that it was not trained on.

    python -m benchmarks.precision --photos FOLDER    # the folder it was trained with: its last 20 photographs are held out

The time is of one round of the network in float32 over that of one in bfloat16, the shortest of several; below 1 the processor only imitates it.
"""

import argparse
import time
from pathlib import Path
from unittest import mock

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import label, table
from deblur import quicker, stream, universal, weights
from deblur.condition import CONDITION
from deblur.degrade import Degradation
from deblur.physics import PLANES

SIDE = 160  # px of a photograph
SIDES, SECONDS = (28, 64, 96, 128, 256, 512, 1000), 2.0  # that are timed, each so long


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    photos = stream.load_photos(parser.parse_args().photos)[-stream.HELD_PHOTOS :]
    exact = weights.load(universal.NAME)
    forms = (exact, quicker.in_bfloat16(exact))
    print(table("float32 over bfloat16", ["seconds, float32", "ratio"], {f"{side} px": timed(forms, side) for side in SIDES}, 4))
    pictures = np.stack([stream.middle(photo, SIDE) for photo in photos], axis=-1)
    each = (*stream.SETTINGS, *stream.VALIDATED, *(one.with_(storage="float") for one in (*stream.SETTINGS, *stream.VALIDATED) if not one.noise))
    print(table("photographs, dB", ["float32", "lost", "lost at most"], {label(one): lost(forms, pictures, one) for one in each}, 3))


def timed(forms: tuple[keras.Model, keras.Model], side: int) -> list[float]:
    """Seconds of a round in the first form, and how many times that of the second it is."""
    planes, known = np.random.default_rng(0).random((1, side, side, len(PLANES)), np.float32), np.zeros((1, len(CONDITION)), np.float32)
    shortest = [np.inf, np.inf]
    until = time.monotonic() + 2 * SECONDS
    while not np.isfinite(shortest).all() or time.monotonic() < until:
        for place, form in enumerate(forms):
            form.predict_on_batch([planes, known])  # again in the cache after the other one
            start = time.perf_counter()
            form.predict_on_batch([planes, known])
            shortest[place] = min(shortest[place], time.perf_counter() - start)
    return [shortest[0], shortest[0] / shortest[1]]


def lost(forms: tuple[keras.Model, keras.Model], sharp: NDArray, degradation: Degradation) -> list[float]:
    """Mean PSNR in the first form over pictures (H, W, N), and what the second loses on average and at most."""
    rng = np.random.default_rng(0)
    blurred = np.stack([degradation.apply(sharp[..., place], rng) for place in range(sharp.shape[2])], axis=-1)
    with mock.patch.object(quicker, "has_bfloat16", lambda: False):  # else the second form would be taken for the first too
        exact, rounded = (-10 * np.log10(np.mean((universal.restore_with(form, blurred, degradation) - sharp) ** 2, axis=(0, 1))) for form in forms)
    return [float(exact.mean()), float(np.mean(exact - rounded)), float(np.max(exact - rounded))]


if __name__ == "__main__":
    main()
