"""Volume, density and place of organs."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy import box as box_module
from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.volume import LabelMap, Volume


def test_measures_of_a_phantom(phantom):
    volume, labels = phantom
    measures = measure_organs(labels, volume)
    boxes = bounding_boxes(labels)
    assert list(measures) == list(labels.organs)
    for organ, measured in measures.items():
        mask = labels.data == organ.value
        assert measured.voxels == mask.sum()
        assert measured.volume_ml == pytest.approx(mask.sum() * 8 * 6 * 6 / 1000)
        assert measured.mean_hu == pytest.approx(volume.data[mask].mean())
        assert measured.box == boxes[organ]
        assert not measured.touches_edge


def test_measures_do_not_depend_on_how_the_volume_is_cut_into_slabs(phantom, monkeypatch):
    volume, labels = phantom
    whole = measure_organs(labels, volume)
    monkeypatch.setattr(box_module, "SLAB_VOXELS", 500)
    for organ, measured in measure_organs(labels, volume).items():
        assert measured.voxels == whole[organ].voxels
        assert measured.mean_hu == pytest.approx(whole[organ].mean_hu)


def test_without_a_scan_there_is_no_density(phantom):
    _, labels = phantom
    assert {measured.mean_hu for measured in measure_organs(labels).values()} == {None}


def test_labels_of_another_shape_than_the_ct():
    grids = [Grid.from_spacing((4, 5, depth), (3, 3, 3)) for depth in (6, 7)]
    labels = LabelMap(np.ones((4, 5, 6), np.uint8), grids[0], (Organ(1, "liver"),))
    volume = Volume(np.zeros((4, 5, 7), np.int16), grids[1])
    with pytest.raises(ImageError, match=r"labels have shape \(4, 5, 6\), the CT \(4, 5, 7\)"):
        measure_organs(labels, volume)


def test_a_real_scan(real_data):
    volume = read_volume(real_data / "abdomen_ct.nii.gz")
    labels = read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS)
    measures = {organ.name: each for organ, each in measure_organs(labels, volume).items()}
    assert measures["liver"].volume_ml == pytest.approx(1043, abs=1)
    assert measures["liver"].touches_edge
    assert not measures["pancreas"].touches_edge
    assert all(-50 < each.mean_hu < 250 for each in measures.values())
