"""What is installed on this machine and what there is of it, each in a line."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from napari_abdoseg.cli.napari_process import qt_binding, what_napari_lacks
from napari_abdoseg.cli.privacy import shown_path
from napari_abdoseg.inference.model.known_models import known_models, models_folder
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.log import PACKAGES, log_folder

Fact = tuple[str, str]
"""What it is about, and the words for it."""
MISSING = "missing"
GB = 1e9
SECONDS = 600
"""That a self-test may take."""
SETTINGS = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "QT_API", "QT_QPA_PLATFORM")
PLACES = ("ABDOSEG_MODELS", "nnUNet_results", "TOTALSEG_WEIGHTS_PATH", "TOTALSEG_HOME_DIR")
"""Environment variables whose values are shown, and those of folders."""
LEAST_DSC = 0.9
"""Of each organ in a self-test, in which the demo ensemble has more than 0.95."""


def facts() -> Iterator[Fact]:
    """All facts; of one that can't be found out, why."""
    for about, found in (
        ("versions", _versions),
        ("machine", _machine),
        ("napari", _napari),
        ("models", _models),
        ("folders", _folders),
        ("settings", _settings),
        ("torch", _networks),
    ):
        yield from _or_why_not(about, found)


def _or_why_not(about: str, found: Callable[[], Iterator[Fact]]) -> Iterator[Fact]:
    try:
        yield from found()
    except Exception as error:  # of whatever library: the other facts are to be seen all the more
        words = " ".join(str(error).split())
        yield MISSING, f"{about} can't be found out: {type(error).__name__}: {words}"


def _versions() -> Iterator[Fact]:
    yield "napari-abdoseg", version("napari-abdoseg")
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    others = [name for name in PACKAGES if name not in ("napari-abdoseg", "napari", "torch")]
    found = {name: _version(name) for name in others}
    yield "packages", ", ".join(f"{name} {of}" for name, of in found.items() if of)
    if not found["distributed"]:
        yield MISSING, 'distributed, for --scheduler alone: `pip install "napari-abdoseg[cluster]"`'


def _machine() -> Iterator[Fact]:
    yield "processor", f"{platform.machine()}, {os.cpu_count()} cores"
    memory = psutil.virtual_memory()
    yield "memory", f"{memory.available / GB:.1f} of {memory.total / GB:.1f} GB free{_limit()}"
    places = {
        "models": models_folder(),
        "temporary files": Path(tempfile.gettempdir()),
        "here": Path.cwd(),
    }
    free = {name: shutil.disk_usage(_existing(place)).free / GB for name, place in places.items()}
    yield "disk", ", ".join(f"{name} {size:.1f} GB" for name, size in free.items()) + " free"


def _limit() -> str:
    """What this process may have of the memory, where that is limited."""
    try:
        import resource
    except ImportError:  # on Windows
        return ""
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return "" if most == resource.RLIM_INFINITY else f", this process may have {most / GB:.1f} GB"


def _napari() -> Iterator[Fact]:
    binding = qt_binding()
    installed = {name: _version(name) for name in ("napari", binding) if name}
    words = ", ".join(f"{name} {of}" for name, of in installed.items() if of)
    lack = what_napari_lacks()
    if words:
        yield "napari", words
    if lack:
        yield MISSING, lack


def _models() -> Iterator[Fact]:
    for name in known_models():
        try:
            model = read_model(name)
            folds = ", ".join(model.folds)
            kinds = ", ".join(model.planned.configurations)
            yield "model", f"{name}: {len(model.organs)} organs, folds {folds}; plans of {kinds}"
        except Exception as error:  # a broken model is one of the facts
            yield MISSING, f"the model {name} is broken: {error}"


def _folders() -> Iterator[Fact]:
    for about, folder in (("models in", models_folder()), ("logs in", log_folder())):
        there = "" if folder.is_dir() else ", which is not there yet"
        yield about, f"{shown_path(folder)}{there}"


def _settings() -> Iterator[Fact]:
    for name in SETTINGS:
        if name in os.environ:
            yield name, os.environ[name] or "empty"
    for name in PLACES:
        if place := os.environ.get(name):
            there = "" if Path(place).is_dir() else ", which is not there"
            yield name, f"{shown_path(Path(place))}{there}"


def _networks() -> Iterator[Fact]:
    """What `napari_abdoseg.inference.self_test` finds, in a process that may well die of it."""
    command = [sys.executable, "-m", "napari_abdoseg.inference.self_test"]
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    found: dict[str, Any] = {}
    for line in ended.stdout.splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    yield from _words_for(found)
    if "self_test" not in found:
        said = ended.stderr.strip().splitlines() or [f"it ended with status {ended.returncode}"]
        yield MISSING, f"a self-test that ends: {found.get('error', said[-1])}"


def _words_for(found: dict[str, Any]) -> Iterator[Fact]:
    if "torch" in found:
        threads = found["threads"]
        yield "torch", f"{found['torch']}, built {found['build']}; threads: {threads}"
    for gpu in found.get("gpus", ()):
        yield "GPU", gpu
    if "device" in found:
        yield "device", f"{found['device']}: {found['reason']}"
    for warning in found.get("warnings", ()):
        yield MISSING, warning
    if "self_test" in found:
        yield from _outcome(found["self_test"])


def _outcome(test: dict[str, Any]) -> Iterator[Fact]:
    scores = test["dsc"]
    words = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    yield "self-test", f"on {test['device']}, {test['seconds']:.1f} s; DSC: {words}"
    wrong = [name for name, score in scores.items() if not score >= LEAST_DSC]
    if wrong:
        yield MISSING, f"a right answer in the self-test, of {', '.join(wrong)}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _existing(folder: Path) -> Path:
    """A folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
