"""Which tools there are, in groups."""

from __future__ import annotations

from napari_abdoseg.plugin.correct import (
    box_tool,
    brushes,
    following_tool,
    growing_tool,
    hint_tools,
    learning_tool,
    naming_tools,
    outline_tools,
    part_tools,
    scribble_tool,
    shape_tools,
    slice_tools,
    whole_organ_tools,
)
from napari_abdoseg.plugin.correct.tool import Tool

GROUPS: tuple[tuple[str, tuple[Tool, ...]], ...] = (
    (
        "Draw",
        (
            brushes.BRUSH,
            brushes.ERASER,
            outline_tools.OUTLINE,
            outline_tools.SCISSORS,
            growing_tool.GROW_FROM_CLICK,
        ),
    ),
    (
        "Hints",
        (
            hint_tools.BOUNDARY,
            hint_tools.HERE,
            scribble_tool.SCRIBBLE,
            following_tool.FOLLOW,
            learning_tool.LEARN,
        ),
    ),
    (
        "Parts",
        (
            part_tools.KEEP_LARGEST,
            part_tools.REMOVE_SMALL,
            part_tools.REMOVE_PART,
            part_tools.KEEP_PART,
            part_tools.GIVE_PART,
            part_tools.SPLIT,
        ),
    ),
    (
        "Shape",
        (
            shape_tools.FILL_HOLES,
            shape_tools.SMOOTH,
            shape_tools.GROW,
            shape_tools.SHRINK,
            shape_tools.HOLLOW,
        ),
    ),
    (
        "Slices",
        (slice_tools.FILL_BETWEEN, slice_tools.COPY_TO_PREVIOUS, slice_tools.COPY_TO_NEXT),
    ),
    (
        "Organs",
        (
            whole_organ_tools.SWAP,
            whole_organ_tools.MERGE,
            whole_organ_tools.COPY_ORGAN,
            box_tool.SEGMENT_IN_BOX,
            naming_tools.RENAME,
            naming_tools.ADD_ORGAN,
        ),
    ),
)
