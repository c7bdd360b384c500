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

# Tests of the screen run beside all others, and are reported after them.
screen_report=$(mktemp)
trap 'rm -f "$screen_report"' EXIT
xvfb-run --auto-servernum --server-args="-screen 0 1400x900x24" \
    pytest tests/plugin "$@" >"$screen_report" 2>&1 &
screen_tests=$!
status=0
pytest --ignore tests/plugin --cov --cov-report=term:skip-covered "$@" || status=$?
wait "$screen_tests" || status=$?
cat "$screen_report"
exit "$status"
