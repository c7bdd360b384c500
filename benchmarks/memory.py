"""Memory of processes, as Linux counts it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

MB = 1e6
PAUSE = 0.3
"""Seconds between two looks at other processes."""
Shares = dict[psutil.Process, tuple[int, int]]
"""Resident and proportional set size of processes, in bytes."""


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


def peak_tree_mb(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; most memory in MB that it and its descendants had together."""
    tree, peak = psutil.Process(process.pid), 0.0
    known: Shares = {}
    while process.poll() is None:
        peak = max(peak, tree_mb(tree, known))
        with suppress(subprocess.TimeoutExpired):
            process.wait(PAUSE)
    return peak


def tree_mb(root: psutil.Process, known: Shares) -> float:
    """Memory of a process and its descendants now; what they share counts once (PSS).

    Reading a share takes milliseconds of a core, so ``known`` keeps that of every process
    whose resident memory is still the same.
    """
    total = 0
    with suppress(psutil.NoSuchProcess):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                resident = process.memory_info().rss
                if process not in known or known[process][0] != resident:
                    known[process] = resident, process.memory_full_info().pss
                total += known[process][1]
    return total / MB
