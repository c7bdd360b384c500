"""Our dock widgets: tabs of one dock, low enough for small screens, in front when asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from napari._app_model import get_app_model
from napari.layers import Layer
from psygnal import Signal
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QDockWidget, QMainWindow
from segmenting import PATIENCE

from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel

COMMANDS = {
    "Segment organs": "segment",
    "Organs": "organs",
    "Compare with labels": "compare",
    "Where to look next": "review",
    "Training": "training",
    "Cohort": "cohort",
}
SMALL_SCREEN = (1366, 768)


@pytest.fixture
def window_of_module(window_of_test):
    """Each test has a window of its own, as napari sizes it and its docks."""
    return window_of_test


def window_of(viewer) -> QMainWindow:
    return viewer.window._qt_window


def docks(viewer) -> list[QDockWidget]:
    return [d for d in window_of(viewer).findChildren(QDockWidget) if isinstance(d.widget(), Panel)]


def in_front(viewer) -> list[str]:
    return [d.windowTitle() for d in docks(viewer) if not d.visibleRegion().isEmpty()]


def choose_in_menu(name: str) -> None:
    get_app_model().commands.execute_command(f"napari-abdoseg.{COMMANDS[name]}").result()


def test_all_are_tabs_of_one_dock_and_fit_a_small_screen(viewer, qtbot, phantom):
    truth = phantom[1]
    organs = tuple(replace(organ, name=f"left {organ.name} and more") for organ in truth.organs)
    viewer.add_layer(Layer.create(*labels_layer(replace(truth, organs=organs))))
    open_panel(viewer, "Segment organs")
    organ_list = open_panel(viewer, "Organs").model
    qtbot.waitUntil(lambda: organ_list.rowCount() > 0, timeout=PATIENCE)
    for name in COMMANDS:
        open_panel(viewer, name)
    toggle_four_panel_view(viewer)
    qtbot.waitUntil(lambda: in_front(viewer) == ["Cohort"], timeout=PATIENCE)
    (first, *others) = docks(viewer)
    assert len(others) == len(window_of(viewer).tabifiedDockWidgets(first)) == len(COMMANDS) - 1
    least = window_of(viewer).minimumSizeHint()
    assert (least.width(), least.height()) <= SMALL_SCREEN
    assert least.height() <= SMALL_SCREEN[1]
    four_panel_view(viewer).close()


def test_one_dock_however_it_is_opened(viewer, qtbot):
    viewer.window.add_plugin_dock_widget("napari-abdoseg", "Organs")
    open_panel(viewer, "Compare with labels")
    qtbot.waitUntil(lambda: in_front(viewer) == ["Compare"])
    choose_in_menu("Organs")  # it is behind, so that napari would hide it
    qtbot.waitUntil(lambda: in_front(viewer) == ["Organs"])
    qtbot.wait(300)  # until the tab has slid
    choose_in_menu("Organs")
    qtbot.waitUntil(lambda: in_front(viewer) == ["Compare"])
    choose_in_menu("Organs")
    qtbot.waitUntil(lambda: in_front(viewer) == ["Organs"])
    assert len(docks(viewer)) == 2


def test_a_panel_that_was_moved_stays_where_it_is(viewer, qtbot):
    open_panel(viewer, "Organs")
    (dock,) = docks(viewer)
    window_of(viewer).addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    open_panel(viewer, "Compare with labels")
    qtbot.waitUntil(lambda: in_front(viewer) == ["Organs", "Compare"])
    assert window_of(viewer).tabifiedDockWidgets(dock) == []


def test_the_button_stays_below_what_is_scrolled(viewer, qtbot):
    panel = open_panel(viewer, "Segment organs")
    panel.choice.rare_settings.expand(animate=False)
    window_of(viewer).resize(1100, window_of(viewer).minimumSizeHint().height())
    bar = panel._scrolled.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    button = panel.button.native
    assert not button.visibleRegion().isEmpty()
    assert button.mapTo(panel, button.rect().bottomLeft()).y() < panel.height()


def test_the_wheel_scrolls_over_a_choice_and_leaves_it(viewer, qtbot):
    panel = open_panel(viewer, "Segment organs")
    window_of(viewer).resize(1100, window_of(viewer).minimumSizeHint().height())
    bar = panel._scrolled.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    choice: QComboBox = panel.choice.preset.native
    chosen = choice.currentText()
    turn_wheel_over(choice)
    assert choice.currentText() == chosen
    assert bar.value() > 0
    window_of(viewer).activateWindow()
    choice.setFocus()
    qtbot.waitUntil(choice.hasFocus)
    turn_wheel_over(choice)
    assert choice.currentText() != chosen


def test_rare_settings_are_read_while_they_are_folded_away(viewer):
    panel = open_panel(viewer, "Segment organs")
    assert not panel.choice.rare_settings.isExpanded()
    assert panel.choice.rare_settings.text() == "All folds · auto"
    panel.choice.model.folds[1].value = False
    panel.choice.device.value = "cpu"
    assert panel.choice.rare_settings.text() == "4 of 5 folds · cpu"
    panel.choice.scheduler.value = "tcp://host:8786"
    assert panel.choice.rare_settings.text() == "4 of 5 folds · tcp://host:8786"


def turn_wheel_over(widget: QComboBox) -> None:
    place = widget.rect().center()
    event = QWheelEvent(
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_panel_follows_nothing_more(viewer, name, phantom):
    panel = open_panel(viewer, name)
    assert panel in _listeners(viewer)
    viewer.window.remove_dock_widget(panel)
    assert panel not in _listeners(viewer)
    viewer.theme = "light"
    viewer.add_layer(Layer.create(*labels_layer(phantom[1])))


def _listeners(viewer) -> list[object]:
    """Objects whose methods hear of layers and of the theme."""
    events = viewer.layers.events
    heard = events.inserted, events.removed, events.reordered, events.renamed, viewer.events.theme
    slots = [slot for event in heard for slot in event.callbacks]
    return [slot[0]() for slot in slots if isinstance(slot, tuple)]


def test_what_qt_has_deleted_with_its_window_hears_nothing_more(qtbot):
    class Source:
        changed = Signal()

    source, heard, window = Source(), [], QMainWindow()
    panel = Panel("Here")
    panel.follow(source.changed, lambda: heard.append(1))
    dock = QDockWidget(window)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    source.changed.emit()
    with qtbot.waitSignal(panel.destroyed):
        window.deleteLater()
    source.changed.emit()
    assert heard == [1]
