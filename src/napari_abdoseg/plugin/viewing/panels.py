"""Which viewers show the same scene side by side."""

from __future__ import annotations

from collections.abc import Sequence

from napari.components import ViewerModel
from psygnal import Signal, SignalInstance

from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped


class _Panels:
    """Those that are beside a viewer."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self.others: tuple[ViewerModel, ...] = ()


def panels_of(viewer: ViewerModel) -> tuple[ViewerModel, ...]:
    """A viewer, and those that show its layers beside it."""
    return unwrapped(viewer), *state_of(viewer, _Panels).others


def set_panels(viewer: ViewerModel, others: Sequence[ViewerModel]) -> None:
    """Let ``others`` count as panels of ``viewer``."""
    panels = state_of(viewer, _Panels)
    panels.others = tuple(others)
    panels.changed.emit()


def panels_changed(viewer: ViewerModel) -> SignalInstance:
    """Tells that a viewer has other panels now."""
    return state_of(viewer, _Panels).changed
