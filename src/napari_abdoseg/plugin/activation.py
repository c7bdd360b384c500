"""What happens before anything else of the plugin is used."""

from __future__ import annotations

from napari_abdoseg.plugin.viewing import canvas_context


def activate(context: object) -> None:
    """Prepare napari: canvases, keys, preferences, collections of garbage. npe2 calls this.

    Canvases delete in their own contexts from now on, and napari knows our keys. It takes long
    to read the preferences first: layers that come would wait for that.
    """
    canvas_context.activate(context)
    try:
        from napari import current_viewer

        from napari_abdoseg.plugin.correct.commands import TOOL_COMMANDS
        from napari_abdoseg.plugin.key_sheet import follow_question_mark
        from napari_abdoseg.plugin.keys import COMMANDS, register_keys
        from napari_abdoseg.plugin.viewing.garbage import pass_over_what_is_there
        from napari_abdoseg.plugin.widgets.preferences import preferences
    except ImportError:  # no window, as where another program reads by the plugin
        return
    register_keys((*COMMANDS, *TOOL_COMMANDS.values()))
    follow_question_mark()
    if (viewer := current_viewer()) is not None:
        preferences()
        pass_over_what_is_there(viewer)
