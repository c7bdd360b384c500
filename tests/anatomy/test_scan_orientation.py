"""Scans whose content lies otherwise than their headers say, and those that only seem so."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy.orientation.check import check_orientation
from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.orientation.cue import FRONT_BACK, HEAD_FOOT, LEFT_RIGHT, Usual
from napari_abdoseg.anatomy.orientation.finding import ALARM
from napari_abdoseg.anatomy.orientation.picture import draw_orientation
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume

COARSE = ((6.0, 6.0, 6.0), (5.0, 4.0, 4.0), (8.0, 6.0, 6.0))
FLIPS = [axes for count in range(4) for axes in combinations(range(3), count)]
BODY = slice(None)


def flipped(scan, axes):
    """Content mirrored under the same header."""
    return replace(scan, data=np.flip(scan.data, axes) if axes else scan.data)


def cut(scan, *place):
    """A part of a scan."""
    data = scan.data[place]
    return replace(scan, data=data, grid=Grid.from_spacing(data.shape, scan.grid.spacing))


def thick(scan, slices):
    """Thicker slices."""
    whole = len(scan.data) // slices * slices
    blocks = scan.data[:whole].reshape(-1, slices, *scan.data.shape[1:])
    data = blocks[:, 0] if isinstance(scan, LabelMap) else blocks.mean(axis=1).astype(np.int16)
    z, y, x = scan.grid.spacing
    return replace(scan, data=data, grid=Grid.from_spacing(data.shape, (z * slices, y, x)))


def without(labels, *values):
    return replace(labels, data=np.where(np.isin(labels.data, values), 0, labels.data))


@pytest.fixture(scope="module")
def abdomen(real_data):
    return (
        read_volume(real_data / "abdomen_ct.nii.gz"),
        read_labels(real_data / "abdomen_labels.nii.gz"),
    )


@pytest.fixture(scope="module")
def torso(real_data):
    return read_volume(real_data / "torso_ct.nii.gz")


@pytest.mark.parametrize("axes", FLIPS)
def test_a_flipped_phantom_is_told_with_its_axes(phantom, axes):
    volume, labels = (flipped(each, axes) for each in phantom)
    assert set(check_orientation(volume, labels).swapped) == set(axes)


@pytest.mark.parametrize("axes", FLIPS)
def test_flipped_real_cts_are_told_before_and_after_networks_worked(abdomen, torso, axes):
    volume, labels = (flipped(each, axes) for each in abdomen)
    assert set(check_orientation(volume).swapped) == set(axes)
    assert set(check_orientation(volume, labels).swapped) == set(axes)
    assert set(check_orientation(flipped(torso, axes)).swapped) == set(axes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_flips_of_twenty_phantoms_are_told(seed):
    scan = make_phantom(seed, COARSE[seed % len(COARSE)])
    for axes in FLIPS:
        volume, labels = (flipped(each, axes) for each in scan)
        assert set(check_orientation(volume, labels).swapped) == set(axes)
        assert set(check_orientation(volume).swapped) <= set(axes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_phantoms_cut_anywhere_raise_no_alarm_and_flipped_ones_with_organs_do(seed):
    volume, labels = make_phantom(seed, COARSE[seed % len(COARSE)])
    step = volume.grid.spacing[0]
    whole = np.bincount(labels.data.ravel(), minlength=5)
    for height in (60, 100, 150, 250, 350):
        planes = int(height / step)
        for first in range(0, len(volume.data) - planes + 1, int(40 / step)):
            part = slice(first, first + planes)
            scan, organs = cut(volume, part), cut(labels, part)
            assert check_orientation(scan).swapped == ()
            assert check_orientation(scan, organs).swapped == ()
            shares = np.bincount(organs.data.ravel(), minlength=5) / whole
            if min(shares[1:3]) > 0.5:
                axes = FLIPS[1 + first % 7]
                found = check_orientation(flipped(scan, axes), flipped(organs, axes))
                assert set(found.swapped) == set(axes)


@pytest.mark.parametrize("height_mm", [15, 30, 60, 90, 120])
def test_real_cts_cut_anywhere_raise_no_alarm(abdomen, torso, height_mm):
    planes = height_mm // 3
    for first in range(0, len(torso.data) - planes + 1, planes):
        assert check_orientation(cut(torso, slice(first, first + planes))).swapped == ()
    volume, labels = abdomen
    for first in range(0, len(volume.data) - planes + 1, planes):
        part = slice(first, first + planes)
        assert check_orientation(cut(volume, part), cut(labels, part)).swapped == ()


def test_real_cts_cropped_to_an_organ_or_a_side_raise_no_alarm(abdomen):
    volume, labels = abdomen
    pieces, _ = ndimage.label(labels.data == 2)
    masks = [labels.data > 0, *(labels.data == value for value in range(1, 5)), pieces == 1]
    parts = [ndimage.find_objects(mask.view(np.uint8))[0] for mask in masks]
    parts += [(BODY, BODY, slice(0, 60)), (BODY, BODY, slice(60, None))]
    parts += [(BODY, slice(0, 50), BODY), (BODY, slice(50, None), BODY)]
    for part in parts:
        assert check_orientation(cut(volume, *part)).swapped == ()
        assert check_orientation(cut(volume, *part), cut(labels, *part)).swapped == ()


@pytest.mark.parametrize("slices", [2, 3])
def test_thick_slices_of_real_cts_raise_no_alarm_and_flipped_do(abdomen, slices):
    volume, labels = (thick(each, slices) for each in abdomen)
    for axes in FLIPS:
        found = check_orientation(flipped(volume, axes), flipped(labels, axes))
        assert set(found.swapped) == set(axes)


@pytest.mark.parametrize("noise", [20, 60, 120])
def test_noise_of_real_cts_raises_no_alarm(abdomen, torso, noise):
    for volume in (abdomen[0], torso):
        grain = np.random.default_rng(0).normal(0, noise, volume.data.shape)
        assert check_orientation(replace(volume, data=volume.data + grain)).swapped == ()


def test_a_patient_who_lies_prone_raises_no_alarm(abdomen, torso):
    for volume in (abdomen[0], torso):
        body = ndimage.binary_dilation(CoarseScan.of(volume).body, iterations=2)
        turned = np.where(body, volume.data, -1000)
        outside = np.where(body, -1000, volume.data)[:, ::-1]
        prone = replace(volume, data=np.maximum(turned, np.where(body, -1100, outside)))
        cues = check_orientation(prone).cues
        assert any(cue.mark == "table" and cue.evidence < 0 for cue in cues)
        assert check_orientation(prone).swapped == ()


@pytest.mark.parametrize("gone", [(), (1,), (2,), (3,), (4,), (1, 3), (2, 4), (1, 2, 3, 4)])
def test_results_without_some_organs_raise_no_alarm(abdomen, phantom, gone):
    for volume, labels in (abdomen, phantom):
        assert check_orientation(volume, without(labels, *gone)).swapped == ()


def test_a_single_kidney_raises_no_alarm(abdomen):
    volume, labels = abdomen
    pieces, _ = ndimage.label(labels.data == 2)
    for kidney in (1, 2):
        one = replace(labels, data=np.where(pieces == kidney, 0, labels.data))
        assert check_orientation(volume, one).swapped == ()


@pytest.mark.parametrize(
    "data",
    [
        np.full((30, 40, 50), -1000),
        np.full((30, 40, 50), 40),
        np.random.default_rng(0).normal(0, 300, (30, 40, 50)),
        np.zeros((1, 2, 3)),
    ],
)
def test_what_is_no_trunk_tells_nothing(data):
    volume = Volume(data, Grid.from_spacing(data.shape, (3, 3, 3)))
    nothing = LabelMap(np.zeros(data.shape, np.uint8), volume.grid, ABDOMINAL_ORGANS)
    assert check_orientation(volume, nothing).swapped == ()
    assert check_orientation(volume).alarm == ""


def test_a_turn_and_a_mirror_image_are_told_apart(phantom):
    def alarm(*axes):
        return check_orientation(*(flipped(each, axes) for each in phantom)).alarm

    assert alarm() == ""
    assert "seems mirrored: the patient's right is where the file says left" in alarm(LEFT_RIGHT)
    assert "or there is situs inversus" in alarm(LEFT_RIGHT)
    assert "the liver lies left of the spleen" in alarm(LEFT_RIGHT)
    assert "seems turned by 180°" in alarm(LEFT_RIGHT, FRONT_BACK)
    assert "the patient's front is where the file says back (the spine" in alarm(FRONT_BACK)
    assert "seems mirrored" in alarm(HEAD_FOOT, FRONT_BACK, LEFT_RIGHT)


def test_a_swap_beside_an_axis_that_is_in_doubt_may_be_either(phantom):
    organs = without(phantom[1], 1, 3)
    volume = flipped(phantom[0], (FRONT_BACK,))
    middle = volume.data.shape[2] // 2
    half = volume.data[:, :, middle - 15 : middle + 40]
    volume = Volume(half, Grid.from_spacing(half.shape, volume.grid.spacing))
    organs = LabelMap(organs.data[:, :, middle - 15 : middle + 40], volume.grid, organs.organs)
    found = check_orientation(volume, flipped(organs, (FRONT_BACK,)))
    assert abs(found.evidence(LEFT_RIGHT)) < ALARM
    assert "mirrored or turned" in found.alarm


@pytest.mark.parametrize(
    "names",
    [
        ("Liver", "kidneys", "SPLEEN", "pancreas"),
        ("liver", "kidney_right", "spleen", "gall_bladder"),
        ("liver", "left kidney", "spleen", "Right-Kidney"),
    ],
)
def test_organs_are_known_in_common_spellings(phantom, names):
    organs = tuple(Organ(number, name) for number, name in enumerate(names, 1))
    volume, labels = (flipped(each, (HEAD_FOOT, LEFT_RIGHT)) for each in phantom)
    found = check_orientation(volume, replace(labels, organs=organs))
    assert {"the liver lies left of the spleen", "the liver lies below the kidney"} <= {
        cue.seen for cue in found.cues
    }


def test_other_organs_tell_nothing(phantom):
    organs = tuple(replace(organ, name=f"label {organ.value}") for organ in phantom[1].organs)
    labels = replace(phantom[1], organs=organs)
    assert check_orientation(phantom[0], labels).cues == check_orientation(phantom[0]).cues


def test_crumbs_are_believed_less_than_organs(phantom):
    volume, labels = phantom
    crumbs = flipped(labels, (LEFT_RIGHT,)).data.copy()
    crumbs[::2] = 0
    crumbs[:, ::2] = 0
    found = check_orientation(volume, replace(labels, data=crumbs))
    sure = check_orientation(volume, flipped(labels, (LEFT_RIGHT,)))
    assert sure.evidence(LEFT_RIGHT) < found.evidence(LEFT_RIGHT)
    assert found.swapped == ()


def test_marks_lie_at_what_is_seen(phantom):
    volume, labels = phantom
    (spine,) = (cue for cue in check_orientation(volume).cues if cue.mark == "spine")
    z, y, x = (round(at) for at in spine.place)
    around = volume.data[z - 4 : z + 5, y - 4 : y + 5, x - 4 : x + 5]
    assert around.max() > 250
    (liver,) = (
        cue
        for cue in check_orientation(volume, labels).cues
        if "left of the spleen" in cue.seen or "right of the spleen" in cue.seen
    )
    expected = ndimage.center_of_mass(labels.data == 1)
    np.testing.assert_allclose(liver.place, expected, atol=1)


def test_the_picture_marks_what_speaks_against_the_header(phantom):
    from matplotlib.image import imread

    def marked(*axes):
        """Coloured pixels of each of the three slices."""
        volume = flipped(phantom[0], axes)
        pixels = imread(io.BytesIO(draw_orientation(volume, check_orientation(volume))))
        colour = pixels[..., 0] - pixels[..., 2] > 0.5
        return [int(part.sum()) for part in np.array_split(colour, 3, axis=1)]

    assert marked() == [0, 0, 0]
    axial, coronal, sagittal = marked(FRONT_BACK)
    assert min(axial, sagittal) > 50
    assert coronal == 0
    assert min(marked(HEAD_FOOT, FRONT_BACK, LEFT_RIGHT)) > 50


def test_large_scans_are_looked_at_in_coarse_voxels(phantom):
    volume, _ = phantom
    data = volume.data.repeat(5, 0).repeat(5, 1).repeat(7, 2)
    z, y, x = volume.grid.spacing
    fine = Volume(data, Grid.from_spacing(data.shape, (z / 5, y / 5, x / 7)))
    scan = CoarseScan.of(fine)
    assert scan.hu.size < data.size / 30
    extent = np.array(scan.hu.shape) * scan.spacing
    np.testing.assert_allclose(extent, np.multiply(data.shape, fine.grid.spacing), rtol=0.05)
    assert check_orientation(fine).swapped == ()
    assert check_orientation(flipped(fine, (FRONT_BACK,))).swapped == (FRONT_BACK,)


def test_evidence_is_the_odds_of_two_mirrored_bells():
    usual = Usual(LEFT_RIGHT, mean=2.0, spread=1.0, most=100)

    def density(at, middle):
        return np.exp(-((at - middle) ** 2) / 2)

    for measured in (-1.5, 0.0, 0.3, 4.0):
        odds = np.log(density(measured, 2.0) / density(measured, -2.0))
        assert usual.evidence(measured) == pytest.approx(odds)
        assert usual.evidence(-measured) == pytest.approx(-odds)
    assert Usual(LEFT_RIGHT, 2.0, 1.0, most=3).evidence(-50, trust=0.5) == -1.5
