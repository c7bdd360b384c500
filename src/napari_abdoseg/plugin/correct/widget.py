"""Dock widget `Correct`: the tools, the settings of one, and what it would change."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.action_manager import action_manager
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize
from qtpy.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.correct.bench import bench
from napari_abdoseg.plugin.correct.brushes import follow_napari_mode, follow_napari_size
from napari_abdoseg.plugin.correct.commands import TOOLS, key_of_tool
from napari_abdoseg.plugin.correct.icons import SIZE, icon
from napari_abdoseg.plugin.correct.legend import Legend
from napari_abdoseg.plugin.correct.organ_choice import OrganChoice
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.settings_form import SettingsForm
from napari_abdoseg.plugin.correct.slider_ticks import SliderTicks
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import EachPart, OtherLayer, OtherOrgan, Tool
from napari_abdoseg.plugin.correct.tool_bar import GROUPS
from napari_abdoseg.plugin.four_panel.view import canvases_of, pictures_changed
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.saving.row import SaveRow
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.napari_window import own_canvas
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.window_key import window_key
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from napari import Viewer

BUTTON = 34
CHOOSE = "Choose a tool: what it would change is shown on the slices before you take it."
TAKE, LEAVE = ("Take", "Enter"), ("Leave", "Esc")
PROBLEM = "#e8743b"


class CorrectWidget(Panel):
    """Tools that correct an organ, with previews in all panels."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Correct")
        self._viewer = unwrapped(napari_viewer)
        self._scene: OrganScene | None = None
        self._shown: tuple[Any, ...] = ()
        self.bench = bench(napari_viewer)
        self.organ = OrganChoice()
        self.volume = QLabel()
        self.buttons: dict[str, QToolButton] = {}
        self.title, self.tip = QLabel(), WrappedLabel()
        self.form: SettingsForm | None = None
        self.words = WrappedLabel()
        self.legend = Legend()
        self.go_to_button = QPushButton("Go to it")
        self.go_to_button.setToolTip("Bring all panels to where most would change")
        self.ticks = SliderTicks(self._viewer)
        self._ticked: tuple[Any, ...] = ()
        self.take_button, self.leave_button = QPushButton(), QPushButton()
        self.save = SaveRow(napari_viewer)
        self._lay_out()
        self._connect()
        self._follow_theme()
        self._tell_keys()
        self._follow_layer()
        self._show()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.organ, stretch=1)
        head.addWidget(self.volume)
        self.body.addLayout(head)
        self._tools = self._bar()
        self.body.addWidget(self._tools)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        self.body.addWidget(line)
        self._chosen = QVBoxLayout()
        self.title.setStyleSheet("font-weight: bold")
        for widget in (self.title, self.tip):
            self._chosen.addWidget(widget)
        self.body.addLayout(self._chosen)
        self.body.addWidget(self.words)
        told = QHBoxLayout()
        told.addWidget(self.legend, stretch=1)
        told.addWidget(self.go_to_button)
        self.body.addLayout(told)
        row = QHBoxLayout()
        for button, (word, key) in ((self.take_button, TAKE), (self.leave_button, LEAVE)):
            button.setText(f"{word}  ({key})")
            row.addWidget(button)
        self.take_button.setStyleSheet("font-weight: bold")
        self.body.addLayout(row)
        self.body.addStretch()
        self.foot.addWidget(self.save)

    def _bar(self) -> QWidget:
        bar = QWidget()
        grid = QGridLayout(bar)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for row, (caption, tools) in enumerate(GROUPS):
            grid.addWidget(QLabel(caption), row, 0)
            for column, tool in enumerate(tools, start=1):
                grid.addWidget(self._button(tool), row, column)
            grid.setColumnStretch(len(tools) + 1, 0)
        grid.setColumnStretch(grid.columnCount(), 1)
        return bar

    def _button(self, tool: Tool) -> QToolButton:
        button = self.buttons[tool.title] = QToolButton()
        button.setCheckable(True)
        button.setFixedSize(BUTTON, BUTTON)
        button.setIconSize(QSize(SIZE, SIZE))
        button.setAccessibleName(tool.title)
        button.clicked.connect(partial(self._press, tool))
        return button

    def _connect(self) -> None:
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.follow(action_manager.events.shortcut_changed, self._tell_keys)
        self.follow(self.bench.changed, self._show)
        self.follow(pictures_changed(self._viewer), self._mark_again)
        self.follow(cases_in_view(self._viewer).changed, self._follow_layer)
        self.follow(self._viewer.layers.selection.events.active, self._follow_layer)
        for event in (self._viewer.layers.events.inserted, self._viewer.layers.events.removed):
            self.follow(event, self._follow_layer)
        self.organ.chosen.connect(self._choose_organ)
        self.take_button.clicked.connect(self.bench.take)
        self.leave_button.clicked.connect(self.bench.leave)
        self.go_to_button.clicked.connect(self.bench.go_to_change)
        window = own_canvas(self._viewer).window()
        self._taking = [window_key(window, key, self.bench.take) for key in ("Return", "Enter")]
        self._leaving = [window_key(window, "Escape", self.bench.leave)]
        self.closed.connect(self._end)

    def _end(self) -> None:
        self.bench.leave()
        if self.form is not None:
            self.form.end()
        self._follow_scene(None)
        self.ticks.clear()
        for shortcut in (*self._taking, *self._leaving):
            shortcut.deleteLater()

    def _press(self, tool: Tool, _: bool = True) -> None:
        """Take up a tool, or put it away if it is chosen."""
        self.bench.choose(None if tool is self.bench.tool else tool)

    def _tell_keys(self, event: Any = None) -> None:
        """Say in tool tips which keys tools have now; napari's Preferences change them."""
        for name, tool in TOOLS.items():
            key = key_of_tool(name)
            with_key = f"{tool.title} ({key})" if key else tool.title
            self.buttons[tool.title].setToolTip(f"{with_key}: {tool.tip}")

    def _choose_organ(self, value: int) -> None:
        target = self._target()
        if target is not None:
            target.layer.selected_label = value
            canvases_of(self._viewer)[0][1].setFocus()

    def _target(self) -> Target | None:
        try:
            return self.bench.target()
        except AbdosegError:
            return None

    def _follow_layer(self, event: Any = None) -> None:
        target = self._target()
        self._follow_scene(None if target is None else target.scene)
        self.save.follow(label_map_in_view(self._viewer))
        self._show_organ()

    def _follow_scene(self, scene: OrganScene | None) -> None:
        if scene is self._scene:
            return
        if self._scene is not None:
            self._scene.changed.disconnect(self._show_organ)
            self._scene.layer.events.selected_label.disconnect(self._show_organ)
            self._scene.layer.events.mode.disconnect(self._follow_mode)
            self._scene.layer.events.brush_size.disconnect(self._follow_brush_size)
        self._scene = scene
        if scene is not None:
            scene.changed.connect(self._show_organ)
            scene.layer.events.selected_label.connect(self._show_organ)
            scene.layer.events.mode.connect(self._follow_mode)
            scene.layer.events.brush_size.connect(self._follow_brush_size)

    def _follow_mode(self, event: Any) -> None:
        """napari's own keys and buttons choose brush and eraser too, and put away the others."""
        follow_napari_mode(self.bench, str(event.mode))

    def _follow_brush_size(self, event: Any) -> None:
        follow_napari_size(self.bench, event.source)

    def _show_organ(self, event: Any = None) -> None:
        target = self._target()
        self.organ.setEnabled(target is not None)
        if target is None:
            self.organ.offer((), None)
            self.volume.setText("")
        else:
            self.organ.offer(target.organs, target.value)
            self.volume.setText(_volume(target))
        self._mark_slices()

    def _mark_slices(self) -> None:
        """Mark on the sliders which slices the chosen organ was painted in."""
        target = self._target()
        if target is None:
            self._ticked = ()
            self.ticks.clear()
            return
        seeds = seeds_of(target.layer)
        numbers = [seeds.across(axis, [target.value]) for axis in range(3)]
        if (target.layer, numbers) != self._ticked:
            self._ticked = target.layer, numbers
            self.ticks.show(target.layer, numbers)

    def _mark_again(self) -> None:
        """There are other sliders."""
        self._ticked = ()
        self._mark_slices()

    def _show(self) -> None:
        """Show what the bench holds."""
        tool = self.bench.tool
        for title, button in self.buttons.items():
            button.setChecked(tool is not None and title == tool.title)
        shown = tool, *self._offered(tool)
        if shown != self._shown:
            self._shown = shown
            self._show_settings(tool)
        self._mark_slices()
        self.words.setText(self.bench.words)
        self.words.setStyleSheet(
            f"color: {readable(PROBLEM, self._viewer.theme)}" if self.bench.is_problem else ""
        )
        changes = None if self.bench.proposal is None else self.bench.proposal.changes
        self.legend.tell(changes)
        self.go_to_button.setVisible(changes is not None)
        self.take_button.setEnabled(self.bench.is_ready)
        for shortcut in self._taking:
            shortcut.setEnabled(self.bench.is_ready)
        for shortcut in self._leaving:
            shortcut.setEnabled(tool is not None)
        for answer in (self.take_button, self.leave_button):
            answer.setVisible(tool is not None)

    def _offered(self, tool: Any) -> tuple[Any, ...]:
        """What other organs and layers the settings of a tool offer."""
        kinds = () if tool is None else tuple(map(type, tool.settings))
        target = self._target()
        if target is None:
            return ()
        organs = (target.organs, target.value) if {OtherOrgan, EachPart} & {*kinds} else ()
        layers = tuple(label_layers(self._viewer)) if OtherLayer in kinds else ()
        return *organs, *layers

    def _show_settings(self, tool: Any) -> None:
        if self.form is not None:
            if self.form.isAncestorOf(QApplication.focusWidget()):
                canvases_of(self._viewer)[0][1].setFocus()  # keys are napari's again
            self._chosen.removeWidget(self.form)
            self.form.end()
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        self.title.setVisible(tool is not None)
        self.title.setText("" if tool is None else tool.title)
        self.tip.setText(CHOOSE if tool is None else f"{tool.tip}.")
        if tool is not None and tool.settings:
            self.form = SettingsForm(self.bench, tool, self._target())
            self._chosen.addWidget(self.form)
            self.form.take_focus()

    def _follow_theme(self, event: Any = None) -> None:
        theme = self._viewer.theme
        self._tools.setStyleSheet(_bar_style(theme))
        for _, tools in GROUPS:
            for tool in tools:
                self.buttons[tool.title].setIcon(icon(tool.icon, theme))


def _bar_style(theme: str) -> str:
    """Buttons that are flat, but for the one under the mouse and the one that is chosen."""
    colors = get_theme(theme)
    plain, over, chosen = (
        each.as_hex(format="long") for each in (colors.foreground, colors.primary, colors.current)
    )
    return (
        f"QToolButton {{ background: {plain}; border: none; border-radius: 4px }}"
        f"QToolButton:hover {{ background: {over} }}"
        f"QToolButton:checked {{ background: {chosen} }}"
    )


def _volume(target: Target) -> str:
    measures = {organ.value: each for organ, each in target.scene.table.measures.items()}
    found = measures.get(target.value)
    return "" if found is None else f"{found.volume_ml:.0f} ml"
