"""A model that looks around organs which another one finds is one model to its user."""

from __future__ import annotations

import json
import pickle
import shutil

import numpy as np
import pytest
from small_models import cascade, two_stages
from typer.testing import CliRunner

from napari_abdoseg import Volume, load_ensemble, read_labels, segment
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.cli.app import app
from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.inference.model.card import ModelCard, Region, read_card, write_card
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preflight.preflight import preflighting
from napari_abdoseg.inference.preflight.usual_extent import ABDOMEN_MM, usual_extent
from napari_abdoseg.inference.preprocessing.region_box import box_around
from napari_abdoseg.inference.preprocessing.scan_part import part_of
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain

PANCREAS = Region(organs=["pancreas"], margin_mm=[15.0, 50.0, 40.0])


def found_by_hand(volume, folder, preset="exact"):
    """Both models one after the other, the second on the part alone."""
    finder = load_ensemble(folder / "region", device="cpu")
    box = box_around(segment(volume, finder, preset), read_card(folder).region)
    labels = np.zeros(volume.data.shape, np.uint8)
    alone = shutil.copytree(folder, folder.parent / "alone")
    write_card(alone, ModelCard(axes=read_card(folder).axes))
    part = part_of(volume, box)
    labels[box.slices] = segment(part, load_ensemble(alone, device="cpu"), preset).data
    return box, labels


def of_fat(phantom):
    """A scan whose organs are fat."""
    volume, labels = phantom
    return Volume(np.where(labels.data > 0, -100, volume.data).astype(np.int16), volume.grid)


@pytest.fixture
def folder(make_model):
    return two_stages(make_model, PANCREAS)


@pytest.mark.parametrize("preset", ["exact", "balanced", "fast"])
@pytest.mark.parametrize("axes", [pytest.param("stored", marks=pytest.mark.slow), "RAS"])
def test_the_second_model_sees_the_region_alone(
    folder, around, tmp_path, preset, axes, single_precision
):
    write_card(folder, ModelCard(axes=axes, region=PANCREAS))
    box, expected = found_by_hand(around[0], folder, preset)
    found = drain(segmenting(around[0], load_ensemble(folder, device="cpu"), preset))
    np.testing.assert_array_equal(found.labels.data, expected)
    assert expected.any()
    assert box.stop != around[0].grid.shape
    _, share = found.shares
    assert share.region is not None
    assert box.union(share.region) == box
    outside = np.ones(expected.shape, bool)
    outside[box.slices] = False
    assert not found.disagreement.on_scan()[outside].any()


def test_margins_are_in_mm_and_end_with_the_scan(phantom):
    labels = phantom[1]
    organ = next(each for each in labels.organs if each.name == "pancreas")
    places = np.argwhere(labels.data == organ.value)
    tight = box_around(labels, Region(organs=["pancreas"]))
    assert (tight.start, tight.stop) == (tuple(places.min(0)), tuple(places.max(0) + 1))
    wide = box_around(labels, Region(organs=["pancreas"], margin_mm=[15.0, 6.0, 1000.0]))
    assert wide.start == (tight.start[0] - 1, tight.start[1] - 1, 0)  # voxels are 8 x 6 x 6 mm
    assert wide.stop == (tight.stop[0] + 1, tight.stop[1] + 1, labels.grid.shape[2])


@pytest.mark.parametrize("codes", ["LPS", "RAS", "SAR", "PIL"])
def test_a_part_lies_where_it_lay(phantom, codes):
    from napari_abdoseg import Grid

    grid = Grid.from_spacing((8, 9, 10), (3.0, 2.0, 1.0), (5.0, 6.0, 7.0), codes)
    part = grid.part((1, 2, 3), (5, 6, 8))
    assert part.shape == (4, 4, 5)
    assert part.axis_codes == codes
    for corner in ((0, 0, 0), (3, 3, 4)):
        whole = np.add(corner, (1, 2, 3))
        np.testing.assert_allclose(part.ras_position(corner), grid.ras_position(whole))


def test_the_way_is_one_bar_that_never_falls(folder, around):
    ensemble = load_ensemble(folder, device="cpu")
    steps = list(segmenting(around[0], ensemble, "exact", preview=True))
    shares = [step.fraction for step in steps if step.total]
    assert shares == sorted(shares)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages[0] == "Finding the region"
    assert stages[-1] == "Resampling to the scan"
    (preview,) = (step.interim for step in steps if step.interim is not None)
    assert preview.organs == ensemble.organs
    work = segmenting(around[0], ensemble, "exact")
    next(work)
    work.close()


@pytest.mark.parametrize("preset", ["exact", "balanced"])
def test_nothing_found_is_an_empty_label_map_and_a_sentence(folder, around, preset):
    found = drain(segmenting(of_fat(around), load_ensemble(folder, device="cpu"), preset))
    assert not found.labels.data.any()
    assert not found.disagreement.on_scan().any()
    assert [share.passes > 0 for share in found.shares] == [True, False]
    (notice,) = (each for each in found.labels.notices if "none was found" in each)
    assert "around pancreas" in notice


def test_a_cascade_looks_in_the_region_with_both_stages(make_model, around):
    folder = cascade(make_model)
    second = two_stages(lambda *_: folder, PANCREAS)
    found = drain(segmenting(around[0], load_ensemble(second, device="cpu"), "exact"))
    box, expected = found_by_hand(around[0], second)
    np.testing.assert_array_equal(found.labels.data, expected)
    assert [share.trained.name for share in found.shares][1:] == [
        "3d_lowres",
        "3d_cascade_fullres",
    ]
    assert all(box.union(share.region) == box for share in found.shares[1:])


