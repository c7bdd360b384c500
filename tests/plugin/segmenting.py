"""How a user works with the panel `Segment organs`."""

from __future__ import annotations

from napari.utils.notifications import notification_manager

from napari_abdoseg.plugin.segment.widget import SegmentWidget

PATIENCE = 120_000
"""ms that a run may take on a busy machine."""


def press(widget: SegmentWidget) -> None:
    widget.button.native.click()


def wait_for_segmenting(widget: SegmentWidget, qtbot) -> None:
    qtbot.waitUntil(lambda: widget.status.text().startswith("Segmenting"), timeout=PATIENCE)


def wait_for_end(widget: SegmentWidget, qtbot) -> None:
    qtbot.waitUntil(lambda: widget.job is None, timeout=PATIENCE)


def said() -> str:
    """What napari notified the user of."""
    return " ".join(note.message for note in notification_manager.records)
