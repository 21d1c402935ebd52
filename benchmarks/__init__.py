"""Measurements, each run by a command. What is measured in this process runs under what app.py sets."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
