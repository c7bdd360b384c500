"""A user chooses a CT and a model, presses Segment, and gets the organs."""

from napari_abdoseg.plugin.segment.widget import SegmentWidget

__all__ = ["SegmentWidget"]
