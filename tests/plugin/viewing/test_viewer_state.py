"""What belongs to a viewer, and goes with it."""

from __future__ import annotations

import gc
import weakref

from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_abdoseg.plugin.viewing.viewer_state import state_of


class Notes:
    """Knows its viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.viewer = viewer


class OtherNotes(Notes):
    """Of another kind."""


def test_there_is_one_object_of_a_kind_for_each_viewer():
    viewer, other = ViewerModel(), ViewerModel()
    notes = state_of(viewer, Notes)
    assert notes.viewer is viewer
    assert state_of(viewer, Notes) is notes
    assert state_of(PublicOnlyProxy(viewer), Notes) is notes
    assert state_of(other, Notes).viewer is other
    assert type(state_of(viewer, OtherNotes)) is OtherNotes


def test_it_lives_as_long_as_its_viewer():
    viewer = ViewerModel()
    notes = weakref.ref(state_of(viewer, Notes))
    gc.collect()
    assert notes() is state_of(viewer, Notes)
    gone = weakref.ref(viewer)
    del viewer
    gc.collect()
    assert (gone(), notes()) == (None, None)
