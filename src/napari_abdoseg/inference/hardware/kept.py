"""Where a machine keeps what it has measured of itself."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("napari-abdoseg", "nnunetv2", "torch")


def kept_file(what: str, conditions: Mapping[str, object]) -> Path:
    """File for what was measured under some conditions.

    Parameters
    ----------
    what : str
        Names the folder.
    conditions : mapping
        What it depends on besides the machine, the threads of its CPU and the versions that run,
        ready for JSON.
    """
    import torch

    threads = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    all_conditions = {
        "machine": (platform.node(), platform.machine(), os.cpu_count(), *threads),
        "versions": [version(package) for package in PACKAGES],
        **conditions,
    }
    digest = hashlib.sha256(json.dumps(all_conditions, sort_keys=True).encode()).hexdigest()
    return kept_folder(what) / f"{digest}.json"


def kept_folder(what: str) -> Path:
    """Folder for measurements of one kind, below that of the user's logs."""
    import platformdirs

    return platformdirs.user_state_path("napari-abdoseg", appauthor=False) / what
