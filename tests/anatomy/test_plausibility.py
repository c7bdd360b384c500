"""Label maps with faults of each kind, and good ones in which nothing is found."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Kind
from napari_abdoseg.anatomy.plausibility.expected import LEFT, RIGHT, expected_of
from napari_abdoseg.anatomy.plausibility.midline import midline_of_organs
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.published_schemes import SCHEMES
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume

LIVER, KIDNEY, SPLEEN, PANCREAS = (organ.value for organ in ABDOMINAL_ORGANS)
LEFT_KIDNEY = 5
SIDED = (
    *(Organ(LIVER, "liver"), Organ(KIDNEY, "kidney_right"), Organ(SPLEEN, "Spleen")),
    *(Organ(PANCREAS, "pancreas"), Organ(LEFT_KIDNEY, "LK")),
)
TOUCHING = np.ones((3, 3, 3))


@pytest.fixture(scope="module")
def whole():
    return make_phantom(0, (4.0, 3.0, 3.0))


@pytest.fixture(scope="module")
def abdomen(real_data):
    return (
        read_volume(real_data / "abdomen_ct.nii.gz"),
        read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS),
    )


def ball(labels, centre, radius):
    axes = np.ogrid[tuple(slice(size) for size in labels.grid.shape)]
    squares = (
        ((axis - at) * step) ** 2 for axis, at, step in zip(axes, centre, labels.grid.spacing)
    )
    return sum(squares) <= radius**2


def painted(labels, where, value):
    data = labels.data.copy()
    data[where] = value
    return replace(labels, data=data)


def with_sides(labels):
    """The left kidney with a label of its own."""
    pieces, _ = ndimage.label(labels.data == KIDNEY, TOUCHING)
    left = max((1, 2), key=lambda piece: np.nonzero(pieces == piece)[2].mean())
    return replace(painted(labels, pieces == left, LEFT_KIDNEY), organs=SIDED)


def deepest(labels, value):
    return deepest_of(labels.data == value, labels)


def deepest_of(mask, labels):
    depth = ndimage.distance_transform_edt(mask, sampling=labels.grid.spacing)
    return np.unravel_index(depth.argmax(), depth.shape)


def found(labels, volume=None):
    return {(doubt.organ.value, doubt.kind) for doubt in check_plausibility(labels, volume)}


def test_real_references_and_phantoms_are_in_no_doubt(abdomen, whole):
    thick = make_phantom(4, (5.0, 3.0, 3.0))
    for volume, labels in (abdomen, whole, thick):
        for each in (labels, with_sides(labels)):
            assert check_plausibility(each, volume) == ()
            assert check_plausibility(each) == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_no_phantom_is_in_doubt(seed):
    volume, labels = make_phantom(seed)
    assert check_plausibility(labels, volume) == ()


@pytest.mark.slow
def test_few_pancreases_that_a_model_has_found_are_in_doubt(real_data):
    organs = next(scheme.organs for scheme in SCHEMES if scheme.key == "panorama")
    doubted = [
        path.name
        for path in sorted((real_data / "panorama").iterdir())
        if any(d.organ.name == "pancreas" for d in check_plausibility(read_labels(path, organs)))
    ]
    assert len(doubted) <= 6, doubted


@pytest.mark.parametrize("with_scan", [True, False])
@pytest.mark.parametrize("case", ["abdomen", "whole"])
def test_a_piece_apart_is_found_at_its_place(request, case, with_scan):
    volume, labels = request.getfixturevalue(case)
    centre = deepest(labels, LIVER)
    where = ball(labels, centre, 6)
    damaged = painted(labels, where, SPLEEN)
    (doubt,) = check_plausibility(damaged, volume if with_scan else None)
    assert (doubt.organ.name, doubt.kind) == ("spleen", Kind.PIECES)
    assert damaged.data[doubt.voxel] == SPLEEN
    assert doubt.box.holds(centre)
    assert doubt.box.holds(doubt.voxel)
    assert doubt.volume_ml == pytest.approx(where.sum() * labels.grid.voxel_volume)
    assert "ml lies" in doubt.words


def test_pieces_that_a_tumour_parts_and_that_go_on_beyond_the_scan_are_one(whole):
    _, labels = whole
    z, _, x = deepest(labels, LIVER)
    here = labels.data == LIVER
    gap = np.zeros_like(here)
    gap[:, :, x - 5 : x + 5] = True
    parted = painted(labels, here & gap, 6)
    in_two = painted(labels, here & gap, 0)
    named = replace(parted, organs=(*labels.organs, Organ(6, "liver_tumour")))
    assert (LIVER, Kind.PIECES) in found(in_two)
    assert (LIVER, Kind.PIECES) not in found(named)
    top = slice(z, None)
    data = in_two.data[top]
    assert (LIVER, Kind.PIECES) not in found(
        LabelMap(data, labels.grid.part((z, 0, 0), labels.grid.shape), labels.organs)
    )


def test_a_piece_that_only_touches_the_end_of_the_scan_is_apart(whole):
    _, labels = whole
    z = deepest(labels, LIVER)[0]
    part = labels.grid.part((z, 0, 0), labels.grid.shape)
    ended = LabelMap(labels.data[z:], part, labels.organs)
    assert check_plausibility(ended) == ()
    away = ndimage.distance_transform_edt(ended.data != LIVER, sampling=part.spacing)
    centres = np.argwhere((away > 25) & (away < 38) & (ended.data == 0))
    centre = next(tuple(each) for each in centres if each[0] == 3)
    stray = painted(ended, ball(ended, centre, 13) & (ended.data == 0), LIVER)
    assert stray.data[0][ball(ended, centre, 13)[0]].any()
    assert (LIVER, Kind.PIECES) in found(stray)


def test_specks_are_told_of_together(whole):
    _, labels = whole
    damaged = labels
    for step in range(8):
        damaged = painted(damaged, (3, 5 + 6 * step, 60), LIVER)
    (doubt,) = check_plausibility(damaged)
    assert doubt.words.startswith("8 specks of 0.29 ml")
    assert doubt.certainty is Certainty.POSSIBLE
    one = painted(labels, (3, 5, 60), LIVER)
    (doubt,) = check_plausibility(one)
    assert doubt.words.startswith("a speck of")


def test_what_lies_outside_the_body_is_told_of_once(whole):
    volume, labels = whole
    damaged = painted(labels, ball(labels, (50, 4, 5), 9), KIDNEY)
    (doubt,) = check_plausibility(damaged, volume)
    assert (doubt.kind, doubt.certainty) == (Kind.OUTSIDE, Certainty.CERTAIN)
    assert damaged.data[doubt.voxel] == KIDNEY


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "PIR", "SAL"])
def test_sides_are_right_in_files_of_any_axis_order(tmp_path, orientation):
    volume, labels = make_phantom(0, (6.0, 5.0, 5.0), orientation)
    sided = with_sides(labels)
    file = tmp_path / "sided.nii.gz"
    for swap in (False, True):
        data = sided.data.copy()
        if swap:
            data[sided.data == KIDNEY], data[sided.data == LEFT_KIDNEY] = LEFT_KIDNEY, KIDNEY
        write_labels(file, replace(sided, data=data))
        kinds = found(read_labels(file, SIDED), volume)
        wrong = {(KIDNEY, Kind.SIDE), (LEFT_KIDNEY, Kind.SIDE)}
        assert kinds == (wrong if swap else set())


def test_a_file_with_another_affine_is_seen_as_mirrored(tmp_path, abdomen):
    volume, labels = abdomen
    file = tmp_path / "mirrored.nii.gz"
    stored = labels.grid.to_stored(labels.data)[::-1]
    nib.save(nib.Nifti1Image(np.ascontiguousarray(stored), labels.grid.affine), file)
    mirrored = read_labels(file, ABDOMINAL_ORGANS)
    assert {(LIVER, Kind.SIDE), (SPLEEN, Kind.SIDE)} <= found(mirrored)
    assert {(LIVER, Kind.SIDE), (SPLEEN, Kind.SIDE)} <= found(mirrored, volume)


@pytest.mark.parametrize("with_scan", [True, False])
def test_a_part_of_the_right_kidney_that_is_called_left_is_found(whole, with_scan):
    volume, labels = whole
    sided = with_sides(labels)
    right = sided.data == KIDNEY
    right[: int(np.median(np.nonzero(right)[0]))] = False
    damaged = painted(sided, right, LEFT_KIDNEY)
    doubts = check_plausibility(damaged, volume if with_scan else None)
    (doubt,) = (each for each in doubts if each.kind is Kind.SIDE)
    assert doubt.organ.value == LEFT_KIDNEY
    assert doubt.words.endswith("lies on the patient's right")
    assert right[doubt.voxel]


def test_two_kidneys_of_one_label_on_one_side_are_found(whole):
    volume, labels = whole
    pieces, _ = ndimage.label(labels.data == KIDNEY, TOUCHING)
    right = min((1, 2), key=lambda piece: np.nonzero(pieces == piece)[2].mean())
    alone = painted(labels, (labels.data == KIDNEY) & (pieces != right), 0)
    z, y, x = (int(at.mean()) for at in np.nonzero(pieces == right))
    damaged = painted(alone, ball(labels, (z - 26, y, x), 24), KIDNEY)
    (doubt,) = (d for d in check_plausibility(damaged, volume) if d.kind is Kind.SIDE)
    assert doubt.words == "both lie on the patient's right"


@pytest.mark.parametrize(
    ("organs", "middle"),
    [
        ({"vertebrae_L1": 50, "kidney_left": 20}, 50),
        ({"left kidney": 80, "right kidney": 30, "liver": 10}, 55),
        ({"aorta": 60, "postcava": 40}, 50),
        ({"liver": 30, "spleen": 90}, 60),
        ({"liver": 30}, None),
    ],
)
def test_the_middle_is_known_from_organs(organs, middle):
    data = np.zeros((3, 3, 101), np.uint8)
    for value, x in enumerate(organs.values(), start=1):
        data[:, :, x] = value
    labels = LabelMap(
        data,
        Grid.from_spacing(data.shape, (4.0, 4.0, 4.0)),
        tuple(Organ(value, name) for value, name in enumerate(organs, start=1)),
    )
    assert midline_of_organs(labels) == middle


def test_holes_are_found_unless_the_scan_shows_something_else(whole):
    volume, labels = whole
    centre = deepest(labels, LIVER)
    hole = ball(labels, centre, 8)
    damaged = painted(labels, hole, 0)
    (alone,) = check_plausibility(damaged)
    (seen,) = check_plausibility(damaged, volume)
    assert (alone.kind, alone.certainty) == (Kind.HOLE, Certainty.LIKELY)
    assert (seen.kind, seen.certainty) == (Kind.HOLE, Certainty.CERTAIN)
    assert hole[seen.voxel]
    assert seen.volume_ml == pytest.approx(hole.sum() * labels.grid.voxel_volume)
    cyst = replace(volume, data=np.where(hole, 5, volume.data))
    assert check_plausibility(damaged, cyst) == ()
    tumour = replace(damaged, organs=(*labels.organs, Organ(6, "liver tumor")))
    assert check_plausibility(painted(tumour, hole, 6), cyst) == ()


@pytest.mark.parametrize("with_scan", [True, False])
@pytest.mark.parametrize("case", ["abdomen", "whole"])
@pytest.mark.parametrize("value", [LIVER, KIDNEY, SPLEEN])
@pytest.mark.parametrize(("axis", "end"), [(0, "upper"), (1, "front"), (2, "left")])
def test_cuts_are_found_along_each_axis(request, case, value, axis, end, with_scan):
    if value == KIDNEY and axis == 2:
        pytest.skip("a plane between the kidneys cuts neither")
    volume, labels = request.getfixturevalue(case)
    organ = np.moveaxis(labels.data == value, axis, 0)
    planes = np.flatnonzero(organ.any(axis=(1, 2)))
    middle = int(planes[len(planes) // 2])
    gone = np.zeros_like(organ)
    gone[middle:] = end != "front"
    gone[:middle] = end == "front"
    damaged = painted(labels, np.moveaxis(gone & organ, 0, axis), 0)
    (doubt,) = check_plausibility(damaged, volume if with_scan else None)
    assert (doubt.organ.value, doubt.kind) == (value, Kind.CUT)
    assert doubt.words.startswith(f"its {end} end is a plane of")
    assert doubt.voxel[axis] == (middle if end == "front" else middle - 1)
    assert damaged.data[doubt.voxel] == value


def test_the_end_of_the_scan_is_no_cut(whole):
    volume, labels = whole
    z = deepest(labels, LIVER)[0]
    part = labels.grid.part((z, 0, 0), labels.grid.shape)
    scan = Volume(volume.data[z:], part)
    assert check_plausibility(LabelMap(labels.data[z:], part, labels.organs), scan) == ()


def test_what_is_no_organ_in_the_scan_is_found(whole):
    volume, labels = whole
    body = np.stack([ndimage.binary_fill_holes(plane > -300) for plane in volume.data])
    lung = ndimage.binary_erosion(body & (volume.data < -700), iterations=3)
    beside = ndimage.distance_transform_edt(labels.data != LIVER, sampling=labels.grid.spacing)
    leak = lung & (beside < 25)
    leaky = painted(labels, leak, LIVER)
    doubt = check_plausibility(leaky, volume)[0]
    assert (doubt.organ.value, doubt.kind) == (LIVER, Kind.DENSITY)
    assert volume.data[doubt.voxel] < -500
    dense = replace(
        volume, data=np.where(ball(labels, deepest(labels, LIVER), 12), 900, volume.data)
    )
    (metal,) = check_plausibility(labels, dense)
    assert (metal.kind, metal.certainty) == (Kind.DENSITY, Certainty.POSSIBLE)
    gone = painted(labels, labels.data == SPLEEN, 0)
    left_lung = lung & (np.arange(lung.shape[2]) > 70)
    moved = painted(gone, left_lung & ball(labels, deepest_of(left_lung, labels), 20), SPLEEN)
    (whole_spleen,) = (d for d in check_plausibility(moved, volume) if d.organ.value == SPLEEN)
    assert whole_spleen.words.startswith("its median is -8")


def test_nothing_is_said_of_hu_where_there_are_none(whole):
    volume, labels = whole
    gray = replace(volume, data=np.clip(volume.data, 0, 255).astype(np.uint8))
    assert check_plausibility(labels, gray) == ()


def test_a_scan_of_another_shape_is_told(whole):
    volume, _ = whole
    _, other = make_phantom(0, (12.0, 10.0, 10.0))
    with pytest.raises(ImageError, match="choose labels of the same scan"):
        check_plausibility(other, volume)


@pytest.mark.parametrize(
    ("name", "pieces", "side"),
    [
        ("Left-Kidney", 1, LEFT),
        ("kidney", 2, None),
        ("right lung", None, RIGHT),
        ("lung_upper_lobe_right", None, RIGHT),
        ("liver", 1, RIGHT),
        ("iliac_vena_left", None, None),
        ("heart_ventricle_left", None, None),
        ("vertebrae_L3", 1, None),
        ("portal vein and splenic vein", None, None),
        ("label 4", None, None),
    ],
)
def test_what_is_expected_is_known_by_any_spelling(name, pieces, side):
    expected = expected_of(name)
    assert (expected.pieces, expected.side) == (pieces, side)


def test_labels_without_names_and_empty_ones_are_in_no_doubt(whole):
    volume, labels = whole
    nameless = tuple(Organ(organ.value, f"label {organ.value}") for organ in labels.organs)
    damaged = painted(labels, ball(labels, deepest(labels, LIVER), 6), SPLEEN)
    assert check_plausibility(replace(damaged, organs=nameless)) == ()
    empty = replace(labels, data=np.zeros_like(labels.data))
    assert check_plausibility(empty, volume) == ()
