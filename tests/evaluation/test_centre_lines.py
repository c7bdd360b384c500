"""Centre lines of thin structures, against the definitions of the measures' authors."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from blocks import AFFINE
from scipy import ndimage
from scipy.spatial.distance import cdist
from skimage.morphology import skeletonize

from napari_abdoseg import cldice, evaluate, score_organs
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.centre_lines import centre_line, centre_line_distance
from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.comparison import Comparison
from napari_abdoseg.evaluation.paired import paired_differences
from napari_abdoseg.image.grid import Grid, in_mm
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import drain

SPACING = (3.0, 2.0, 2.0)
DUCT, LIVER = Organ(1, "common bile duct"), Organ(2, "liver")


def tube(seed: int, shape=(40, 24, 24), radius: float = 2.5):
    """A winding tube with a ragged wall."""
    rng = np.random.default_rng(seed)
    z = np.linspace(4, shape[0] - 5, 200)
    turns, phase = rng.uniform(1, 4), rng.uniform(0, 6)
    y, x = (10 + 5 * np.sin(turns * z / 12 + phase + shift) for shift in (0, 1))
    line = np.zeros(shape, bool)
    line[tuple(np.rint(np.stack([z, y, x])).astype(int))] = True
    depth = ndimage.distance_transform_edt(~line)
    return depth + rng.normal(0, 0.4, shape) < radius


def reference_cldice(prediction, reference):
    """As jocpae/clDice has it, on the whole arrays."""

    def share(mask, line):
        return (mask * line).sum() / line.sum()

    precision = share(reference, skeletonize(prediction))
    sensitivity = share(prediction, skeletonize(reference))
    return 2 * precision * sensitivity / (precision + sensitivity)


def label_map(duct, liver=None):
    data = duct.astype(np.uint8)
    if liver is not None:
        data[liver] = LIVER.value
    return LabelMap(data, Grid(data.shape[::-1], AFFINE), (DUCT, LIVER))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shift", [0, 2, 4])
def test_cldice_is_that_of_its_authors_in_the_whole_scan_and_in_a_box(seed, shift):
    reference = tube(seed)
    prediction = np.roll(tube(seed, radius=1.8), shift, axis=2)
    expected = reference_cldice(prediction, reference)
    assert cldice(prediction, reference) == pytest.approx(expected)
    room = [(7, 9), (4, 3), (5, 8)]
    far = label_map(np.pad(prediction, room)), label_map(np.pad(reference, room))
    assert score_organs(*far, thin=("Common_Bile_Duct",))[0].cldice == pytest.approx(expected)


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        (np.zeros((4, 4, 4), bool), np.zeros((4, 4, 4), bool), 1.0),
        (tube(0), np.zeros((40, 24, 24), bool), 0.0),
        (np.zeros((40, 24, 24), bool), tube(0), 0.0),
        (tube(0), np.roll(tube(0), 12, axis=2), 0.0),
        (np.ones((2, 2, 2), bool), np.ones((2, 2, 2), bool), 1.0),
    ],
)
def test_cldice_is_defined_where_its_authors_have_none(prediction, reference, expected):
    assert cldice(prediction, reference) == expected


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2), (4, 4, 4), (2, 3, 4)])
def test_every_mask_has_a_centre_line_in_it(shape):
    mask = np.pad(np.ones(shape, bool), 2)
    line = centre_line(mask)
    assert line.any()
    assert not (line & ~mask).any()


@pytest.mark.parametrize("lattice", [SPACING, ((3.0, 0, 0), (0.7, 2.0, 0), (0, 0, 2.0))])
def test_the_distance_of_centre_lines_is_their_mean_distance_in_space(lattice):
    one, other = centre_line(tube(1)), centre_line(np.roll(tube(2), 3, axis=1))
    far = cdist(*(in_mm(np.argwhere(line), lattice) for line in (one, other)))
    expected = np.concatenate([far.min(axis=0), far.min(axis=1)]).mean()
    assert centre_line_distance(one, other, lattice) == pytest.approx(expected)


def test_parallel_tubes_are_as_far_apart_as_they_were_moved():
    line = np.zeros((20, 12, 12), bool)
    line[:, 4, 4] = True
    assert centre_line_distance(line, np.roll(line, 3, axis=2), SPACING) == 6.0
    assert isnan(centre_line_distance(line, np.zeros_like(line), SPACING))


def test_only_organs_that_are_said_to_be_thin_have_it():
    labels = label_map(tube(0), np.roll(tube(0), 12, axis=2))
    without = score_organs(labels, labels)
    duct, liver = score_organs(labels, labels, thin=["common bile duct"])
    assert (duct.cldice, duct.centre_line_mm) == (1.0, 0.0)
    assert isnan(liver.cldice)
    assert isnan(liver.centre_line_mm)
    assert repr(liver) == repr(without[1])
    assert repr(replace(duct, cldice=liver.cldice, centre_line_mm=liver.cldice)) == repr(without[0])


def test_a_comparison_knows_that_ducts_are_thin():
    reference = label_map(tube(0), np.roll(tube(0), 12, axis=2) & ~tube(0))
    prediction = label_map(tube(0, radius=1.8), np.roll(tube(0), 12, axis=2) & ~tube(0))
    comparison = Comparison(prediction, reference)
    (expected, _) = score_organs(prediction, reference, thin=[DUCT.name])
    assert repr(comparison.score(DUCT)) == repr(expected)
    assert isnan(comparison.score(LIVER).cldice)
    assert isnan(comparison.score(DUCT, with_distances=False).cldice)


@pytest.fixture
def folders(tmp_path):
    """Two cases of which the second prediction has no duct."""
    for folder in ("predictions", "references", "worse"):
        (tmp_path / folder).mkdir()
    for case in (1, 2):
        liver = np.roll(tube(case), 12, axis=2) & ~tube(case)
        truth, found = label_map(tube(case), liver), label_map(tube(case, radius=1.8), liver)
        write_labels(tmp_path / "references" / f"case{case}.nii.gz", truth)
        if case == 2:
            found = label_map(np.zeros_like(liver), liver)
        write_labels(tmp_path / "predictions" / f"case{case}.nii.gz", found)
        worse = label_map(np.roll(tube(case), 2, axis=1), liver)
        write_labels(tmp_path / "worse" / f"case{case}.nii.gz", worse)
    return tmp_path


def test_tables_and_page_have_the_centre_lines_of_thin_structures(folders):
    cohort = evaluate(
        folders / "predictions", folders / "references", folders / "out", thin=["Common_bile_ducts"]
    )
    assert cohort.thin_organs == ("common bile duct",)
    with (folders / "out" / "metrics.csv").open() as file:
        rows = {(row["case"], row["organ"]): row for row in csv.DictReader(file)}
    found, missed = (rows[case, "common bile duct"] for case in ("case1", "case2"))
    pair = tube(1, radius=1.8), tube(1)
    assert float(found["cldice"]) == pytest.approx(cldice(*pair))
    distance = centre_line_distance(*map(centre_line, pair), SPACING)
    assert float(found["centre_line_mm"]) == pytest.approx(distance)
    assert (missed["cldice"], missed["centre_line_mm"]) == ("0", "nan")
    assert rows["case1", "liver"]["cldice"] == "nan"
    header, *statistics = csv.reader((folders / "out" / "summary.csv").open())
    assert [name for name in header if "clDice" in name] == ["common bile duct_clDice"]
    assert float(statistics[0][-1]) == pytest.approx(float(found["cldice"]) / 2)
    assert "clDice: Centre-line Dice" in (folders / "out" / "definitions.txt").read_text()
    page = (folders / "out" / "report.html").read_text()
    assert "DSC, NSD and clDice are 1" in page
    assert page.count("clDice of every case, by organ") == 1
    assert ">Centre lines</th>" in page


def test_without_thin_structures_tables_are_as_they_were(folders):
    evaluate(folders / "predictions", folders / "references", folders / "out")
    for name in ("metrics.csv", "summary.csv", "definitions.txt", "report.html"):
        text = (folders / "out" / name).read_text().lower()
        assert "cldice" not in text
        assert "centre line" not in text


def test_two_predictions_are_compared_by_it(folders):
    one, other = (
        drain(evaluating(folders / name, folders / "references", thin=["common bile duct"]))
        for name in ("predictions", "worse")
    )
    rows = {(row.organ, row.metric): row for row in paired_differences(one, other)}
    assert rows["common bile duct", "cldice"].n == 2
    assert rows["common bile duct", "centre_line_mm"].n == 1
    assert ("liver", "cldice") not in rows


def test_a_name_that_no_organ_has_is_told(folders):
    with pytest.raises(AbdosegError, match=r"is called 'cystic duct', .* of common bile duct, liv"):
        evaluate(folders / "predictions", folders / "references", thin=["cystic duct"])