def test_all_files_of_both_are_its_files(folder, make_model):
    ensemble = load_ensemble(folder, [0], "cpu")
    (chosen,) = ensemble.chosen
    assert {path.relative_to(folder).as_posix() for path in chosen.files} == {
        *("dataset.json", "plans.json", "fold_0/checkpoint_final.pth"),
        *(f"region/{name}" for name in ("dataset.json", "plans.json")),
        "region/fold_0/checkpoint_final.pth",
    }
    model, before = read_model(folder), read_model(folder).sha256(["0"])
    assert ensemble.is_current
    finder = folder / "region" / "fold_0" / "checkpoint_final.pth"
    shutil.copy(read_model("demo").checkpoint("1"), finder)
    assert not ensemble.is_current
    assert read_model(folder).sha256(["0"]) != before
    (folder / "region" / "dataset.json").touch()
    assert not model.is_current


def test_the_job_of_others_carries_both_models(folder, around, tmp_path):
    ensemble = load_ensemble(folder, device="cpu")
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    (sent,) = pickle.loads(pickle.dumps(job)).models
    for path in sent.files:
        (target := tmp_path / "there" / path.relative_to(sent.root)).parent.mkdir(
            parents=True, exist_ok=True
        )
        shutil.copy(path, target)
    shutil.rmtree(folder)
    assert sent.is_in(tmp_path / "there")
    there = job.with_models((sent.below(tmp_path / "there"),)).load("cpu")
    expected, found = (segment(around[0], each, "exact").data for each in (ensemble, there))
    np.testing.assert_array_equal(expected, found)


def test_predict_tells_of_both_and_keeps_what_is_finished(folder, around, tmp_path):
    volume = around[0]
    (tmp_path / "scans").mkdir()
    write_volume(tmp_path / "scans" / "whole.nii.gz", volume)
    write_volume(tmp_path / "scans" / "fat.nii.gz", of_fat(around))
    output = tmp_path / "out"
    words = ["predict", str(tmp_path / "scans"), "--output", str(output), "--model", str(folder)]
    words += ["--preset", "exact", "--device", "cpu", "--disagreement"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert f"It looks around what {folder.name}/region finds" in result.output
    report = json.loads((output / "whole.json").read_text())
    finder, second = report["models"]
    assert (finder["name"], second["name"]) == (f"{folder.name}/region", folder.name)
    assert second["region"]["box_voxels"] != finder["region"]["box_voxels"]
    empty = json.loads((output / "fat.json").read_text())
    assert any("none was found" in warning for warning in empty["warnings"])
    assert empty["models"][1]["region"] is None
    again = CliRunner().invoke(app, words)
    assert "2 finished before and kept" in " ".join(again.output.split())
    labels = read_labels(output / "whole.nii.gz").data
    expected = segment(volume, load_ensemble(folder, device="cpu"), "exact").data
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("organs", [["pancreas"], pytest.param(None, marks=pytest.mark.slow)])
def test_what_it_will_take_is_told_before(make_model, phantom, organs):
    """The region is taken to be as large as its organs mostly are."""
    region = Region(organs=organs, margin_mm=10.0)
    folder = two_stages(make_model, region, spacing=(4.0, 3.0, 3.0))
    told = drain(preflighting(phantom[0], load_ensemble(folder, device="cpu"), "fast"))
    found = drain(segmenting(phantom[0], load_ensemble(folder, device="cpu"), "fast"))
    passes = sum(share.passes for share in found.shares)
    assert 1 <= told.passes / passes < 1.5


@pytest.mark.parametrize(
    ("names", "extent"),
    [
        (["Pancreas"], (84.0, 73.5, 126.0)),
        (["pancreas", "liver"], ABDOMEN_MM),
        (["something"], ABDOMEN_MM),
        ([], ABDOMEN_MM),
    ],
)
def test_organs_of_no_known_extent_take_the_abdomens(names, extent):
    assert usual_extent(names) == extent


def test_what_can_not_be_is_said_in_a_sentence(folder, make_model):
    card = read_card(folder)
    write_card(folder, ModelCard(region=Region(organs=["lung"])))
    with pytest.raises(ModelError, match=r"names the region of lung, and the model .* finds liver"):
        read_model(folder)
    write_card(folder, card)
    write_card(folder / "region", ModelCard(region=Region()))
    shutil.copytree(make_model(name="third"), folder / "region" / "region")
    with pytest.raises(ModelError, match=r"its own model\.json names a region"):
        read_model(folder)
    (folder / "region").rename(folder / "other")
    with pytest.raises(ModelError, match="is not there: copy the model folder again, with"):
        read_model(folder)


def test_only_models_with_one_region_are_averaged(make_model, around):
    one = two_stages(make_model, PANCREAS, name="one")
    other = two_stages(make_model, PANCREAS, name="other")
    ensemble = load_ensemble([one, other], device="cpu")
    assert len(ensemble.stages) == 3
    assert segment(around[0], ensemble, "exact").data.any()
    write_card(other, ModelCard(region=Region(organs=["pancreas"], margin_mm=99.0)))
    with pytest.raises(ModelError, match="look in different regions"):
        load_ensemble([one, other], device="cpu")
