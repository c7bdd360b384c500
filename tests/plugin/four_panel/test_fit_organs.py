"""A 3D picture that is filled by the organs."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.four_panel.box_outlines import BoxOutlines
from napari_abdoseg.plugin.four_panel.fit_organs import OrgansInView
from napari_abdoseg.plugin.layers.conversion import box_layer

GRID = Grid.from_spacing((100, 100, 100), (2.0, 1.0, 1.0))
LIVER, SPLEEN = Box((50, 10, 10), (60, 20, 20)), Box((50, 40, 70), (60, 50, 80))


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_image(np.zeros(GRID.shape, np.uint8), scale=GRID.spacing, units="mm")
    return viewer


@pytest.fixture
def three_d(viewer) -> ViewerModel:
    three_d = ViewerModel(ndisplay=3)
    three_d.add_image(viewer.layers[0].data, scale=GRID.spacing, units="mm")
    return three_d


@pytest.fixture
def in_view(viewer, three_d) -> OrgansInView:
    return OrgansInView(three_d, BoxOutlines(viewer))


def _show(viewer, name, box) -> Layer:
    return viewer.add_layer(Layer.create(*box_layer(name, "#ff0000", box, GRID)))


def _camera(viewer):
    return (*viewer.scene.camera.center, viewer.scene.camera.zoom)


def test_without_organs_the_whole_scan_is_shown(three_d, in_view):
    three_d.scene.camera.zoom = 50
    in_view.fit()
    fitted = _camera(three_d)
    three_d.fit_to_view()
    assert _camera(three_d) == fitted


def test_it_takes_in_each_organ_that_comes(viewer, three_d, in_view):
    _show(viewer, "liver", LIVER)
    assert _camera(three_d)[:3] == pytest.approx(LIVER.centre(GRID))
    _show(viewer, "spleen", SPLEEN)
    both = LIVER.union(SPLEEN)
    assert _camera(three_d)[:3] == pytest.approx(both.centre(GRID))
    pixels = _camera(three_d)[3] * np.linalg.norm(both.size(GRID))
    assert pixels == pytest.approx(min(three_d.canvas.size))


def test_what_is_hidden_and_shown_again_moves_nothing(viewer, three_d, in_view):
    layers = [_show(viewer, "liver", LIVER), _show(viewer, "spleen", SPLEEN)]
    before = _camera(three_d)
    layers[0].visible = False
    layers[0].visible = True
    assert _camera(three_d) == before


def test_a_picture_that_was_moved_stays_where_it_is_until_it_is_fitted_again(
    viewer, three_d, in_view
):
    _show(viewer, "liver", LIVER)
    three_d.scene.camera.zoom *= 2
    moved = _camera(three_d)
    _show(viewer, "spleen", SPLEEN)
    assert _camera(three_d) == moved
    in_view.fit()
    assert _camera(three_d)[:3] == pytest.approx(LIVER.union(SPLEEN).centre(GRID))


def test_closed_it_follows_nothing(viewer, three_d, in_view):
    in_view.close()
    before = _camera(three_d)
    _show(viewer, "liver", LIVER)
    assert _camera(three_d) == before
