"""Lines that a file or a folder is typed into, or chosen for."""

from __future__ import annotations

from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit


def file_edit(filter_: str) -> FileEdit:
    """A line for a file, empty at first, and a button that offers those like ``"*.nii"``."""
    return _empty(FileDialogMode.EXISTING_FILE, filter=filter_)


def folder_edit(tooltip: str = "") -> FileEdit:
    """A line for a folder, empty at first, and a button to choose one."""
    return _empty(FileDialogMode.EXISTING_DIRECTORY, tooltip=tooltip)


def path_in(edit: FileEdit) -> Path | None:
    """What was typed or chosen; None where nothing was."""
    text = edit.line_edit.value
    return Path(text) if text else None


def _empty(mode: FileDialogMode, **options: str) -> FileEdit:
    edit = FileEdit(mode=mode, value="", **options)  # type: ignore[arg-type]  # it takes text too
    edit.choose_btn.text = "Choose"
    return edit
