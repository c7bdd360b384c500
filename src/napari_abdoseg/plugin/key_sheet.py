"""One sheet with all keys, as they are now: `?` shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from napari import Viewer, current_viewer
from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.correct.commands import TOOLS, key_of_tool
from napari_abdoseg.plugin.keys import CASE_BEFORE, COMMANDS, NEXT_CASE, keys_of_napari
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import own_canvas

TITLE = "Keys"
NOTE = (
    "File > Preferences > Shortcuts changes them. Keys of tools work while a label map is selected."
)
QUESTION_MARK = "?"
QUESTION_MARKS = (QUESTION_MARK, "Shift+?")
"""On most keyboards Shift makes it, on some it is a key of its own."""
GAP = 28
PAINTING = (
    ("activate_labels_paint_mode", "Paint"),
    ("activate_labels_erase_mode", "Erase"),
    ("activate_labels_fill_mode", "Fill an area"),
    ("activate_labels_picker_mode", "Pick the organ under the mouse"),
    ("activate_labels_pan_zoom_mode", "Move and zoom"),
    ("decrease_brush_size", "Smaller brush"),
    ("increase_brush_size", "Larger brush"),
    ("hold_for_pan_zoom", "Move and zoom while held"),
)
LOOKING = (
    ("increment_dims_left", "Slice before"),
    ("increment_dims_right", "Next slice"),
    ("roll_axes", "Another plane"),
    ("toggle_ndisplay", "2D or 3D"),
    ("reset_view", "Show all of the scan"),
    ("toggle_selected_visibility", "Hide or show the layer"),
)
"""Actions of napari's own, without ``napari:``, and what they do."""

Line = tuple[str, str]
"""A key, and what it does."""


def show_key_sheet(viewer: Viewer) -> QDialog:
    """Show the sheet in front of a viewer's window, which can be used meanwhile."""
    window = sure(own_canvas(unwrapped(viewer)).window())
    sheet = window.findChild(KeySheet)
    if sheet is not None:
        sheet.close()
    sheet = KeySheet(window)
    sheet.show()
    return sheet


class KeySheet(QDialog):
    """All keys, in groups side by side.

    Parameters
    ----------
    window : QWidget
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.columns = [QLabel(_column(groups)) for groups in _columns()]
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for column in self.columns:
            column.setTextFormat(Qt.TextFormat.RichText)
            row.addWidget(column, alignment=Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(QLabel(NOTE))
        layout.addWidget(buttons)


def follow_question_mark() -> None:
    """Let `?` show the sheet in each window of napari, also in those to come."""
    application = QApplication.instance()
    if isinstance(application, QGuiApplication) and application.findChild(_QuestionMark) is None:
        _QuestionMark(application)


class _QuestionMark(QObject):
    """Gives each main window the key; napari's own keys know no `?`."""

    def __init__(self, application: QGuiApplication) -> None:
        super().__init__(application)
        application.focusWindowChanged.connect(self._give)
        self._give()

    def _give(self, _: object = None) -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, QMainWindow) and window.findChild(_SheetKey) is None:
                _SheetKey(window)


class _SheetKey(QShortcut):
    """`?` in a window."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setKeys([QKeySequence(key) for key in QUESTION_MARKS])
        self.activated.connect(_show)


def _show() -> None:
    viewer = current_viewer()
    if viewer is not None:
        show_key_sheet(viewer)


def _columns() -> tuple[dict[str, list[Line]], ...]:
    """Groups of each column, by their headings."""
    known = {command.name: command for command in COMMANDS}
    cases = [command for command in (NEXT_CASE, CASE_BEFORE) if command.keys]
    elsewhere = {*cases, known["key_sheet"]}
    places = [each for each in COMMANDS if each.keys and each not in elsewhere]
    sheet = f"{QUESTION_MARK} or {known['key_sheet'].key_text}"
    tools = [(key_of_tool(name), tool.title) for name, tool in TOOLS.items()]
    return (
        {"Tools for the organ": [(key, title) for key, title in tools if key]},
        {
            "What a tool would change": [
                ("Enter", "Take it"),
                ("Esc", "Leave it"),
                ("Backspace", "Take the last stroke of a scribble back"),
                ("Del", "Leave this place of a lesson"),
            ],
            "Where to look next": [(each.key_text, each.words) for each in places],
            "Cases": [(each.key_text, each.words) for each in cases],
            "Painting": [
                ("1 to 9", "Choose the organ"),
                *_of_napari(PAINTING),
                (_shown("Ctrl+Z"), "Undo"),
                (_shown("Ctrl+Shift+Z"), "Redo"),
            ],
        },
        {
            "Looking around": [*_of_napari(LOOKING), ("Ctrl + drag", "CT window")],
            "Everywhere": [
                (_shown("Ctrl+S"), "Save"),
                (_shown("Ctrl+Shift+P"), "All commands"),
                (sheet, "This sheet"),
            ],
        },
    )


def _of_napari(actions: Iterable[Line]) -> Iterator[Line]:
    for action, words in actions:
        if key := keys_of_napari(f"napari:{action}"):
            yield key, words


def _shown(key: str) -> str:
    return str(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText))


def _column(groups: dict[str, list[Line]]) -> str:
    return "<br>".join(
        f"<b>{escape(heading)}</b><table cellspacing='3'>"
        + "".join(
            f"<tr><td align='right'><b>{escape(key)}</b>&nbsp;&nbsp;</td>"
            f"<td>{escape(words)}</td></tr>"
            for key, words in lines
        )
        + "</table>"
        for heading, lines in groups.items()
    )
