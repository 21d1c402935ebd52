#!/bin/sh
# All checks, as they run in CI: style, types, imports, tests.
set -e
cd "$(dirname "$0")/.."
find deblur -name "*.pyi" -delete # Gradio writes one beside every module with a component of its own; mypy would read it instead of the module
ruff check .
mypy
lint-imports
python -m pytest -q
