"""The panel `Training` in a real window, with logs of real trainings."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from training_logs import copied_model, log_of

from napari_abdoseg.plugin.training import watching as training_watch
from napari_abdoseg.plugin.training import widget as training
from napari_abdoseg.plugin.training.fold_columns import ALL
from napari_abdoseg.training.watching import watch as watching
from napari_abdoseg.training.watching.look import Look

NARROW = 320
PATIENCE = 20_000
"""ms that a busy machine may take."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = copied_model("tiny", tmp_path)
    for log in folder.glob("*/*.txt"):
        os.utime(log)
    return folder


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1100, 860)
    return viewer


@pytest.fixture
def widget(viewer, monkeypatch):
    monkeypatch.setattr(training_watch, "SECONDS", 0.05)
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Training")
    return widget


@pytest.fixture
def watched(widget, model, qtbot):
    """The panel with three folds."""
    widget.folder.value = model
    wait_for_rows(widget, qtbot, 4)
    return widget


def wait_for_rows(widget, qtbot, rows: int) -> None:
    qtbot.waitUntil(lambda: widget.folds.rowCount() == rows, timeout=PATIENCE)


def cells(widget, row: int) -> list[str]:
    return [widget.folds.index(row, column).data() for column in range(4)]


def click(widget, qtbot, row: int) -> None:
    place = widget.table.visualRect(widget.folds.index(row, 0)).center()
    qtbot.mouseClick(widget.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def wait_for_picture(widget, qtbot) -> set[str]:
    """All colours of the picture, once it is the newest."""
    picture = widget.picture
    qtbot.waitUntil(lambda: picture.image is not None and not picture.is_busy, timeout=PATIENCE)
    image = picture.image
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return {f"#{r:02x}{g:02x}{b:02x}" for r, g, b, _ in np.unique(pixels.reshape(-1, 4), axis=0)}


def test_it_says_what_to_choose(widget):
    assert widget.words.text() == training.HINT
    assert not widget.table.isVisible()
    assert not widget.watch.is_active


def test_a_row_for_each_fold_and_one_for_all(watched):
    assert cells(watched, 0) == [ALL, "", "", ""]
    assert cells(watched, 1) == ["0", "30 of 30", "finished, Dice 0.352", ""]
    assert cells(watched, 3)[:3] == ["2", "10 of 30", "running"]
    assert cells(watched, 3)[3].endswith(" s")
    assert not watched.model.visible
    assert not watched.table.verticalScrollBar().isVisible()


def test_curves_of_all_folds_and_of_one_by_organ(watched, qtbot):
    look = watched._look
    colors = wait_for_picture(watched, qtbot)
    assert {look.fold(place) for place in range(3)} <= colors
    click(watched, qtbot, 1)
    colors = wait_for_picture(watched, qtbot)
    organs = {look.line(organ.color) for organ in watched.all_folds[0].curves.organs}
    assert {look.fold(0), *organs} <= colors
    assert look.fold(2) not in colors
    assert watched.picture.image.width() == watched.picture.width()


def test_a_log_that_grows_is_followed_and_the_fold_stays_chosen(watched, model, qtbot):
    click(watched, qtbot, 3)
    before = wait_for_picture(watched, qtbot)
    log_of(model / "fold_2").write_text(log_of(model / "fold_0").read_text())
    qtbot.waitUntil(
        lambda: cells(watched, 3)[1:3] == ["30 of 30", "finished, Dice 0.352"], timeout=PATIENCE
    )
    assert watched.table.currentIndex().row() == 3
    assert wait_for_picture(watched, qtbot) != before


def test_no_file_is_read_on_the_gui_thread(watched, model, qtbot, monkeypatch):
    threads = []
    read_fold = watching.read_fold

    def record(folder, *known):
        threads.append(threading.current_thread())
        return read_fold(folder, *known)

    monkeypatch.setattr(watching, "read_fold", record)
    log_of(model / "fold_2").write_text(log_of(model / "fold_0").read_text())
    qtbot.waitUntil(lambda: cells(watched, 3)[1] == "30 of 30", timeout=PATIENCE)
    assert threads
    assert threading.main_thread() not in threads


def test_trouble_is_named(widget, tmp_path, qtbot):
    widget.folder.value = copied_model("lost", tmp_path)
    wait_for_rows(widget, qtbot, 1)
    assert cells(widget, 0)[2] == "finished, diverges"
    assert widget.words.text().startswith("fold 0 diverges: its EMA pseudo Dice had reached 0.25")


def test_a_folder_that_vanishes_and_comes_back(watched, model, qtbot):
    away = model.rename(model.with_name("away"))
    qtbot.waitUntil(lambda: watched.words.text() == training.GONE, timeout=PATIENCE)
    assert watched.folds.rowCount() == 4
    away.rename(model)
    qtbot.waitUntil(lambda: watched.words.text() == "", timeout=PATIENCE)


def test_another_folder_takes_its_place(watched, tmp_path, qtbot):
    (tmp_path / "empty").mkdir()
    watched.folder.value = tmp_path / "empty"
    assert watched.words.text() == training.NOTHING
    assert not watched.table.isVisible()
    qtbot.wait(400)
    assert watched.folds.rowCount() == 0
    copied_model("hot", tmp_path / "empty")
    wait_for_rows(watched, qtbot, 1)
    line = watched.folder.line_edit.native
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    assert watched.watch.is_active
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert watched.words.text() == training.HINT
    assert not watched.watch.is_active


def test_one_model_of_several_is_chosen(watched, tmp_path, qtbot):
    copied_model("lost", tmp_path)
    watched.folder.value = tmp_path
    wait_for_rows(watched, qtbot, 1)
    assert watched.model.visible
    shown = [watched.model.native.itemText(place) for place in range(2)]
    assert shown == ["nnUNetTrainer_lost", "nnUNetTrainer_tiny"]
    watched.model.value = watched.model.choices[1]
    wait_for_rows(watched, qtbot, 4)
    qtbot.wait(300)
    assert watched.model.current_choice == "nnUNetTrainer_tiny"


def test_colours_follow_the_theme(watched, viewer, qtbot):
    wait_for_picture(watched, qtbot)
    dark = watched._look
    viewer.theme = "light"
    colors = wait_for_picture(watched, qtbot)
    assert watched._look.background in colors
    assert watched._look.fold(0) in colors
    assert isinstance(dark, Look)
    assert dark.background not in colors


def test_it_fits_a_narrow_dock_and_draws_anew(watched, viewer, qtbot):
    wait_for_picture(watched, qtbot)
    assert watched.minimumSizeHint().width() <= NARROW
    before = watched.picture.image.height()
    viewer.window.resize(1100, 760)
    qtbot.waitUntil(lambda: watched.picture.image.height() < before, timeout=PATIENCE)
    assert watched.picture.image.height() == watched.picture.height()


def test_curves_are_saved(watched, tmp_path, qtbot):
    watched.save_curves(tmp_path / "out")
    qtbot.waitUntil(lambda: watched.job is None, timeout=PATIENCE)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"curves.png", "curves.csv"}


def test_it_looks_only_while_it_can_be_seen(watched, viewer):
    assert watched.watch.is_active
    dock = watched.parent()
    dock.hide()
    assert not watched.watch.is_active
    dock.show()
    assert watched.watch.is_active
    viewer.window.remove_dock_widget(watched)
    assert not watched.watch.is_active


def test_a_window_that_closes_stops_it(watched, viewer):
    viewer.close()
    assert not watched.watch.is_active
