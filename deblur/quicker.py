"""The universal network in forms that go over some pictures sooner."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
from keras import layers

from deblur.networks import FIRST, LAST, AddCut
from deblur.once import once

IN_BFLOAT16 = layers.Conv2D | layers.Conv2DTranspose | layers.Add | layers.Multiply | layers.Activation | AddCut  # not the few numbers of the condition


@once(2)
def compiled(network: keras.Model) -> keras.Model:
    """The same network, compiled for the size of its pictures: a garment takes half as long, a large picture longer, and the first of a size a second."""
    quick = keras.Model(network.inputs, network.outputs)
    quick.compile(jit_compile=True)
    return quick


@once(2)
def in_bfloat16(network: keras.Model) -> keras.Model:
    """A copy whose convolutions but the first and the last multiply in bfloat16, with 8 binary places: signals are rounded so, pictures are not.

    Raises:
        ValueError: The network may still be trained; the copy would not follow.
    """
    if network.trainable:
        raise ValueError("a network that may still be trained: expected one that `weights.load` gives. Set its `trainable` to False first.")

    def copied(layer: Any) -> Any:
        settings = layer.get_config()
        if isinstance(layer, IN_BFLOAT16) and layer.name not in (FIRST, LAST):
            settings["dtype"] = "mixed_bfloat16"
        return type(layer).from_config(settings)

    copy = keras.models.clone_model(network, clone_function=copied)
    copy.set_weights(network.get_weights())
    return copy


def has_bfloat16() -> bool:
    """Whether this processor multiplies in bfloat16 and TensorFlow has it do so; where they only imitate it, it is slower than float32."""
    return keras.backend.backend() == "tensorflow" and os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").lower() not in ("0", "false") and "avx512_bf16" in _processor_flags()


@lru_cache(maxsize=1)
def _processor_flags() -> frozenset[str]:
    told = Path("/proc/cpuinfo")  # Linux only: other systems go on in float32
    return frozenset(told.read_text().split()) if told.exists() else frozenset()
