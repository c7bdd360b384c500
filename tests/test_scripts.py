"""Benchmarks, and scripts that make the documents' pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
IMPORT_ALL = """
import importlib, sys, traceback
from pathlib import Path

for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    for script in sorted(Path(folder).glob("*.py")):
        try:
            importlib.import_module(script.stem)
        except ModuleNotFoundError as error:
            if error.name != "monai":  # a rival, which needs an environment of its own
                traceback.print_exc()
        except Exception:
            traceback.print_exc()
"""


@pytest.mark.slow
def test_all_that_they_import_is_there(tmp_path):
    folders = [str(ROOT / "benchmarks"), str(ROOT / "docs")]
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *folders],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in run.stderr, run.stderr
