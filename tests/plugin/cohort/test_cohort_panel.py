"""The panel `Cohort` in a real window, with a table of a run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import comparing
import numpy as np
import pytest
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.batch.case_scan import path_from
from napari_abdoseg.batch.tables import ORGAN_COLUMNS, QUALITY_COLUMNS, write_organs_csv
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.plugin.cohort.cohort_columns import (
    DSC,
    EXPECTED,
    HU,
    NO_CALIBRATION,
    ORGAN,
    VOLUME,
)
from napari_abdoseg.plugin.cohort.cohort_widget import ALL, HINT
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view

ORGANS = ("liver", "kidney", "spleen", "pancreas")


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1100, 860)
    return viewer


@pytest.fixture
def widget(viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Cohort")
    return widget


@pytest.fixture
def run(tmp_path, phantom):
    """Results of two cases: ``whole``, and ``cut`` whose spleen reaches the edge."""
    scan, labels = phantom
    entries = [
        {
            "name": organ.name,
            "value": organ.value,
            "voxels": measures.voxels,
            "volume_ml": measures.volume_ml,
            "mean_hu": measures.mean_hu,
            "touches_edge": False,
            "box_mm": dict(zip(("min", "max"), measures.box.ras_bounds(labels.grid))),
        }
        for organ, measures in measure_organs(labels, scan).items()
    ]
    cut = [
        entry | {"touches_edge": entry["name"] == "spleen", "volume_ml": entry["volume_ml"] / 2}
        for entry in entries
    ]
    results, scans = tmp_path / "results", tmp_path / "scans"
    for folder in (results, scans):
        folder.mkdir()
    for case in ("whole", "cut"):
        write_labels(results / f"{case}.nii.gz", labels)
        write_volume(scans / f"{case}_0000.nii.gz", scan)
    reports = [{"case": "whole", "organs": entries}, {"case": "cut", "organs": cut}]
    write_organs_csv(results, [], reports)
    return results, scans


@pytest.fixture
def shown(widget, qtbot, run):
    """The panel with the run's table."""
    results, scans = run
    widget.scans.value = scans
    widget.results.value = results
    qtbot.waitUntil(lambda: widget.model.rowCount() == 8)
    qtbot.waitUntil(lambda: widget.job is None)
    return widget


def column(widget, number: int) -> list[str]:
    return [widget.model.index(row, number).data() for row in range(widget.model.rowCount())]


def said() -> str:
    return notification_manager.records[-1].message


def seen(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


def expect(results, dsc):
    """Tell in the table of a run what is expected of the liver."""
    path = results / "organs.csv"
    rows = list(csv.DictReader(path.open()))
    for row in rows:
        if row["organ"] == "liver":
            told = (0.9, dsc, dsc and dsc - 0.1, dsc and dsc + 0.01)
            row.update(zip(QUALITY_COLUMNS, told, strict=True))
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, ORGAN_COLUMNS)
        table.writeheader()
        table.writerows(rows)


def score(folder, **of_livers):
    folder.mkdir(exist_ok=True)
    lines = [f"{case},liver,{dsc}" for case, dsc in of_livers.items()]
    (folder / "metrics.csv").write_text("\n".join(["case,organ,dsc", *lines]))
    return folder


def read_again(widget, edit, folder, qtbot):
    edit.value = folder
    qtbot.waitUntil(lambda: widget.job is None)


def test_expected_dsc_stands_beside_the_measured_one(shown, run, tmp_path, qtbot):
    results, _ = run
    assert shown.table.isColumnHidden(EXPECTED)
    assert shown.table.isColumnHidden(DSC)
    expect(results, 0.95)
    read_again(shown, shown.scores, score(tmp_path / "scores", whole=0.912, cut=0.4), qtbot)
    assert not shown.table.isColumnHidden(EXPECTED)
    assert not shown.table.isColumnHidden(DSC)
    shown.table.sortByColumn(DSC, Qt.SortOrder.AscendingOrder)
    assert column(shown, DSC) == ["0.400", "0.912"] + [""] * 6
    assert column(shown, EXPECTED)[:3] == ["0.950", "0.950", ""]
    shown.table.sortByColumn(EXPECTED, Qt.SortOrder.AscendingOrder)
    tip = shown.model.index(0, EXPECTED).data(Qt.ItemDataRole.ToolTipRole)
    assert "Expected DSC 0.950 (0.850 to 0.960)" in tip
    assert NO_CALIBRATION not in shown.words.text()
    shown.scores.line_edit.value = ""
    shown.scores.line_edit.native.editingFinished.emit()
    qtbot.waitUntil(lambda: shown.table.isColumnHidden(DSC))
    score(results, whole=0.8)
    qtbot.waitUntil(lambda: shown.job is None)
    shown._read()
    qtbot.waitUntil(lambda: "0.800" in column(shown, DSC))


