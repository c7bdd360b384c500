"""The scan of a label map among the layers of a viewer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.organs.matching_scan import ScanFinding

GRID = Grid.from_spacing((4, 5, 6), (3, 2, 1))


def _scan(grid=GRID) -> Layer:
    return Layer.create(*image_layer(Volume(np.zeros(grid.shape, np.int16), grid)))


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def found(viewer):
    """What has been found so far, and the last of it."""
    found: list[Volume | None] = []
    finding = ScanFinding(viewer)
    finding.found.connect(found.append)
    finding.follow(GRID)
    yield found
    finding.close()


def test_the_scan_on_the_same_grid(viewer, found):
    viewer.add_layer(_scan(Grid.from_spacing(GRID.shape, (3, 2, 2))))
    viewer.add_layer(_scan(Grid.from_spacing((6, 5, 4), (3, 2, 1))))
    assert found == []
    layer = viewer.add_layer(_scan())
    (volume,) = found
    assert volume.data is layer.data


def test_a_scan_that_was_there_before(viewer):
    viewer.add_layer(_scan())
    assert ScanFinding(viewer).follow(GRID)
    assert not ScanFinding(viewer).follow(None)


def test_the_next_one_when_it_is_deleted_and_then_none(viewer, found):
    first, second = viewer.add_layer(_scan()), viewer.add_layer(_scan())
    viewer.layers.remove(first)
    viewer.layers.remove(second)
    assert [None if volume is None else volume.data for volume in found] == [
        first.data,
        second.data,
        None,
    ]


def test_other_images_are_no_scans(viewer, found):
    viewer.add_image(np.zeros((*GRID.shape, 3)), rgb=True)
    viewer.add_image(np.zeros((4, 4)))
    viewer.add_labels(np.zeros(GRID.shape, np.uint8))
    assert found == []


def test_a_scan_of_another_program(viewer):
    found = []
    finding = ScanFinding(viewer)
    finding.found.connect(found.append)
    scale, affine = (3.0, 2.0, 1.0), np.diag((-1.0, -2.0, 3.0, 1.0))
    finding.follow(Grid((6, 5, 4), affine))
    viewer.add_image(np.zeros((4, 5, 6)), scale=scale, units="mm")
    assert [volume.data.shape for volume in found] == [(4, 5, 6)]
