"""How workers share the tests, where one of them crashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from file_by_file import FileByFile

def pytest_xdist_make_scheduler(config, log):
    return FileByFile(config, log)
"""
FOUR = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_passes(number):
    pass
"""
CRASH = """
import os
from pathlib import Path

def test_crashes_once():
    mark = Path(__file__).with_name("crashed")
    if not mark.exists():
        mark.touch()
        os.abort()
"""


@pytest.mark.parametrize("place", [8, 15])
def test_all_that_is_left_is_tested_when_a_worker_has_crashed(tmp_path, place):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for number in range(16):
        (tmp_path / f"test_{number:02}.py").write_text(CRASH if number == place else FOUR)
    words = "-q -p xdist -p no:cacheprovider -p no:faulthandler -n 2 --dist loadfile"
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words.split(), "--no-loadscope-reorder"],
        cwd=tmp_path,
        env=os.environ | alone,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 failed, 61 passed" in done.stdout, done.stdout + done.stderr
