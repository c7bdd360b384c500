"""Which tools there are, in groups."""

from __future__ import annotations

from napari_abdoseg.plugin.correct import organ_tools
from napari_abdoseg.plugin.correct.tool import Tool

GROUPS: tuple[tuple[str, tuple[Tool, ...]], ...] = (
    ("Parts", (organ_tools.KEEP_LARGEST, organ_tools.REMOVE_SMALL)),
    (
        "Shape",
        (
            organ_tools.FILL_HOLES,
            organ_tools.SMOOTH,
            organ_tools.GROW,
            organ_tools.SHRINK,
            organ_tools.HOLLOW,
        ),
    ),
)
