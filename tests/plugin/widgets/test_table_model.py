"""Tables whose columns are data."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QModelIndex, QPoint, Qt
from qtpy.QtGui import QColor

from napari_abdoseg.plugin.widgets.table_model import UNSORTED, Column, Role, TableModel
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, PlainTable

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
WORDS, NUMBERS = range(2)
BOX = 10
"""Pixels from the left of a cell to the middle of its check box."""
COLUMNS = (
    Column(
        "Word",
        str,
        "What it is called",
        square=lambda number: "#ff0000" if number > 5 else None,
        row_tip=lambda number: f"{number} of 10",
    ),
    Column(
        "Number",
        lambda number: f"{number:.1f}",
        key=lambda number: number,
        is_figure=True,
        color=lambda number: "#00ff00" if number > 5 else None,
    ),
)


@pytest.fixture
def model(qapp) -> TableModel[int]:
    model: TableModel[int] = TableModel(COLUMNS)
    model.show_rows([9, 10, 1])
    return model


@pytest.fixture
def table(model, qtbot) -> PlainTable:
    table = PlainTable(model)
    qtbot.addWidget(table)
    return table


def test_a_cell_says_what_its_column_does(model):
    word, number = model.index(0, WORDS), model.index(0, NUMBERS)
    assert (word.data(), number.data()) == ("9", "9.0")
    assert word.data(Role.ToolTipRole) == "9 of 10"
    assert word.data(Role.DecorationRole).pixmap(4).toImage().pixelColor(1, 1) == QColor("#ff0000")
    assert number.data(Role.ForegroundRole) == QColor("#00ff00")
    assert (word.data(Role.TextAlignmentRole), number.data(Role.TextAlignmentRole)) == (
        None,
        RIGHT_HAND,
    )
    for role in (Role.CheckStateRole, Role.FontRole):
        assert word.data(role) is None
    few = model.index(2, WORDS), model.index(2, NUMBERS)
    assert (few[WORDS].data(Role.DecorationRole), few[NUMBERS].data(Role.ForegroundRole)) == (
        None,
        None,
    )


def test_a_header_says_what_its_column_is(model):
    across = Qt.Orientation.Horizontal
    assert model.headerData(WORDS, across) == "Word"
    assert model.headerData(WORDS, across, Role.ToolTipRole) == "What it is called"
    assert model.headerData(NUMBERS, across, Role.ToolTipRole) is None
    assert model.headerData(NUMBERS, across, Role.TextAlignmentRole) == RIGHT_HAND
    assert model.headerData(0, Qt.Orientation.Vertical) is None
    assert model.headerData(NUMBERS, across, Role.UserRole + 9) is None
    assert model.rowCount(model.index(0, 0)) == model.columnCount(QModelIndex()) - 2 == 0


@pytest.mark.parametrize(
    ("column", "order", "rows"),
    [
        (WORDS, ASCENDING, [1, 10, 9]),
        (NUMBERS, ASCENDING, [1, 9, 10]),
        (NUMBERS, DESCENDING, [10, 9, 1]),
    ],
)
def test_rows_are_sorted_by_key_or_text_and_so_are_those_that_come(model, column, order, rows):
    model.sort(column, order)
    assert model.rows == rows
    model.show_rows([1, 9, 10])
    assert model.rows == rows


@pytest.mark.parametrize("column", [UNSORTED, len(COLUMNS)])
def test_rows_stay_as_they_come_where_there_is_no_such_column(model, column):
    model.sort(column)
    assert model.rows == [9, 10, 1]


def test_fewer_columns_than_the_one_that_was_sorted_by(model):
    model.sort(NUMBERS)
    model.show_rows([9, 1], COLUMNS[:1])
    assert model.rows == [9, 1]


def test_the_selected_row_stays_selected_when_it_is_sorted_elsewhere(table, model):
    table.setCurrentIndex(model.index(0, WORDS))
    table.sort_by(NUMBERS, DESCENDING)
    assert model.rows[table.currentIndex().row()] == 9
    table.sortByColumn(WORDS, ASCENDING)
    assert model.rows[table.currentIndex().row()] == 9


def test_rows_that_go_on_keep_the_selection_and_fewer_do_not(table, model):
    turned: list[object] = []
    table.selectionModel().currentChanged.connect(lambda *_: turned.append(True))
    table.setCurrentIndex(model.index(1, WORDS))
    model.update_rows([1, 2, 3, 4, 5])
    assert [model.index(row, WORDS).data() for row in range(5)] == ["1", "2", "3", "4", "5"]
    assert table.currentIndex().row() == 1
    model.update_rows([7])
    assert model.rows == [7]
    assert not table.currentIndex().isValid()
    assert len(turned) == 1, "nobody is told in the middle of a change"


def test_other_columns_come_with_their_rows(model):
    model.show_rows(["a"], [Column("Letter", str.upper)])
    assert model.columnCount() == 1
    assert model.index(0, 0).data() == "A"
    model.update_rows(["b", "c"], [Column("Small letter", str)])
    assert [model.index(row, 0).data() for row in range(2)] == ["b", "c"]
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Small letter"


def test_a_click_on_a_check_box_is_told_and_decided_by_who_listens(qapp):
    model: TableModel[str] = TableModel(
        [Column("", str, is_checked=lambda row: row == "b" or None)]
    )
    model.show_rows(["a", "b"])
    told: list[tuple[str, bool]] = []
    model.toggled.connect(lambda row, on: told.append((row, on)))
    without, ticked = (model.index(row, 0) for row in range(2))
    box = Qt.ItemFlag.ItemIsUserCheckable
    assert (bool(without.flags() & box), bool(ticked.flags() & box)) == (False, True)
    assert model.setData(ticked, Qt.CheckState.Unchecked, Role.CheckStateRole)
    assert told == [("b", False)]
    assert ticked.data(Role.CheckStateRole) == Qt.CheckState.Checked
    assert not model.setData(ticked, "c", Role.EditRole)


def test_a_check_box_is_clicked_with_the_mouse(qtbot):
    model: TableModel[str] = TableModel([Column("", str, is_checked=lambda row: row == "b")])
    model.show_rows(["a", "b"])
    table = PlainTable(model)
    qtbot.addWidget(table)
    table.show()
    told: list[tuple[str, bool]] = []
    model.toggled.connect(lambda row, on: told.append((row, on)))
    for row in range(2):
        cell = table.visualRect(model.index(row, 0))
        place = QPoint(cell.left() + BOX, cell.center().y())
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told == [("a", True), ("b", False)]
