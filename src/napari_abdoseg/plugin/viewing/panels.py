"""Which viewers show the same scene side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from napari.components import ViewerModel

_panels: WeakKeyDictionary[ViewerModel, tuple[ViewerModel, ...]] = WeakKeyDictionary()


def unwrapped(viewer: Any) -> Any:
    """The viewer itself, where napari hands plugins one that hides its private parts."""
    return getattr(viewer, "__wrapped__", viewer)


def panels_of(viewer: ViewerModel) -> tuple[ViewerModel, ...]:
    """A viewer, and those that show its layers beside it."""
    viewer = unwrapped(viewer)
    return viewer, *_panels.get(viewer, ())


def set_panels(viewer: ViewerModel, others: Sequence[ViewerModel]) -> None:
    """Let ``others`` count as panels of ``viewer``."""
    _panels[viewer] = tuple(others)
