"""Before torch is loaded into a process that already shows a viewer.

GNU's OpenMP, which torch brings on Linux, lets threads that wait for each other spin;
where other work keeps a core busy, that costs several times the work itself. They are
told to sleep soon (GOMP_SPINCOUNT, https://gcc.gnu.org/onlinedocs/libgomp/).

Triton's library and Mesa's OpenGL drivers on Linux each bring an LLVM whose
symbols clash: importing Triton after Mesa's LLVM is loaded, as it is beside an
open viewer, ends the process with a segmentation fault. torch imports Triton for
its compiler alone, which inference does without. The same clash is described at
https://github.com/tensorflow/tensorflow/issues/124205.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

SPINS = "1000"
LOADED_LIBRARIES = Path("/proc/self/maps")


def prepare_for_torch() -> None:
    """Keep threads from spinning, Triton from crashing, and advice to programmers from users."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    if "triton" not in sys.modules and _mesa_llvm_is_loaded():
        sys.modules["triton"] = None  # type: ignore[assignment]
    warnings.filterwarnings("ignore", message=r"`torch\.jit", category=FutureWarning)
    warnings.filterwarnings("ignore", message="Detected old nnU-Net plans", category=UserWarning)


def _mesa_llvm_is_loaded() -> bool:
    return LOADED_LIBRARIES.exists() and "/libLLVM" in LOADED_LIBRARIES.read_text()
