"""Keeping Triton out of a process that it would crash.

Triton's library and Mesa's OpenGL drivers on Linux each bring an LLVM whose
symbols clash: importing Triton after Mesa's LLVM is loaded, as it is beside an
open viewer, ends the process with a segmentation fault. torch imports Triton for
its compiler alone, which inference does without. The same clash is described at
https://github.com/tensorflow/tensorflow/issues/124205.
"""

from __future__ import annotations

import sys
from pathlib import Path

LOADED_LIBRARIES = Path("/proc/self/maps")


def keep_triton_out_beside_mesa() -> None:
    """Make ``import triton`` an ImportError, if it would crash."""
    if "triton" not in sys.modules and _mesa_llvm_is_loaded():
        sys.modules["triton"] = None  # type: ignore[assignment]


def _mesa_llvm_is_loaded() -> bool:
    return LOADED_LIBRARIES.exists() and "/libLLVM" in LOADED_LIBRARIES.read_text()
