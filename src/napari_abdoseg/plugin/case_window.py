"""A case in the four panels, its organs listed."""

from __future__ import annotations

from pathlib import Path

from napari import Viewer
from napari.utils.notifications import show_info

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.jobs.warm_up import make_first_layer
from napari_abdoseg.plugin.organs.naming import is_nameless
from napari_abdoseg.plugin.reader import NAMELESS
from napari_abdoseg.plugin.saving.opened_case import OpenedCase
from napari_abdoseg.plugin.viewing.garbage import pass_over_what_is_there
from napari_abdoseg.plugin.widgets.panel import open_panel


def show_case(viewer: Viewer, case: ShownCase) -> OpenedCase:
    """Open a case in the four panels, with the panel that is of use: its organs, or Segment.

    Parameters
    ----------
    viewer : Viewer
        An empty one.
    case : ShownCase
    """
    labels = case.labels
    masks = {} if labels is None else {stem(labels.path or Path("organs")): labels}
    make_first_layer()
    pass_over_what_is_there(viewer)
    opened = OpenedCase(viewer, case.scan, masks)
    toggle_four_panel_view(viewer)
    open_panel(viewer, "Segment organs")
    if labels is not None:
        open_panel(viewer, "Organs")
    _tell(case)
    return opened


def _tell(case: ShownCase) -> None:
    """Say what is to be known of the files."""
    images = [image for image in (case.scan, case.labels) if image is not None]
    for image in images:
        for notice in image.notices:
            show_info(f"{image.path.name if image.path else 'Scan'}: {notice}")
    if case.labels is not None and is_nameless(case.labels.organs):
        show_info(NAMELESS)
