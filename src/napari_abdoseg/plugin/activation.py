"""What happens before anything else of the plugin is used."""

from __future__ import annotations

from napari_abdoseg.plugin.viewing import canvas_context


def activate(context: object) -> None:
    """Let canvases delete in their own contexts, and let napari know our keys; npe2 calls this."""
    canvas_context.activate(context)
    try:
        from napari_abdoseg.plugin.correct.commands import TOOL_COMMANDS
        from napari_abdoseg.plugin.key_sheet import follow_question_mark
        from napari_abdoseg.plugin.keys import COMMANDS, register_keys
    except ImportError:  # no window, as where another program reads by the plugin
        return
    register_keys((*COMMANDS, *TOOL_COMMANDS.values()))
    follow_question_mark()
