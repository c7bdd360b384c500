"""What a model folder may say of how good its label maps are expected to be."""

from __future__ import annotations

import copy
import json

import pytest

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.quality_calibration import (
    QUALITY,
    QualityCalibration,
    QualityCurve,
    read_quality,
    write_quality,
)

CURVE = {
    **{"agreement": [0.5, 0.9], "dsc": [0.4, 0.8], "spread": [0.1, 0.02]},
    **{"below": -2.0, "above": 1.0, "observations": 40},
}
CONTENT = {
    **{"format": 1, "sha256": "a" * 64, "folds": ["0", "1"], "preset": "balanced"},
    **{"coverage": 0.9, "cases": 20, "organs": {"liver": {"plausible": CURVE, "in_doubt": CURVE}}},
}


def test_it_is_read_with_its_model_and_is_written_as_it_was_read(make_model):
    folder = make_model((0,))
    assert read_model(folder).quality is None
    (folder / QUALITY).write_text(json.dumps(CONTENT))
    model = read_model(folder)
    assert model.quality == QualityCalibration(**CONTENT)
    assert model.is_current
    write_quality(folder, model.quality)
    assert json.loads((folder / QUALITY).read_text()) == CONTENT
    assert not model.is_current


def test_the_demos_is_of_the_demo():
    demo = read_model("demo")
    assert demo.quality.sha256 == demo.sha256(demo.folds)
    assert tuple(demo.quality.folds) == demo.folds
    assert set(demo.quality.organs) == {organ.name for organ in demo.organs}


def test_between_knots_it_goes_straight_and_never_leaves_0_to_1():
    curve = QualityCurve(**CURVE)
    middle = curve.expect(0.7)
    assert (middle.dsc, middle.lowest, middle.highest) == pytest.approx((0.6, 0.48, 0.66))
    assert curve.expect(0.2).dsc == 0.4
    assert curve.expect(1.0).dsc == 0.8
    wide = QualityCurve(**CURVE | {"below": -1e6, "above": 1e6}).expect(0.7)
    assert (wide.lowest, wide.highest) == (0, 1)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("format",), 2, "format"),
        (("sha256",), "a", "sha256"),
        (("folds",), ["0"], "folds"),
        (("folds",), "01", "folds"),
        (("folds",), ["../0", "1"], "is no name of a folder"),
        (("preset",), "fast", "preset"),
        (("coverage",), 0.5, "coverage"),
        (("cases",), 0, "cases"),
        (("cases",), "20", "cases"),
        (("organs",), [], "organs"),
        (("organs", "liver"), None, "organs.liver"),
        (("organs", "liver", "in_doubt"), {}, "in_doubt"),
        (("organs", "liver", "plausible", "dsc"), [0.4, 1.2], "dsc.1"),
        (("organs", "liver", "plausible", "dsc"), [0.4, True], "dsc.1"),
        (("organs", "liver", "plausible", "dsc"), [0.4], "must be of one length"),
        (("organs", "liver", "plausible", "dsc"), [0.8, 0.4], "dsc must not fall"),
        (("organs", "liver", "plausible", "dsc"), [], "dsc"),
        (("organs", "liver", "plausible", "agreement"), [0.9, 0.9], "agreement must rise"),
        (("organs", "liver", "plausible", "spread"), [0.1, 0.0], "spread.1"),
        (("organs", "liver", "plausible", "below"), 2.0, "below must not be more than above"),
        (("organs", "liver", "plausible", "below"), float("nan"), "below"),
        (("organs", "liver", "plausible", "above"), 1e9, "above"),
        (("organs", "liver", "plausible", "observations"), 1.5, "observations"),
    ],
)
def test_what_it_can_not_be_is_told_with_its_place(tmp_path, place, value, words):
    content = copy.deepcopy(CONTENT)
    part = content
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    (tmp_path / QUALITY).write_text(json.dumps(content))
    with pytest.raises(ModelError) as caught:
        read_quality(tmp_path)
    assert words in str(caught.value)
    assert str(tmp_path / QUALITY) in str(caught.value)
    assert "or remove the file" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', "\x00"])
def test_a_file_that_is_no_calibration_is_refused(tmp_path, text):
    (tmp_path / QUALITY).write_text(text)
    with pytest.raises(ModelError, match="remove the file"):
        read_quality(tmp_path)


def test_a_model_folder_with_a_damaged_one_is_no_model(make_model):
    folder = make_model((0,))
    (folder / QUALITY).write_text("{}")
    with pytest.raises(ModelError, match=QUALITY):
        read_model(folder)
