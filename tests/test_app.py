"""The Space: front matter, pins, and both kinds of hardware."""

import re
import subprocess
import sys

from .conftest import ROOT


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return dict(re.match(r"([a-z-]+)(?:\[\w+\])?==(\S+)", line).groups() for line in lines if line and not line.startswith("#"))


def front_matter() -> dict[str, str]:
    head = (ROOT / "README.md").read_text().split("---\n")[1]
    return {key: value.strip().strip('"') for key, _, value in (line.partition(":") for line in head.splitlines() if line.strip())}


def test_front_matter_agrees_with_the_pins() -> None:
    head = front_matter()
    assert head["sdk"] == "gradio" and head["sdk_version"] == pins()["gradio"]
    assert head["app_file"] == "app.py" and head["python_version"] == "3.12"
    assert head["license"]
    assert len(head["short_description"]) <= 60  # what a Space's card shows


def test_every_dependency_is_pinned() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in line for line in lines)
    assert {"gradio", "tensorflow-cpu", "tensorflow", "opencv-python-headless", "numpy", "matplotlib", "spaces"} <= set(pins())


def test_app_gives_zero_gpu_the_function_it_asks_for() -> None:
    """ZeroGPU looks for a function decorated with `spaces.GPU` when the app is imported; TensorFlow must not be needed for that."""
    script = (
        "import sys, types\n"
        "seen = []\n"
        "sys.modules['spaces'] = types.SimpleNamespace(GPU=lambda function: seen.append(function) or function)\n"
        "import app\n"
        "assert len(seen) == 1 and seen[0]() is None\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print(type(app.demo).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "Blocks", done.stderr
