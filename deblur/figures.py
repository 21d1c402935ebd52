"""What the universal network reaches, measured: the figures on its card."""

from typing import Any

import keras
import numpy as np

from deblur import metrics, universal
from deblur.data import load_fashion_mnist
from deblur.degrade import Degradation
from deblur.image import Bytes, from_bytes
from deblur.stream import SETTINGS

SIDE = 64  # px: large enough for the network's every layer
SHOWN = (*SETTINGS, *(setting.with_(storage="float") for setting in SETTINGS if setting.psf is not None), Degradation("bilateral"))


def on_garments(network: keras.Model, images: Bytes | None = None, seed: int = 0) -> list[dict[str, Any]]:
    """Measure the network on garments, by default the 10,000 of the test split, at the settings of the results table.

    Args:
        network: The universal one.
        images: uint8 (N, H, W).
        seed: Of the noise, where a setting has any.

    Returns:
        A row for each setting: the degradation, error in % and PSNR in dB over all pictures together, blurred and restored, and the share of
        the pictures that are worse restored than blurred.
    """
    images = load_fashion_mnist("test")[0] if images is None else images
    return [_measured(network, images, setting, seed) for setting in SHOWN]


def _measured(network: keras.Model, images: Bytes, setting: Degradation, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    sharp = from_bytes(images)
    blurred = np.stack([setting.apply(picture, rng) for picture in sharp])
    restored = np.moveaxis(universal.restore_with(network, np.moveaxis(blurred, 0, 2), setting), 2, 0)
    before, after = (np.mean((pictures - sharp) ** 2, axis=(1, 2), dtype=np.float64) for pictures in (blurred, restored))
    return {
        "blur": setting.blur, "values": dict(setting.values), "storage": setting.storage, "pictures": len(images),
        "blurred_error": round(metrics.error(blurred, sharp), 4), "error": round(metrics.error(restored, sharp), 5),
        "blurred_psnr": round(metrics.psnr(blurred, sharp), 3), "psnr": round(metrics.psnr(restored, sharp), 3),
        "harmed": round(float(np.mean(after > before)), 5),
    }


def size(network: keras.Model) -> dict[str, float]:
    """Parameters, and multiplications with additions for each pixel of the picture (convolutions only, all rounds over a picture that is not large)."""
    concrete = keras.models.clone_model(network, input_tensors=[keras.Input((SIDE, SIDE, network.inputs[0].shape[-1])), keras.Input(network.inputs[1].shape[1:])])
    total = 0
    for layer in concrete.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
            places = (layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output).shape[1:3]
            total += int(np.prod(layer.kernel.shape)) * int(np.prod(places))
    return {"parameters": network.count_params(), "multiply_adds_per_pixel": round(universal.ROUNDS * total / SIDE**2)}
