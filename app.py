"""The Space's entry point: builds `demo` and launches it. `python app.py` opens the page on this machine."""

import os
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two threads on busy cores wait for each other: 8 ms to factorise a matrix become a second
os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")  # Gradio asks itself at the start whether it is up; a proxy must not answer

import spaces

from deblur.ui import page


@spaces.GPU
def on_zero_gpu() -> None:
    """Do nothing: ZeroGPU hardware asks for one such function, elsewhere the decorator does nothing. The networks stay on the CPU."""


demo = page.build()
demo.queue(max_size=32, default_concurrency_limit=2)

if __name__ == "__main__":
    threading.Thread(target=page.warm_up, daemon=True).start()  # Keras takes seconds to import; the page and the filters do not wait for it
    demo.launch(**page.launch_options())
