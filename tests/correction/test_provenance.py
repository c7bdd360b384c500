"""What is written of corrections beside a label map."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.correction.journal.corrections import Corrections, won_and_lost
from napari_abdoseg.correction.journal.effort import Effort
from napari_abdoseg.correction.journal.recorded_labels import sha256_of
from napari_abdoseg.correction.provenance import add_provenance, provenance_entry, version_of
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.organ import Organ

CORRECTIONS = Corrections("0" * 64, {"brush": 3, "fill holes": 1}, {1: (20, 4), 9: (0, 7)})


@pytest.fixture
def path(phantom, tmp_path):
    write_labels(tmp_path / "case.nii.gz", phantom[1])
    return tmp_path / "case.nii.gz"


def entry(path, labels, corrections=CORRECTIONS):
    return provenance_entry(path, labels, corrections, version_of(path), {"name": "demo"})


def test_what_predict_wrote_stays_and_each_save_adds_an_entry(path, phantom):
    report = {"case": "case", "organs": [{"name": "liver"}], "models": [{"sha256": "abc"}]}
    beside = path.with_name("case.json")
    beside.write_text(json.dumps(report))
    for number in (1, 2):
        add_provenance(path, entry(path, phantom[1]))
        told = json.loads(beside.read_text())
        assert {key: told[key] for key in report} == report
        assert len(told["corrections"]) == number
    last = told["corrections"][-1]
    assert last["strokes"] == {"brush": 3, "fill holes": 1}
    assert last["voxels"] == {
        "liver": {"added": 20, "removed": 4},
        "label 9": {"added": 0, "removed": 7},
    }
    assert last["saved"] == {"file": "case.nii.gz", "sha256": sha256_of(path)}
    assert last["model"] == {"name": "demo"}
    assert last["user"]
    assert last["machine"]


def test_a_label_map_without_a_report_gets_one_of_its_corrections_alone(path, phantom):
    add_provenance(path, entry(path, phantom[1], None))
    told = json.loads(path.with_name("case.json").read_text())
    assert told["case"] == "case"
    assert told["corrections"][0]["voxels"] == {}
    assert version_of(path.with_name("none.nii.gz")) is None


def test_work_on_each_organ_is_told_by_its_name(path, phantom):
    liver = tuple(np.array([at, at]) for at in (3, 4, 5))
    brushed = [Edit(liver, np.array([0, 0]), np.array([1, 1]))]
    given_away = [Edit(liver, np.array([1, 1]), np.array([9, 9]))]
    effort = (
        Effort()
        .after(100.0, "brush", brushed)
        .after(130.0, "brush", brushed)
        .after(140.0, "eraser", given_away)
        .after(201.0, "brush", brushed)  # a pause
        .after(0.0, "brush", brushed)  # the clock was set back
        .after(5.0, "", brushed)  # an undo
    )
    assert Effort.of(json.loads(json.dumps(effort.told))) == effort
    told = entry(path, phantom[1], replace(CORRECTIONS, effort=effort))["effort"]
    assert told == {
        "liver": {"seconds": 40.0, "strokes": {"brush": 4, "eraser": 1}, "slices": [3]},
        "label 9": {"seconds": 5.0, "strokes": {"eraser": 1}, "slices": [3]},
    }


def test_names_that_were_changed_are_told(path, phantom):
    organs = phantom[1].organs
    now = (replace(organs[0], name="left liver"), *organs[1:], Organ(9, "stomach"))
    names = NamesEdit.of(organs, now)
    told = entry(path, phantom[1], replace(CORRECTIONS, names=names))
    assert told["renamed"] == {organs[0].name: "left liver"}
    assert told["added"] == ["stomach"]
    assert entry(path, phantom[1])["renamed"] == {}


@pytest.mark.parametrize("content", ["no json", "[1]", ""])
def test_a_file_that_is_no_report_is_left_as_it_is(content, path, phantom):
    beside = path.with_name("case.json")
    beside.write_text(content)
    with pytest.raises(SaveError, match="the label map itself is saved"):
        add_provenance(path, entry(path, phantom[1]))
    assert beside.read_text() == content


def test_what_labels_win_and_lose():
    where = tuple(np.arange(5) for _ in range(3))
    edit = Edit(where, np.array([0, 1, 1, 2, 0]), np.array([1, 0, 2, 1, 3]))
    assert won_and_lost(edit) == {1: (2, 2), 2: (1, 1), 3: (1, 0)}
