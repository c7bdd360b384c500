"""What the command says where memory is short."""

from __future__ import annotations

import errno

import pytest

from napari_abdoseg.cli import app as command
from napari_abdoseg.errors import NO_MEMORY

WANTS = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory", "torch/cuda"),
    ImportError("libtorch_cpu.so: failed to map segment from shared object"),
]
OTHERS = [OSError(errno.EIO, "Input/output error"), ImportError("No module named 'torch'")]


@pytest.mark.parametrize("error", WANTS, ids=repr)
def test_a_want_of_memory_is_a_sentence(monkeypatch, capsys, error):
    def fail():
        raise error

    monkeypatch.setattr(command, "app", fail)
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 2
    assert " ".join(capsys.readouterr().err.split()) == f"abdoseg: {NO_MEMORY}"


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_another_fault_keeps_its_traceback(monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(command, "app", fail)
    with pytest.raises(type(error)):
        command.main()
