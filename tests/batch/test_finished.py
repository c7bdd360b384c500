"""What counts as finished, and what becomes of what does not."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from small_models import cascade
from unpacked import unpacked
from working import run

from napari_abdoseg.batch.case_logits import logits_of_case
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.finished import is_finished
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.correction.provenance import add_provenance
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.logits import file as logits_file
from napari_abdoseg.logits.file import FARTHEST
from napari_abdoseg.progress import drain


@pytest.fixture
def case(scans, tmp_path, ensemble):
    """One that is finished."""
    cases = find_cases([scans / "case1_0000.nii.gz"], tmp_path / "out")
    drain(predicting(cases, ensemble, "fast"))
    assert is_finished(cases[0], Recipe.of(ensemble, "fast"))
    return cases[0]


def again(case, ensemble, **options):
    steps, outcome = run(predicting([case], ensemble, "fast", **options))
    return outcome, [step.notice for step in steps if step.notice]


def corrected(case):
    """A label map as an annotator leaves it: other voxels on the same grid."""
    labels = read_labels(case.labels)
    data = labels.data.copy()
    data[:2] = 1
    return replace(labels, data=data)


def test_a_corrected_label_map_stays(case, ensemble):
    write_labels(case.labels, corrected(case))
    written = case.labels.read_bytes()
    outcome, _ = again(case, ensemble)
    assert outcome.kept == (case,)
    assert case.labels.read_bytes() == written


def test_another_program_may_have_saved_it(case, ensemble):
    image = nib.load(case.labels)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine), case.labels)
    assert again(case, ensemble)[0].kept == (case,)


def test_one_that_was_packed_in_pieces_is_read(case, ensemble):
    voxels = gzip.decompress(case.labels.read_bytes())
    case.labels.write_bytes(gzip.compress(voxels[:5000]) + gzip.compress(voxels[5000:]))
    assert again(case, ensemble)[0].kept == (case,)


def test_the_result_of_another_scan_is_not_taken_for_that_of_this_one(case, ensemble):
    mine = case.labels.read_bytes()
    (case.image.parent / "case2_0000.nii.gz").replace(case.image)
    with pytest.raises(AbdosegError, match=r"case1.nii.gz is the result of another scan than .*"):
        again(case, ensemble)
    assert case.labels.read_bytes() == mine
    assert again(case, ensemble, overwrite=True)[0].made == (case,)


def test_a_scan_may_have_been_copied(case, ensemble, tmp_path):
    copy = tmp_path / "elsewhere" / case.image.name
    copy.parent.mkdir()
    shutil.copyfile(case.image, copy)
    copied = replace(case, image=copy)
    assert again(copied, ensemble)[0].kept == (copied,)


def test_a_report_that_does_not_know_its_scan_is_trusted(case, ensemble):
    report = json.loads(case.report.read_text())
    assert report.pop("image_file")["bytes"] == case.image.stat().st_size
    case.report.write_text(json.dumps(report))
    assert again(case, ensemble)[0].kept == (case,)


def spoil_labels(case):
    packed = case.labels.read_bytes()
    case.labels.write_bytes(packed[: len(packed) // 2])


def empty_labels(case):
    case.labels.write_bytes(b"")


def half_a_report(case):
    text = case.report.read_text()
    case.report.write_text(text[: len(text) // 2])


def a_report_of_something_else(case):
    case.report.write_text('{"models": [{}]}')


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_labels,
        pytest.param(empty_labels, marks=pytest.mark.slow),
        half_a_report,
        pytest.param(a_report_of_something_else, marks=pytest.mark.slow),
        lambda case: case.labels.unlink(),
        lambda case: case.report.unlink(),
    ],
)
def test_what_is_not_whole_is_made_again(spoil, case, ensemble):
    labels, report = unpacked(case.labels), json.loads(case.report.read_text())
    spoil(case)
    assert not is_finished(case, Recipe.of(ensemble, "fast"))
    outcome, notices = again(case, ensemble)
    assert outcome.made == (case,)
    assert unpacked(case.labels) == labels
    assert json.loads(case.report.read_text())["organs"] == report["organs"]
    assert not notices
    assert len(list(case.output.iterdir())) == 3


def test_a_label_map_without_report_that_differs_is_put_aside(case, ensemble):
    made = unpacked(case.labels)
    for number in ("", "1"):
        write_labels(case.labels, corrected(case))
        mine = case.labels.read_bytes()
        case.report.unlink()
        outcome, (notice,) = again(case, ensemble)
        assert outcome.made == (case,)
        assert unpacked(case.labels) == made
        aside = case.output / f"case1_before{number}.nii.gz"
        assert aside.read_bytes() == mine
        assert f"it is {aside.name} now" in notice


def test_what_was_corrected_is_overwritten_by_no_prediction(case, ensemble):
    made = unpacked(case.labels)
    write_labels(case.labels, corrected(case))
    mine = case.labels.read_bytes()
    add_provenance(case.labels, {"user": "anna", "when": "2026-11-27T09:12:00+01:00"})
    outcome, (notice,) = again(case, ensemble, overwrite=True)
    assert outcome.made == (case,)
    assert unpacked(case.labels) == made
    assert (case.output / "case1_before.nii.gz").read_bytes() == mine
    assert json.loads((case.output / "case1_before.json").read_text())["corrections"]
    assert "corrections" not in json.loads(case.report.read_text())
    assert "was corrected by hand: it is case1_before.nii.gz now" in notice


def test_one_on_another_grid_is_put_aside(case, ensemble):
    labels = nib.load(case.labels)
    turned = nib.as_closest_canonical(labels)
    nib.save(nib.Nifti1Image(np.asarray(turned.dataobj), turned.affine), case.labels)
    outcome, _ = again(case, ensemble)
    assert outcome.made == (case,)
    assert (case.output / "case1_before.nii.gz").exists()


def test_a_report_of_the_first_version_names_no_grid(case, ensemble):
    report = json.loads(case.report.read_text())
    del report["grid"]
    case.report.write_text(json.dumps(report))
    assert is_finished(case, Recipe.of(ensemble, "fast"))


@pytest.mark.parametrize("what", ["model", "folds", "preset"])
def test_an_output_of_another_model(what, case, ensemble, make_model, tmp_path):
    preset = "fast"
    if what == "preset":
        preset = "exact"
    else:
        folds = (0,) if what == "model" else (0, 1)
        kernel = 3 if what == "folds" else 1
        folder = make_model(folds=folds, mirror_axes=None, name="other", kernel=kernel)
        ensemble = load_ensemble(folder, [folds[-1]], "cpu")
    before = {path: path.read_bytes() for path in case.output.iterdir()}
    with pytest.raises(AbdosegError, match=r"case1\.nii\.gz is an output of another") as error:
        drain(predicting([case], ensemble, preset))
    assert "model (3d_fullres, folds 0, SHA-256" in str(error.value)
    assert "Choose another output folder" in str(error.value)
    assert {path: path.read_bytes() for path in case.output.iterdir()} == before
    outcome = drain(predicting([case], ensemble, preset, overwrite=True))
    assert outcome.made == (case,)
    assert len(list(case.output.iterdir())) == 3


def test_a_report_of_another_model_without_its_label_map_is_in_nobodys_way(case, ensemble):
    case.labels.unlink()
    assert drain(predicting([case], ensemble, "exact")).made == (case,)


@pytest.mark.slow
def test_disagreement_that_was_not_asked_for_before(scans, tmp_path, make_model):
    two = load_ensemble(make_model(folds=(0, 1), mirror_axes=None, name="two"), device="cpu")
    cases = find_cases([scans / "case1_0000.nii.gz"], tmp_path / "out")
    drain(predicting(cases, two, "exact"))
    outcome = drain(predicting(cases, two, "exact", disagreement=True))
    assert outcome.made == cases
    assert drain(predicting(cases, two, "exact", disagreement=True)).kept == cases
    assert drain(predicting(cases, two, "exact")).kept == cases


def test_logits_that_were_not_asked_for_before(case, ensemble):
    scan, logits = read_volume(case.image), case.logits
    assert not logits.exists()
    assert again(case, ensemble, keep_logits=True)[0].made == (case,)
    assert logits_of_case(case.labels, scan).contested.folds == 1
    told = json.loads(case.report.read_text())["logits"]
    assert told == {"kept": True, "error": 0.05, "told_up_to": FARTHEST}
    for options in ({"keep_logits": True}, {}):
        assert again(case, ensemble, **options)[0].kept == (case,)
    logits.unlink()
    assert again(case, ensemble, keep_logits=True)[0].made == (case,)
    assert again(case, ensemble, overwrite=True)[0].made == (case,)
    assert not logits.exists()  # those of another result


def test_a_corrected_label_map_gets_logits_and_stays(case, ensemble):
    write_labels(case.labels, corrected(case))
    add_provenance(case.labels, {"user": "Ann"})
    written, told = case.labels.read_bytes(), json.loads(case.report.read_text())
    assert again(case, ensemble, keep_logits=True)[0].made == (case,)
    assert case.labels.read_bytes() == written
    now = json.loads(case.report.read_text())
    assert now.pop("logits")["kept"]
    assert now == told
    assert logits_of_case(case.labels, read_volume(case.image)) is not None
    assert again(case, ensemble, keep_logits=True)[0].kept == (case,)
    again(case, ensemble, overwrite=True)
    aside = case.labels.with_name("case1_before.nii.gz")
    assert aside.read_bytes() == written
    assert logits_of_case(aside, read_volume(case.image)) is not None


def test_logits_that_can_not_be_kept_are_told_of_once(case, ensemble, monkeypatch):
    monkeypatch.setattr(logits_file, "LARGEST", 100)
    outcome, notices = again(case, ensemble, keep_logits=True)
    assert outcome.made == (case,)
    (notice,) = (each for each in notices if "logits" in each)
    assert json.loads(case.report.read_text())["logits"] == {"kept": False, "note": notice}
    assert not case.logits.exists()
    assert again(case, ensemble, keep_logits=True)[0].kept == (case,)


def test_logits_of_several_configurations_are_refused(case, make_model):
    folders = make_model((0,), None, name="a"), make_model((0,), None, name="b", kernel=1)
    both = load_ensemble(folders, device="cpu")
    with pytest.raises(AbdosegError, match="Logits are kept of one configuration"):
        drain(predicting([case], both, "fast", overwrite=True, keep_logits=True))


def test_the_order_of_models_does_not_matter(make_model):
    folders = make_model((0,), None, name="a"), make_model((0,), None, name="b", kernel=1)
    one, other = (
        Recipe.of(load_ensemble(order, device="cpu"), "fast") for order in (folders, folders[::-1])
    )
    assert one.is_met_by(other)
    assert " and " in one.words


def test_the_first_stage_of_a_cascade_counts(make_model, scans, tmp_path):
    ensemble = load_ensemble(cascade(make_model), device="cpu")
    recipe = Recipe.of(ensemble, "fast")
    assert [each.configuration for each in recipe.networks] == ["3d_lowres", "3d_cascade_fullres"]
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "fast"))
    assert all(is_finished(case, recipe) for case in cases)
