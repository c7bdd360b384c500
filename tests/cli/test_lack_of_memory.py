"""A process that may have little memory says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_abdoseg.cli import app as command
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom

resource = pytest.importorskip("resource")
MB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to the limit")
@pytest.mark.parametrize("megabytes", [800, 2400])
def test_too_little_memory_for_torch_is_a_sentence(megabytes, tmp_path: Path):
    write_volume(tmp_path / "ct.nii.gz", make_phantom(1, (30.0, 25.0, 25.0))[0])
    program = "from napari_abdoseg.cli.app import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "predict", "ct.nii.gz", "--output", "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes * MB,) * 2),
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.strip() == f"abdoseg: {command.LACK}"


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), ImportError("no module"), OSError("a")])
def test_other_faults_keep_their_traceback(fault, monkeypatch):
    def fail() -> None:
        raise fault

    monkeypatch.setattr(command, "app", fail)
    with pytest.raises(type(fault), match=str(fault)):
        command.main()
