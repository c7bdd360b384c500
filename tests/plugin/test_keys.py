"""Keys of our commands: none is napari's own, the user may change them, one sheet has them all."""

from __future__ import annotations

import pytest
from napari import layers
from napari._app_model import get_app_model
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from npe2 import PluginManager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.activation import activate
from napari_abdoseg.plugin.bile_duct.going_along import STEP_ROWS, going_along
from napari_abdoseg.plugin.correct.commands import BY_NAPARI, TOOL_COMMANDS, TOOLS
from napari_abdoseg.plugin.four_panel.view import canvases_of, toggle_four_panel_view
from napari_abdoseg.plugin.key_sheet import KeySheet
from napari_abdoseg.plugin.keys import COMMANDS, NUMBERS, PLUGIN, register_keys
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.painting.painted_organ import hint
from napari_abdoseg.plugin.review.where_to_look import where_to_look
from napari_abdoseg.plugin.widgets.panel import open_panel

ALL = (*COMMANDS, *TOOL_COMMANDS.values())
LAYERS = (
    *(layers.Image, layers.Labels, layers.Points, layers.Shapes, layers.Surface),
    *(layers.Tracks, layers.Vectors),
)


def as_qt(key) -> str:
    return Shortcut(key).qt


def napari_keys(providers) -> dict[str, str]:
    """Keys of napari that work where those of some providers do, and what for."""
    found = {}
    for action, keys in default_shortcuts.items():
        known = action_manager._actions.get(action)
        if known is not None and known.keymapprovider in providers:
            found |= {as_qt(key): action for key in keys}
    for provider in providers:
        for key, run in provider.class_keymap.items():
            if not run.__name__.startswith(PLUGIN):
                found[as_qt(key)] = run.__name__
    for rule in get_app_model().keybindings:
        if not rule.command_id.startswith(PLUGIN):
            found[as_qt(rule.keybinding)] = rule.command_id
    return found


@pytest.fixture
def labels(viewer, phantom):
    activate(None)
    return viewer.add_layer(Layer.create(*labels_layer(phantom[1], "truth")))


def press(viewer, qtbot, key, canvas=None, how=Qt.KeyboardModifier.NoModifier) -> None:
    canvas = canvas or canvases_of(viewer)[0][1]
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    canvas.setFocus()
    qtbot.keyClick(canvas, key, how)


def test_no_key_is_naparis_own_or_of_two_commands(viewer):
    activate(None)
    ours = [as_qt(command.key) for command in ALL if command.key]
    assert len(ours) == len(set(ours))
    everywhere = napari_keys((*LAYERS, ViewerModel))
    on_labels = napari_keys((Labels, ViewerModel))
    assert {"P", "Ctrl+R", "Ctrl+N"} <= on_labels.keys()
    numbers = {as_qt(key) for key in NUMBERS}
    for command in ALL:
        theirs = on_labels if command.of_labels else everywhere
        key = as_qt(command.key) if command.key else None
        assert key not in theirs, f"{command.name}: {key} is {theirs.get(key)}"
        assert key not in numbers


def test_each_tool_and_command_is_in_the_palette_under_the_same_words():
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    titles = {
        each.id.removeprefix(f"{PLUGIN}."): each.title for each in manifest.contributions.commands
    }
    for command in COMMANDS:
        assert command.name in titles
    told = {name: words for name, words in titles.items() if name.startswith("tool_")}
    assert told == {command.name: command.words for command in TOOL_COMMANDS.values()}
    run_here = {
        each.id.removeprefix(f"{PLUGIN}.")
        for each in manifest.contributions.commands
        if (each.python_name or "").startswith("napari_abdoseg.plugin.commands:")
    }
    assert run_here <= {command.name for command in COMMANDS}


def test_naparis_preferences_list_them_with_their_keys(labels):
    from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor

    editor = ShortcutEditor()
    listed = {
        description.description
        for group in editor.key_bindings_strs.values()
        for description in group.values()
    }
    assert {command.words for command in ALL} <= listed
    of_labels = editor.key_bindings_strs["Labels layer"]
    assert {command.action for command in TOOL_COMMANDS.values()} <= of_labels.keys()


