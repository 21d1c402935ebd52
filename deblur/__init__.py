"""Deblur playground: blur a picture with a known filter, try to undo it, and understand what happened.

Pictures: float32 in [0, 1], shape (H, W) for grey or (H, W, 3) for RGB; row 0 is the top. A function that takes a picture never changes it.
Three of them go together, of one shape: `sharp`, `blurred` and `restored`. Functions raise `ValueError` with one sentence that says what was
given, what was expected and what to do. Everything random takes a seed or a `numpy.random.Generator`.
"""

__version__ = "0.1.0"
