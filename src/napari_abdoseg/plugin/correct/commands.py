"""Tools of the panel `Correct` as commands: for the command palette, and for keys."""

from __future__ import annotations

from collections.abc import Callable

from napari import Viewer

from napari_abdoseg.plugin.correct.tool import Tool
from napari_abdoseg.plugin.correct.tool_bar import GROUPS
from napari_abdoseg.plugin.keys import Command, keys_of_napari
from napari_abdoseg.plugin.widgets.panel import open_panel

BY_NAPARI = {
    "brush": "napari:activate_labels_paint_mode",
    "eraser": "napari:activate_labels_erase_mode",
}
"""Tools that napari's own keys choose, by name, and its actions."""

TOOLS = {
    f"tool_{tool.title.lower().replace(' ', '_').replace('-', '_')}": tool
    for _, tools in GROUPS
    for tool in tools
}
"""By what the manifest calls their commands."""

TOOL_COMMANDS = {
    name: Command(
        name,
        f"Correct: {tool.title}",
        "" if tool.name in BY_NAPARI else tool.key,
        of_labels=True,
    )
    for name, tool in TOOLS.items()
}


def key_of_tool(name: str) -> str:
    """The key that chooses a tool now, by the name of its command; empty if none does."""
    return TOOL_COMMANDS[name].key_text or keys_of_napari(BY_NAPARI.get(TOOLS[name].name, ""))


def __getattr__(name: str) -> Callable[[Viewer], None]:
    """The command of a tool: takes it up."""
    try:
        tool = TOOLS[name]
    except KeyError:
        raise AttributeError(name) from None
    return lambda viewer: _choose(viewer, tool)


def _choose(viewer: Viewer, tool: Tool) -> None:
    open_panel(viewer, "Correct").bench.choose(tool)
