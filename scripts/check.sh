#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, types, floors, manifest, tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

ruff check
ruff format --check
mypy
lint-imports
npe2 validate napari-abdoseg
xvfb-run --auto-servernum --server-args="-screen 0 1400x900x24" \
    pytest --cov --cov-report=term:skip-covered "$@"
