"""The settings of the chosen tool as a form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from napari.layers import Labels
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.correction.painted_area import HU_PRESETS, HuRange
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.organ_choice import OrganChoice
from napari_abdoseg.plugin.correct.part_rows import PartRows
from napari_abdoseg.plugin.correct.place_row import PlaceRow
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import (
    Action,
    Amount,
    Choice,
    EachPart,
    EachPlace,
    HuChoice,
    OtherLayer,
    Setting,
    Switch,
    Text,
    Tool,
)
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.widgets.napari_window import own_canvas
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.plugin.widgets.window_key import window_key

MOST_LETTERS = 28
"""Of choices side by side."""
ANY_HU, OWN_HU = "any HU", "own range"
LARGEST_HU = -32768, 32767

Tell = Callable[[Any], None]


class SettingsForm(QWidget):
    """A row for each setting of a tool; what is chosen goes to the bench at once.

    Parameters
    ----------
    bench : Bench
    tool : Tool
    target : Target or None
        What it acts on, if there is anything.
    """

    def __init__(self, bench: Bench, tool: Tool, target: Target | None) -> None:
        super().__init__()
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.rows: dict[str, QWidget] = {}
        for setting in tool.settings:

            def tell(value: Any, name: str = setting.name) -> None:
                bench.set(**{name: value})

            if isinstance(setting, Action):
                row: QWidget = _action(setting, bench)
            elif isinstance(setting, EachPlace):
                row = PlaceRow(bench)
            elif isinstance(setting, EachPart):
                row = PartRows(bench, bench.values[setting.name], target, tell)
            else:
                row = _row(setting, bench.values.get(setting.name), target, tell)
            self.rows[setting.name] = row
            if isinstance(setting, Switch | EachPart | EachPlace):
                layout.addRow(row)
            else:
                layout.addRow(setting.label, row)
        self._bench = bench
        window = own_canvas(bench.viewer).window()
        self._keys = [
            window_key(window, setting.key, partial(bench.act, setting.act))
            for setting in tool.settings
            if isinstance(setting, Action) and setting.key
        ]
        bench.changed.connect(self._follow)

    def end(self) -> None:
        """Follow the bench no longer, and have no keys."""
        self._bench.changed.disconnect(self._follow)
        for key in self._keys:
            key.deleteLater()
        for row in self.rows.values():
            if isinstance(row, PlaceRow):
                row.end()

    def _follow(self) -> None:
        """Show numbers that the mouse has changed, and parts that were found."""
        for name, row in self.rows.items():
            if isinstance(row, PartRows | PlaceRow):
                row.follow()
            value = self._bench.values.get(name)
            if isinstance(row, QDoubleSpinBox) and value is not None and row.value() != value:
                row.blockSignals(True)
                row.setValue(value)
                row.blockSignals(False)

    def take_focus(self) -> None:
        """Let the keyboard write what is to be written, if anything is."""
        for row in self.rows.values():
            if isinstance(row, QLineEdit):
                row.setFocus()


def _action(action: Action, bench: Bench) -> QWidget:
    button = QPushButton(f"{action.words} ({action.key})" if action.key else action.words)
    button.clicked.connect(lambda: bench.act(action.act))
    return button


def _row(setting: Setting, value: Any, target: Target | None, tell: Tell) -> QWidget:
    if isinstance(setting, Amount):
        return _amount(setting, value, tell)
    if isinstance(setting, Choice):
        return _choice(setting, value, tell)
    if isinstance(setting, Text):
        return _text(value, tell)
    if isinstance(setting, Switch):
        return _switch(setting, value, tell)
    if isinstance(setting, HuChoice):
        return HuRangeRow(value, tell)
    if isinstance(setting, OtherLayer):
        return _layer(value, target, tell)
    return _organ(value, target, tell)


def _amount(setting: Amount, value: float, tell: Tell) -> QWidget:
    box = QDoubleSpinBox()
    box.setRange(setting.least, setting.most)
    box.setSingleStep(setting.step)
    box.setDecimals(0 if setting.step >= 10 else 1 if setting.step >= 0.1 else 2)
    box.setSuffix(f" {setting.unit}")
    box.setValue(value)
    box.valueChanged.connect(tell)
    return box


def _choice(setting: Choice, value: str, tell: Tell) -> QWidget:
    """Buttons side by side, of which one is down; a list where these would be too wide."""
    if sum(map(len, setting.choices)) > MOST_LETTERS:
        names = QComboBox()
        keep_narrow(names)
        names.addItems(setting.choices)
        names.setCurrentText(value)
        names.textActivated.connect(tell)
        return names
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    group = QButtonGroup(row)
    for choice in setting.choices:
        button = QPushButton(choice)
        button.setCheckable(True)
        button.setChecked(choice == value)
        button.clicked.connect(partial(_tell_choice, tell, choice))
        group.addButton(button)
        layout.addWidget(button)
    return row


def _tell_choice(tell: Tell, choice: str, _: bool = True) -> None:
    tell(choice)


def _text(value: str | None, tell: Tell) -> QWidget:
    line = QLineEdit(value or "")
    line.textEdited.connect(tell)
    return line


def _switch(setting: Switch, value: bool, tell: Tell) -> QWidget:
    box = QCheckBox(setting.label)
    box.setChecked(value)
    box.toggled.connect(tell)
    return box


class HuRangeRow(QWidget):
    """A range of HU by name, or from one number to another.

    Parameters
    ----------
    value : tuple of float or None
    tell : callable
        Called with what is chosen; None for any HU.
    """

    def __init__(self, value: HuRange | None, tell: Tell) -> None:
        super().__init__()
        self._tell = tell
        self.names = QComboBox()
        keep_narrow(self.names)
        self.names.addItems([ANY_HU, *HU_PRESETS, OWN_HU])
        self.ends = QDoubleSpinBox(), QDoubleSpinBox()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.names)
        self._numbers = QWidget()
        row = QHBoxLayout(self._numbers)
        row.setContentsMargins(0, 0, 0, 0)
        for end, words in zip(self.ends, ("", "to")):
            end.setRange(*LARGEST_HU)
            end.setDecimals(0)
            end.setSingleStep(5)
            end.valueChanged.connect(self._take_numbers)
            if words:
                row.addWidget(QLabel(words))
            row.addWidget(end, stretch=1)
        row.addWidget(QLabel("HU"))
        layout.addWidget(self._numbers)
        self.names.textActivated.connect(self._take_name)
        self._show(value)

    def _show(self, value: HuRange | None) -> None:
        names = {preset: name for name, preset in HU_PRESETS.items()}
        self.names.setCurrentText(ANY_HU if value is None else names.get(value, OWN_HU))
        self._numbers.setVisible(value is not None)
        for end, number in zip(self.ends, value or ()):
            end.blockSignals(True)
            end.setValue(number)
            end.blockSignals(False)

    def _take_name(self, name: str) -> None:
        lowest, highest = (end.value() for end in self.ends)
        own = (lowest, highest) if highest > lowest else HU_PRESETS["soft tissue"]
        value = None if name == ANY_HU else HU_PRESETS.get(name, own)
        self._show(value)
        if name == OWN_HU:
            self.names.setCurrentText(OWN_HU)
        self._tell(value)

    def _take_numbers(self) -> None:
        """Numbers that are typed are the user's own range; the wrong way round they are turned."""
        lowest, highest = sorted(end.value() for end in self.ends)
        self.names.setCurrentText(OWN_HU)
        self._tell((lowest, highest))


def _organ(value: int | None, target: Target | None, tell: Tell) -> QWidget:
    choice = OrganChoice()
    if target is not None:
        others = [each for each in target.organs if each[0].value != target.value]
        choice.offer(others, value)
    choice.chosen.connect(tell)
    return choice


def _layer(value: Labels | None, target: Target | None, tell: Tell) -> QWidget:
    choice = QComboBox()
    keep_narrow(choice)
    layers = [] if target is None else label_layers(target.viewer)
    for layer in layers:
        if target is not None and layer is not target.layer:
            choice.addItem(layer.name, layer)
    choice.setCurrentIndex(choice.findData(value))
    choice.setPlaceholderText("Choose a label map")
    choice.activated.connect(lambda index: tell(choice.itemData(index)))
    return choice