def test_without_a_calibration_the_panel_says_so(shown, run, tmp_path, qtbot):
    results, _ = run
    expect(results, "")
    shown._read()
    qtbot.waitUntil(lambda: NO_CALIBRATION in shown.words.text())
    qtbot.waitUntil(lambda: shown.job is None)
    assert shown.table.isColumnHidden(EXPECTED)
    (tmp_path / "metrics.csv").write_text("case,organ\n1,2\n")
    for folder, words in ((tmp_path, "is no table of scores"), (results, "is not there")):
        read_again(shown, shown.scores, folder, qtbot)
        assert words in said()
    assert shown.model.rowCount() == 8


def open_first_row(widget, qtbot) -> None:
    comparing.click_row(qtbot, widget.table, 0, double=True)
    qtbot.waitUntil(lambda: widget.job is None)


def open_row_of(case: str, widget, qtbot) -> None:
    is_cut = Qt.SortOrder.AscendingOrder if case == "cut" else Qt.SortOrder.DescendingOrder
    widget.table.sortByColumn(0, is_cut)
    open_first_row(widget, qtbot)


def test_it_tells_what_to_choose(widget):
    assert widget.words.text() == HINT
    assert not widget.table.isVisible()


def test_organs_of_all_cases_are_listed(shown):
    assert column(shown, 0) == ["cut"] * 4 + ["whole"] * 4
    assert tuple(column(shown, ORGAN)[:4]) == ORGANS
    assert not shown.table.isColumnHidden(ORGAN)
    assert shown.organ.choices == (ALL, *ORGANS)
    assert "2 cases" in shown.words.text()
    assert [text for text in column(shown, VOLUME) if text.startswith("≥ ")] == [
        column(shown, VOLUME)[2]
    ]
    header = shown.model.headerData
    horizontal = Qt.Orientation.Horizontal
    assert (
        header(HU, horizontal, Qt.ItemDataRole.ToolTipRole) == "Mean of the CT in Hounsfield units"
    )
    assert header(HU, Qt.Orientation.Vertical) is None


def test_one_organ_is_summed_up(shown):
    shown.organ.value = "liver"
    assert column(shown, ORGAN) == ["liver", "liver"]
    assert shown.table.isColumnHidden(ORGAN)
    small, large = (float(text.replace(",", "")) for text in column(shown, VOLUME))
    assert f"Median of the liver {(small + large) / 2:,.0f} ml" in shown.words.text()


def test_a_click_on_a_header_sorts(shown):
    for order, ascending in ((Qt.SortOrder.AscendingOrder, 1), (Qt.SortOrder.DescendingOrder, -1)):
        shown.table.sortByColumn(VOLUME, order)
        volumes = [row.organ.volume_ml for row in shown.model.rows]
        assert volumes == sorted(volumes)[::ascending]
    shown.organ.value = "liver"
    assert column(shown, 0) == ["whole", "cut"]


def test_a_double_click_opens_the_case_at_the_organ(shown, viewer, qtbot):
    shown.organ.value = "spleen"
    open_first_row(shown, qtbot)
    assert [layer.name for layer in viewer.layers] == ["cut_0000", "cut"]
    labels = viewer.layers["cut"]
    spleen = np.argwhere(labels.data == 3)
    index = labels.world_to_data(viewer.dims.point)
    assert np.all((spleen.min(0) <= index) & (index <= spleen.max(0)))
    shown.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    open_first_row(shown, qtbot)
    assert [layer.name for layer in viewer.layers] == ["whole_0000", "whole"]


