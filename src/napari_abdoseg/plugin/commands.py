"""What napari's command palette offers besides the panels."""

from __future__ import annotations

from napari import Viewer
from napari.layers import Labels
from napari.utils.notifications import show_info

from napari_abdoseg.plugin.bile_duct.going_along import going_along
from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.key_sheet import show_key_sheet
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.review.where_to_look import where_to_look
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.viewing.ct_window import WINDOWS, set_window
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.panel import open_panel

NO_LABELS = "There is no label map in view: open one, or segment a CT."


def segment_or_cancel(viewer: Viewer) -> None:
    """Press the button of the Segment panel."""
    open_panel(viewer, "Segment organs").button.native.click()


def compare_or_cancel(viewer: Viewer) -> None:
    """Press the button of the Compare panel."""
    open_panel(viewer, "Compare with labels").button.native.click()


def save_label_map(viewer: Viewer) -> None:
    """Save the label map in view in its place."""
    if (layer := _label_map_in_view(viewer)) is not None:
        saving(viewer).save(layer)


def save_label_map_as(viewer: Viewer) -> None:
    """Save the label map in view where the user says."""
    if (layer := _label_map_in_view(viewer)) is not None:
        saving(viewer).save_as(layer)


def next_place(viewer: Viewer) -> None:
    """Check the place that was gone to, and go to the next that is worth a look."""
    where_to_look(unwrapped(viewer)).next_place()


def place_before(viewer: Viewer) -> None:
    """Go back to the place before."""
    where_to_look(unwrapped(viewer)).place_before()


def along_duct(viewer: Viewer) -> None:
    """Go on along the bile duct, towards the papilla."""
    going_along(unwrapped(viewer)).down()


def back_along_duct(viewer: Viewer) -> None:
    """Go back along the bile duct, towards the hilum."""
    going_along(unwrapped(viewer)).up()


def next_case(viewer: Viewer) -> None:
    """Open the next case of the work list."""
    _step_through_cases(viewer, 1)


def case_before(viewer: Viewer) -> None:
    """Open the case before in the work list."""
    _step_through_cases(viewer, -1)


def show_keys(viewer: Viewer) -> None:
    """Show all keys on one sheet."""
    show_key_sheet(viewer)


def show_all_organs(viewer: Viewer) -> None:
    """Show the masks, surfaces and boxes of the label map in view."""
    _show_all(viewer, True)


def hide_all_organs(viewer: Viewer) -> None:
    """Hide the masks, surfaces and boxes of the label map in view."""
    _show_all(viewer, False)


def abdomen_window(viewer: Viewer) -> None:
    """Show the CT in view in the abdomen's window."""
    set_window(unwrapped(viewer), WINDOWS["abdomen"])


def liver_window(viewer: Viewer) -> None:
    """Show the CT in view in the liver's window."""
    set_window(unwrapped(viewer), WINDOWS["liver"])


def lung_window(viewer: Viewer) -> None:
    """Show the CT in view in the lung's window."""
    set_window(unwrapped(viewer), WINDOWS["lung"])


def bone_window(viewer: Viewer) -> None:
    """Show the CT in view in the bones' window."""
    set_window(unwrapped(viewer), WINDOWS["bone"])


def _step_through_cases(viewer: Viewer, step: int) -> None:
    """Go on in the work list; without one, show where it is chosen."""
    cases = cases_at_work(unwrapped(viewer))
    if cases.folder is None:
        open_panel(viewer, "Cases")
    else:
        cases.step(step)


def _show_all(viewer: Viewer, shown: bool) -> None:
    if (layer := _label_map_in_view(viewer)) is not None:
        organ_scene(unwrapped(viewer), layer).show_all(shown)


def _label_map_in_view(viewer: Viewer) -> Labels | None:
    """The label map in view; without one, say so."""
    layer = label_map_in_view(viewer)
    if layer is None:
        show_info(NO_LABELS)
    return layer
