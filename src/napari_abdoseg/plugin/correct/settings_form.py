"""The settings of the chosen tool as a form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from napari.layers import Labels
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.organ_choice import OrganChoice
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import (
    Action,
    Amount,
    Choice,
    OtherLayer,
    Setting,
    Text,
    Tool,
)
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow

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
            else:
                row = _row(setting, bench.values.get(setting.name), target, tell)
            self.rows[setting.name] = row
            layout.addRow(setting.label, row)

    def take_focus(self) -> None:
        """Let the keyboard write what is to be written, if anything is."""
        for row in self.rows.values():
            if isinstance(row, QLineEdit):
                row.setFocus()


def _action(action: Action, bench: Bench) -> QWidget:
    button = QPushButton(action.words)
    button.clicked.connect(lambda: bench.act(action.act))
    return button


def _row(setting: Setting, value: Any, target: Target | None, tell: Tell) -> QWidget:
    if isinstance(setting, Amount):
        return _amount(setting, value, tell)
    if isinstance(setting, Choice):
        return _choice(setting, value, tell)
    if isinstance(setting, Text):
        return _text(value, tell)
    if isinstance(setting, OtherLayer):
        return _layer(value, target, tell)
    return _organ(value, target, tell)


def _amount(setting: Amount, value: float, tell: Tell) -> QWidget:
    box = QDoubleSpinBox()
    box.setRange(setting.least, setting.most)
    box.setSingleStep(setting.step)
    box.setDecimals(1 if setting.step >= 0.1 else 2)
    box.setSuffix(f" {setting.unit}")
    box.setValue(value)
    box.valueChanged.connect(tell)
    return box


def _choice(setting: Choice, value: str, tell: Tell) -> QWidget:
    """Buttons side by side, of which one is down."""
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
