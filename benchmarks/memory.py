"""Memory of this process, as Linux counts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

MB = 1e6


def extra_mb(work: Callable[[], object]) -> float:
    """Most memory in MB that ``work`` needs beyond what is resident before it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts afresh
    before = resident_mb("VmRSS")
    work()
    return resident_mb("VmHWM") - before


def resident_mb(which: str) -> float:
    """Resident memory, now (``"VmRSS"``) or at its peak (``"VmHWM"``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) * 1024 / MB
