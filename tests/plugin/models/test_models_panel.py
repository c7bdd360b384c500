"""The panel Models: what is listed, and how models are installed, described, kept and removed."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from file_server import serving, stall
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from small_models import COARSE

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.inference.model.card import read_card, write_card
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.model_store import catalogue
from napari_abdoseg.model_store.catalogue import read_catalogue
from napari_abdoseg.model_store.testing import recording_test
from napari_abdoseg.plugin.models.rows import AVAILABLE, OF_OTHER_SCANS, UNUSABLE, words_of
from napari_abdoseg.plugin.models.terms import terms_words
from napari_abdoseg.plugin.models.widget import ModelsWidget
from napari_abdoseg.plugin.segment.model_choice import MORE
from napari_abdoseg.plugin.segment.widget import SegmentWidget
from napari_abdoseg.progress import drain

NARROW_DOCK = 310
"""What the panel gets as a tab beside our others."""
TRAINED = "nnUNetTrainer__nnUNetPlans__3d_fullres"


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch) -> Path:
    """Where models are installed; nothing else is known but the demo."""
    folder = tmp_path / "models"
    monkeypatch.setenv("ABDOSEG_MODELS", str(folder))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("nnUNet_results", raising=False)
    notification_manager.records.clear()
    return folder


@pytest.fixture
def zipped(tmp_path, make_model):
    """A function that writes small real models into an archive."""

    def write(path: Path, *names: str) -> Path:
        trained = make_model()
        with zipfile.ZipFile(path, "w") as file:
            for name in names:
                for each in trained.rglob("*"):
                    if each.is_file():
                        file.write(each, Path(name) / TRAINED / each.relative_to(trained))
        return path

    return write


@pytest.fixture
def entry(tmp_path, zipped, monkeypatch):
    """A catalogue of one entry, whose archive a local server has."""
    served, folder = tmp_path / "served", tmp_path / "catalogue"
    served.mkdir()
    folder.mkdir()
    zipped(served / "model.zip", "Dataset297_Total")
    monkeypatch.setattr(catalogue, "CATALOGUE", folder)
    card = {"title": "Two <organs>", "licence": "CC-BY-NC-4.0", "licence_url": "https://x.org/by"}
    with serving(served) as server:
        content = {
            "card": card,
            "parts": [{"url": server.url("model.zip"), "size": 2_000_000}],
            "organs": ["liver", "spleen"],
            "terms": "Not for sale.",
            "untried": "Never tried by us: nobody did.",
            "read": {},
        }
        (folder / "total_fast.json").write_text(json.dumps(content))
        yield server


@pytest.fixture
def panel(make_napari_viewer, qtbot) -> ModelsWidget:
    viewer = make_napari_viewer()
    widget = ModelsWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Models")
    widget.list_models()
    qtbot.waitUntil(lambda: bool(widget.models.rows))
    return widget


@pytest.fixture
def trained(panel, make_model, phantom, tmp_path, models, qtbot) -> str:
    """A small model of a long name that is here, with its test."""
    name = "Dataset999_SomethingWithAVeryLongNameAsDataSetsHaveThem"
    shutil.copytree(make_model(spacing=COARSE), models / name)
    write_volume(tmp_path / "ct.nii.gz", phantom[0])
    drain(recording_test(name, tmp_path / "ct.nii.gz", "cpu"))
    panel.list_models()
    qtbot.waitUntil(lambda: name in _names(panel))
    return name


def _names(panel) -> list[str]:
    return [row.name for row in panel.models.rows]


def _wait_for_end(panel, qtbot) -> None:
    qtbot.waitUntil(lambda: panel.job is None)


def _install(panel, what, qtbot) -> None:
    panel.place.setText(str(what))
    panel.add.click()
    _wait_for_end(panel, qtbot)


def _said() -> str:
    return " ".join(note.message for note in notification_manager.records)


def test_three_clicks_install_an_entry_once_its_licence_is_accepted(panel, entry, models, qtbot):
    panel.list_models()
    qtbot.waitUntil(lambda: _names(panel) == ["demo", "total_fast"])
    segment = SegmentWidget(panel._viewer)
    qtbot.addWidget(segment)
    panel.select("total_fast")
    assert panel.row.state == AVAILABLE
    assert panel.install.isEnabled()
    assert not panel.remove.isEnabled()
    panel.install.click()
    _, cancel = panel.dialog.buttons()
    text = panel.dialog.text()
    assert "CC-BY-NC-4.0" in text
    assert "Not for sale." in text
    assert "Two &lt;organs&gt;" in text
    assert "2.0 MB" in text
    cancel.click()
    assert panel.job is None
    panel.install.click()
    panel.dialog.buttons()[0].click()
    _wait_for_end(panel, qtbot)
    assert panel.status.text() == "Installed total_fast."
    assert read_model("total_fast").card.licence == "CC-BY-NC-4.0"
    assert segment.choice.model.name.value == "total_fast"
    assert "Never tried by us." in segment.choice.model.words.text()
    qtbot.waitUntil(lambda: panel.row is not None and panel.row.known is not None)
    assert panel.row.state == "installed"
    assert panel.remove.isEnabled()


def test_what_cannot_be_installed_is_told_in_a_sentence(panel, qtbot, tmp_path):
    _install(panel, tmp_path / "nothing.zip", qtbot)
    assert "There is no model" in panel.status.text()
    assert panel.place.text()
    assert not panel.bar.native.isVisible()


def test_of_several_models_in_an_archive_one_is_asked_for(panel, zipped, tmp_path, qtbot):
    _install(panel, zipped(tmp_path / "two.zip", "Dataset001_A", "Dataset002_B"), qtbot)
    chosen = next(each for each in panel.dialog.comboBoxItems() if "Dataset002_B" in each)
    panel.dialog.textValueSelected.emit(chosen)
    qtbot.waitUntil(lambda: panel.job is None and len(known_models()) == 2)
    panel.dialog.close()


def test_a_card_is_filled_in_and_what_is_wrong_is_told(panel, zipped, tmp_path, models, qtbot):
    _install(panel, zipped(tmp_path / "a.zip", "Dataset001_A"), qtbot)
    (name,) = set(known_models()) - {"demo"}
    qtbot.waitUntil(lambda: name in _names(panel))
    panel.select(name)
    panel.card.click()
    form = panel.dialog
    form.lines["title"].setText("Mine")
    form.lines["source"].setText("no page")
    form._save()
    assert "source" in form.problem.text()
    assert read_card(models / name).title is None
    form.lines["source"].setText("https://example.org")
    form.shown.setText("nose")
    form._save()
    assert "finds no nose" in form.problem.text()
    organ = read_model(name).organs[0].name
    form.shown.setText(organ)
    form.axes.setCurrentIndex(1)
    form._save()
    card = read_card(models / name)
    assert (card.title, card.shown, card.axes, card.sha256) == ("Mine", [organ], "RAS", None)
    assert card.origin is not None
    qtbot.waitUntil(lambda: panel.row is not None and panel.row.title == "Mine")


def test_a_spoilt_card_is_told_instead_of_a_form(panel, zipped, tmp_path, models, qtbot):
    _install(panel, zipped(tmp_path / "a.zip", "Dataset001_A"), qtbot)
    (name,) = set(known_models()) - {"demo"}
    qtbot.waitUntil(lambda: name in _names(panel))
    panel.select(name)
    (models / name / "model.json").write_text("[")
    panel.card.click()
    assert "can't be read as JSON" in _said()
    panel.list_models()
    qtbot.waitUntil(lambda: panel.row is not None and panel.row.state == UNUSABLE)
    assert "model.json" in panel.words.text()
    assert not panel.use.isEnabled()


def test_a_model_is_exported_and_removed(panel, zipped, tmp_path, models, qtbot, monkeypatch):
    _install(panel, zipped(tmp_path / "a.zip", "Dataset001_A"), qtbot)
    (name,) = set(known_models()) - {"demo"}
    qtbot.waitUntil(lambda: name in _names(panel))
    panel.select(name)
    archive = tmp_path / "out.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(archive), ""))
    panel.export.click()
    _wait_for_end(panel, qtbot)
    assert zipfile.is_zipfile(archive)
    assert str(archive) in panel.status.text()
    panel.remove.click()
    assert str(models / name) in panel.dialog.text()
    panel.dialog.buttons()[0].click()
    qtbot.waitUntil(lambda: name not in _names(panel))
    assert not (models / name).exists()


def test_a_file_that_is_chosen_waits_for_its_click(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "a.zip"), ""))
    assert not panel.add.isEnabled()
    panel.file.click()
    assert panel.place.text().endswith("a.zip")
    assert panel.add.isEnabled()
    assert panel.job is None


def test_every_entry_of_the_catalogue_says_its_licence(panel):
    rows = [row for row in panel.models.rows if row.known is None]
    assert {row.name for row in rows} == {entry.name for entry in read_catalogue()}
    for row in rows:
        words, terms = words_of(row), terms_words(row.entry, "#123456")
        assert f"Licence: {row.licence}" in words
        assert row.licence in terms
        assert row.entry.content.untried in words
    assert panel.row is None or panel.words.text()


def test_a_faulty_catalogue_is_told(panel, entry, qtbot):
    (catalogue.CATALOGUE / "x.json").write_text("[")
    panel.list_models()
    qtbot.waitUntil(lambda: "x.json" in panel.status.text())


def test_more_models_opens_the_panel_and_leaves_the_choice_as_it_was(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    segment = SegmentWidget(viewer)
    viewer.window.add_dock_widget(segment, name="Segment organs")
    assert segment.choice.model.name.choices[0] == MORE
    segment.choice.model.name.value = MORE
    assert segment.choice.model.name.value == "demo"
    assert segment.choice.model.model.name == "demo"
    (panel,) = viewer.window._qt_window.findChildren(ModelsWidget)
    qtbot.waitUntil(lambda: panel.row is not None and panel.row.name == "total_fast")


def test_a_model_that_is_removed_is_chosen_no_more(panel, zipped, tmp_path, models, qtbot):
    _install(panel, zipped(tmp_path / "a.zip", "Dataset001_A"), qtbot)
    (name,) = set(known_models()) - {"demo"}
    segment = SegmentWidget(panel._viewer)
    qtbot.addWidget(segment)
    qtbot.waitUntil(lambda: name in _names(panel))
    panel.select(name)
    panel.use.click()
    assert segment.choice.model.name.value == name
    write_card(models / name, read_card(models / name).model_copy(update={"title": "New"}))
    panel._models_here.changed.emit()
    assert "New." in segment.choice.model.words.text()
    panel._remove(name)
    _wait_for_end(panel, qtbot)
    assert segment.choice.model.name.value == "demo"
    assert name not in segment.choice.model.name.choices
    panel._remove(name)
    _wait_for_end(panel, qtbot)
    assert "No model" in panel.status.text()


def test_a_model_is_tested_and_what_differs_is_told(panel, trained, models, qtbot):
    panel.select(trained)
    assert panel.test.isEnabled()
    panel.test.click()
    assert panel.cancel_button.isVisibleTo(panel)
    assert not panel.test.isEnabled()
    _wait_for_end(panel, qtbot)
    assert panel.status.text().startswith("It works here as it should: 0 of ")
    assert panel.test.isEnabled()
    path = models / trained / read_card(models / trained).test.labels
    labels = read_labels(path)
    labels.data[:2] = labels.data[:2] == 0
    write_labels(path, labels)
    panel.test.click()
    _wait_for_end(panel, qtbot)
    assert panel.status.text().startswith("It finds something else here: ")
    path.unlink()
    panel.test.click()
    _wait_for_end(panel, qtbot)
    assert path.name in panel.status.text()


def test_a_test_is_cancelled(panel, trained, qtbot):
    panel.select(trained)
    panel.test.click()
    panel.cancel_button.click()
    assert not panel.cancel_button.isEnabled()
    _wait_for_end(panel, qtbot)
    assert panel.status.text() == "Cancelled."
    assert not panel.cancel_button.isVisibleTo(panel)
    assert not panel.bar.native.isVisibleTo(panel)
    assert panel.test.isEnabled()


def test_a_download_is_cancelled_and_goes_on_the_next_time(panel, entry, models, qtbot):
    panel.list_models()
    qtbot.waitUntil(lambda: "total_fast" in _names(panel))
    panel.select("total_fast")
    entry.always = stall(1000)
    panel.install.click()
    panel.dialog.buttons()[0].click()
    qtbot.waitUntil(lambda: bool(entry.asked))
    panel.cancel_button.click()
    _wait_for_end(panel, qtbot)
    assert panel.status.text() == "Cancelled."
    assert known_models() == ("demo",)
    assert panel.install.isEnabled()
    entry.always = None
    panel.install.click()
    panel.dialog.buttons()[0].click()
    _wait_for_end(panel, qtbot)
    assert panel.status.text() == "Installed total_fast."


def test_the_question_outlives_events_that_are_handled_as_it_is_accepted(panel, entry, qtbot):
    panel.list_models()
    qtbot.waitUntil(lambda: "total_fast" in _names(panel))
    panel.select("total_fast")
    panel.install.click()
    titles = []
    panel.dialog.accepted.connect(lambda: qtbot.wait(1))
    panel.dialog.accepted.connect(lambda: titles.append(panel.dialog.windowTitle()))
    panel.dialog.buttons()[0].click()
    _wait_for_end(panel, qtbot)
    assert titles == ["Install total_fast"]
    assert panel.status.text() == "Installed total_fast."


def test_name_state_and_licence_are_seen_in_a_narrow_dock(panel, trained, qtbot):
    alone = ModelsWidget(panel._viewer)
    qtbot.addWidget(alone)
    alone.resize(NARROW_DOCK, 700)
    alone.show()
    qtbot.waitUntil(lambda: trained in _names(alone))
    head, room = alone.table.head, alone.table.viewport().width()
    headers = [alone.models.headerData(n, Qt.Orientation.Horizontal) for n in range(head.count())]
    licence = headers.index("Licence")
    assert head.sectionPosition(licence) + head.sectionSize(licence) <= room
    name = alone.models.index(_names(alone).index(trained), 0)
    assert name.data() == "Dataset9…aveThem"
    assert trained in name.data(Qt.ItemDataRole.ToolTipRole)


@pytest.fixture
def of_mr(panel, make_model, models, qtbot) -> str:
    """A model of MR that is here, and that nobody has said to be meant."""
    folder = shutil.copytree(make_model(), models / "mr")
    dataset = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(dataset | {"channel_names": {"0": "MR"}}))
    panel.list_models()
    qtbot.waitUntil(lambda: "mr" in _names(panel))
    return "mr"


@pytest.mark.parametrize("answer", ["use", "leave"])
def test_a_model_of_other_scans_is_asked_about_and_remembered(answer, panel, of_mr, models, qtbot):
    segment = SegmentWidget(panel._viewer)
    qtbot.addWidget(segment)
    choice = segment.choice.model
    panel.select(of_mr)
    assert panel.row.state == OF_OTHER_SCANS
    assert panel.use.isEnabled()
    assert not panel.test.isEnabled()
    panel.use.click()
    assert choice.question.isVisibleTo(segment)
    assert "takes MR: what it finds in a CT means nothing" in choice.question.words.text()
    assert not choice.words.isVisibleTo(segment)
    assert choice.model is None
    getattr(choice.question, answer).click()
    assert not choice.question.isVisibleTo(segment)
    assert choice.words.isVisibleTo(segment)
    is_used = answer == "use"
    assert choice.name.value == ("mr" if is_used else "demo")
    assert choice.model.other_scan == ("MR" if is_used else None)
    assert read_card(models / "mr").modality == ("MR" if is_used else None)
    again = SegmentWidget(panel._viewer)
    qtbot.addWidget(again)
    again.choice.model.choose("mr")
    assert again.choice.model.question.is_asking is not is_used
    if is_used:
        qtbot.waitUntil(lambda: panel.row is not None and panel.row.is_usable)


def test_an_answer_that_can_not_be_remembered_is_told(panel, of_mr, models, qtbot):
    segment = SegmentWidget(panel._viewer)
    qtbot.addWidget(segment)
    segment.choice.model.choose(of_mr)
    (models / "mr" / "model.json").mkdir()
    segment.choice.model.question.use.click()
    assert "The model is not used." in segment.choice.model.question.words.text()
    assert segment.choice.model.model is None


def test_the_demo_has_its_own_place(panel):
    panel.select("demo")
    assert panel.row.state == "packaged"
    assert panel.test.isEnabled()
    assert not panel.remove.isEnabled()
    assert "phantoms" in panel.words.text()
