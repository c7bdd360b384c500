"""The benchmark for GPUs in miniature, on a CPU: so that it runs once a GPU is at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "gpu.py"
SMALL = ("--device", "cpu", "--slices", "20", "--size", "64", "--models", "tiny")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_runs_to_its_end(tmp_path):
    tables = tmp_path / "gpu.md"
    subprocess.run([sys.executable, BENCHMARK, *SMALL, "--output", tables], check=True)
    text = tables.read_text(encoding="utf-8")
    for part in ("The ensemble", "Two processes at once", "Within one process", "Cancelling"):
        assert f"## {part}" in text
    for preset in ("exact", "balanced", "fast"):
        assert f"| {preset} |" in text
