"""What the shell completes besides commands and options.

The shell waits for it at each press of Tab, so it and the modules of commands, which say the
commands' lines, import what is heavy where it is needed and no sooner.
"""

from __future__ import annotations

from collections.abc import Iterable

from napari_abdoseg.inference.hardware.device import DEVICES
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.preset import PRESETS


def complete_model(incomplete: str) -> list[str]:
    """Names of models that are known here."""
    return _beginning_with(incomplete, known_models())


def complete_published(incomplete: str) -> list[str]:
    """Names of models that can be installed."""
    from napari_abdoseg.model_store.catalogue import read_catalogue

    return _beginning_with(incomplete, (entry.name for entry in read_catalogue()))


def complete_known_or_published(incomplete: str) -> list[str]:
    """Names of both."""
    return sorted({*complete_model(incomplete), *complete_published(incomplete)})


def complete_preset(incomplete: str) -> list[tuple[str, str]]:
    """Presets, and what they do."""
    names = _beginning_with(incomplete, PRESETS)
    return [(name, PRESETS[name].description) for name in names]


def complete_device(incomplete: str) -> list[str]:
    """Devices; behind a comma the next one of several."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _beginning_with(last, DEVICES)]


def _beginning_with(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