@pytest.fixture
def reports(run):
    """What each case's report says of its scan."""
    results, scans = run
    for case in ("whole", "cut"):
        told = {"image_path": path_from(results, scans / f"{case}_0000.nii.gz")}
        (results / f"{case}.json").write_text(json.dumps(told))


@pytest.mark.usefixtures("reports")
def test_a_case_comes_with_its_ct_as_one_group_and_goes_with_it(shown, viewer, qtbot, phantom):
    shown.scans.line_edit.value = ""
    scan, _ = phantom
    for name in ("mine", "other"):
        own = replace(scan, grid=replace(scan.grid), path=Path(f"{name}.nii"))
        viewer.add_layer(Layer.create(*image_layer(own)))
    viewer.layers.selection.active = mine = viewer.layers["mine"]
    open_first_row(shown, qtbot)
    cut, labels = viewer.layers["cut_0000"], viewer.layers["cut"]
    assert seen(viewer) == ["cut_0000", "cut"]
    assert cases_in_view(viewer).layers == (cut, labels)
    viewer.layers.selection.active = mine
    assert seen(viewer) == ["mine"]
    viewer.layers.selection.active = labels
    assert seen(viewer) == ["cut_0000", "cut"]
    shown._opened.close()
    qtbot.wait(10)
    assert seen(viewer) == ["mine"]


@pytest.mark.usefixtures("reports")
def test_a_case_without_its_ct_is_shown_alone_and_told(shown, run, viewer, qtbot, phantom):
    shown.scans.line_edit.value = ""
    path = run[1] / "cut_0000.nii.gz"
    path.unlink()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    open_first_row(shown, qtbot)
    assert said() == f"The CT of cut was not found: {path} is not there."
    assert seen(viewer) == ["cut"]
    shown._opened.close()
    assert seen(viewer) == ["CT"]


@pytest.mark.slow
@pytest.mark.usefixtures("reports")
def test_the_panel_organs_goes_along_and_shows_boxes(shown, run, viewer, qtbot, phantom):
    """All cases are on one grid, and the second comes without its CT."""
    shown.scans.line_edit.value = ""
    (run[1] / "whole_0000.nii.gz").unlink()
    _, organs = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Organs")
    scan, labels = phantom
    grid = replace(scan.grid)
    for data in (
        image_layer(replace(scan, grid=grid, path=Path("mine.nii"))),
        labels_layer(replace(labels, grid=grid), "my organs"),
    ):
        viewer.add_layer(Layer.create(*data))
    qtbot.waitUntil(lambda: "liver box" in seen(viewer), timeout=20_000)
    for case in ("cut", "whole"):
        open_row_of(case, shown, qtbot)
        assert organs.layers.value is viewer.layers[case]
        box = f"liver box ({case})"
        qtbot.waitUntil(lambda: box in seen(viewer), timeout=20_000)  # noqa: B023
        assert not [name for name in seen(viewer) if name.startswith("m") or "my organs" in name]


def test_an_organ_that_was_removed_is_told(shown, run, viewer, qtbot, phantom):
    _, labels = phantom
    data = np.where(labels.data == 3, 0, labels.data).astype(np.uint8)
    write_labels(run[0] / "cut.nii.gz", type(labels)(data, labels.grid, labels.organs))
    shown.scans.line_edit.value = ""
    shown.organ.value = "spleen"
    open_first_row(shown, qtbot)
    told = [record.message for record in notification_manager.records]
    assert any("There is no spleen in" in words for words in told)
    assert [layer.name for layer in viewer.layers] == ["cut"]


def test_a_case_that_is_gone_is_told(shown, run, viewer, qtbot):
    (run[0] / "cut.nii.gz").unlink()
    open_first_row(shown, qtbot)
    assert "is gone" in said()
    assert not viewer.layers


def test_a_folder_of_something_else_is_told(widget, qtbot, tmp_path):
    widget.results.value = tmp_path
    qtbot.waitUntil(lambda: widget.job is None)
    assert "is not there" in said()
    assert widget.words.text() == HINT
