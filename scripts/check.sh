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

# Tests of the screen and of evaluation run beside all others, and are reported after
# them. Each half has half of the cores. Coverage is that of both together.
export OMP_NUM_THREADS=$((($(nproc) + 1) / 2))
counting=(--cov --cov-report= --cov-fail-under=0)
beside() {
    local status=0
    xvfb-run --auto-servernum --server-args="-screen 0 1400x900x24" \
        pytest tests/plugin "$@" || status=$?
    COVERAGE_FILE=.coverage.evaluation pytest tests/evaluation "${counting[@]}" "$@" || status=$?
    return "$status"
}
report=$(mktemp)
trap 'rm -f "$report"' EXIT
beside "$@" >"$report" 2>&1 &
status=0
COVERAGE_FILE=.coverage.rest \
    pytest --ignore tests/plugin --ignore tests/evaluation "${counting[@]}" "$@" || status=$?
wait "$!" || status=$?
cat "$report"
coverage combine --quiet
coverage report --skip-covered || status=$?
exit "$status"
