"""Examples in docstrings, run as they stand, each module's in an empty folder."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import napari_abdoseg

PACKAGE = Path(napari_abdoseg.__file__).parent
MODULES = [
    ".".join(("napari_abdoseg", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_right(module, tmp_path, monkeypatch):
    examples = doctest.DocTestFinder(exclude_empty=True).find(import_module(module))
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        outcome = doctest.DocTestRunner().run(example)
        assert not outcome.failed, f"the example of {example.name}: see what was printed"


@pytest.mark.parametrize("name", napari_abdoseg.__all__)
def test_every_public_name_has_an_example(name):
    assert ">>> " in (inspect.getdoc(getattr(napari_abdoseg, name)) or "")
