#!/usr/bin/env bash
# Everything that must hold before a change lands: lint, types, floors, manifest, tests.
# With the word `slow` the tests that take minutes instead, which the others leave out; they have
# limits of their own.
# More words are options of pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

if [ "${1:-}" = slow ]; then
    shift
    kind=(-m slow -o faulthandler_timeout=7500)
else
    kind=(--cov --cov-report=)
    ruff check
    ruff format --check
    mypy &
    types=$!
    lint-imports
    npe2 validate napari-abdoseg
    wait "$types"
fi

# One worker for each core takes file after file from a common queue, that of the longest
# rooms first. Each has a screen of its own, as windows take the focus from each other.
workers=() screens=()
trap 'kill "${screens[@]}" 2>/dev/null || true' EXIT
for _ in $(seq "$(env -u OMP_NUM_THREADS nproc)"); do
    exec {screen}< <(exec Xvfb -displayfd 1 -screen 0 1400x900x24 -nolisten tcp 2>/dev/null)
    screens+=("$!")
    read -r number <&"$screen"
    workers+=(--tx "popen//env:DISPLAY=:$number")
done
export OMP_NUM_THREADS=1
mapfile -t rooms < <(printf '%s\n' tests/*/ tests/test_*.py | sort --reverse)
pytest "${rooms[@]}" "${kind[@]}" "${workers[@]}" \
    --dist loadfile --no-loadscope-reorder --max-worker-restart 1 --durations 15 "$@"

if [ "${kind[0]}" = --cov ]; then
    coverage report --skip-covered --omit '*/plugin/*' --fail-under 95
    coverage report --skip-covered --include '*/plugin/*' --fail-under 90
fi
