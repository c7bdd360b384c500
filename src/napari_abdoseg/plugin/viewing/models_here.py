"""What panels of a viewer tell each other of models that come and go."""

from __future__ import annotations

from napari.components import ViewerModel
from psygnal import Signal


class ModelsHere:
    """One of each viewer, by `state_of`.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """Other models are known by name, or one has another card."""
    chosen = Signal(str)
    """The name of a model that the user wants to segment with."""

    def __init__(self, viewer: ViewerModel) -> None:
        pass