def test_a_key_goes_to_the_next_place_in_every_panel(viewer, labels, qtbot):
    look = where_to_look(viewer)
    press(viewer, qtbot, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: look.current is not None)
    toggle_four_panel_view(viewer)
    first = look.current
    look.check(first, False)
    for _, canvas in canvases_of(viewer):
        look.current = None
        press(viewer, qtbot, Qt.Key.Key_N, canvas)
        assert look.current == first
    toggle_four_panel_view(viewer)


@pytest.mark.slow
def test_a_key_goes_along_the_bile_duct_and_with_shift_back(viewer, labels, qtbot):
    along, held = going_along(viewer), Qt.KeyboardModifier.ControlModifier
    press(viewer, qtbot, Qt.Key.Key_D, how=held)
    qtbot.waitUntil(lambda: along.row == 0)
    toggle_four_panel_view(viewer)
    for place, (_, canvas) in enumerate(canvases_of(viewer), start=1):
        press(viewer, qtbot, Qt.Key.Key_D, canvas, held)
        assert along.row == place * STEP_ROWS
    press(viewer, qtbot, Qt.Key.Key_D, how=held | Qt.KeyboardModifier.ShiftModifier)
    assert along.row == 3 * STEP_ROWS
    toggle_four_panel_view(viewer)


def test_a_tools_key_takes_it_up_where_a_label_map_is_selected(viewer, labels, qtbot):
    press(viewer, qtbot, Qt.Key.Key_K)
    panel = open_panel(viewer, "Correct")
    assert panel.bench.tool.name == "keep largest"
    panel.bench.leave()
    viewer.layers.selection = {viewer.layers[0]}
    press(viewer, qtbot, Qt.Key.Key_H)
    assert panel.bench.tool is None


def test_a_key_that_the_user_has_changed_holds(viewer, labels, qtbot, monkeypatch):
    command = TOOL_COMMANDS["tool_keep_largest"]
    panel = open_panel(viewer, "Correct")
    assert panel.buttons["Keep largest"].toolTip().startswith("Keep largest (K): ")
    key = coerce_keybinding("Ctrl-K")
    shortcuts = get_settings().shortcuts.shortcuts
    monkeypatch.setitem(shortcuts, command.action, [key])
    action_manager.unbind_shortcut(command.action)
    register_keys([command])
    try:
        press(viewer, qtbot, Qt.Key.Key_K)
        assert panel.bench.tool is None
        press(viewer, qtbot, Qt.Key.Key_K, how=Qt.KeyboardModifier.ControlModifier)
        assert panel.bench.tool.name == "keep largest"
        assert panel.buttons["Keep largest"].toolTip().startswith("Keep largest (Ctrl+K): ")
    finally:
        panel.bench.leave()
        action_manager.unbind_shortcut(command.action)
        monkeypatch.undo()
        register_keys([command])


@pytest.mark.parametrize("key", ["H", "?"])
def test_the_sheet_has_all_keys_as_they_are_and_fits_a_small_screen(viewer, labels, qtbot, key):
    shift = Qt.KeyboardModifier.ShiftModifier
    press(viewer, qtbot, key, how=shift)
    qtbot.waitUntil(lambda: bool(viewer.window._qt_window.findChildren(KeySheet)))
    (sheet,) = viewer.window._qt_window.findChildren(KeySheet)
    said = " ".join(column.text() for column in sheet.columns)
    for command in TOOL_COMMANDS.values():
        if command.key:
            assert f"<b>{command.key_text}</b>" in said
    for tool in TOOLS.values():
        assert f">{tool.title}<" in said
    for words in (
        "Paint",
        "Slice before",
        "Check the place in view, and go to the next",
        "? or Shift+H",
    ):
        assert words in said
    assert sheet.sizeHint().width() < 1100
    assert sheet.sizeHint().height() < 700
    sheet.close()
    QApplication.processEvents()


def test_naparis_own_keys_choose_what_they_are_said_to():
    assert set(BY_NAPARI.values()) <= default_shortcuts.keys()


def test_the_hint_names_the_keys_of_now(monkeypatch):
    assert hint() == (
        "1 to 9 choose the organ to paint · P brush, E eraser, L pick, Z move and zoom · "
        "N next place to check · ? all keys"
    )
    shortcuts = get_settings().shortcuts.shortcuts
    monkeypatch.setitem(shortcuts, "napari:activate_labels_paint_mode", [coerce_keybinding("Q")])
    monkeypatch.setitem(shortcuts, f"{PLUGIN}:next_place", [])
    assert "Q brush, E eraser" in hint()
    assert "next place" not in hint()
