"""The offer of a real model beside a CT that the demo knows nothing of."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.phantom import looks_like_phantom, make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.models.widget import ModelsWidget
from napari_abdoseg.plugin.segment.widget import SegmentWidget


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """Nothing is known but the demo."""
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("nnUNet_results", raising=False)
    return tmp_path / "models"


@pytest.fixture
def patient() -> Volume:
    """What a scanner may have made: square slices with noise in their air."""
    noise = np.random.default_rng(0).normal(-1000, 12, (20, 40, 40))
    return Volume(noise.astype(np.int16), Grid.from_spacing((20, 40, 40), (5.0, 8.0, 8.0)))


@pytest.fixture
def segment(make_napari_viewer, qtbot):
    """A function that opens the panel beside a scan, and waits until it is seen."""

    def open_beside(volume: Volume) -> SegmentWidget:
        widget = _segment(make_napari_viewer(show=True), volume)
        qtbot.waitUntil(widget.isVisible)
        return widget

    return open_beside


def _segment(viewer, volume: Volume) -> SegmentWidget:
    viewer.add_layer(Layer.create(*image_layer(volume)))
    widget = SegmentWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Segment organs")
    return widget


@pytest.mark.parametrize("spacing", [(8.0, 6.0, 6.0), (12.0, 10.0, 10.0), (5.0, 3.0, 3.0)])
@pytest.mark.parametrize("orientation", ["LPS", "RAS"])
def test_phantoms_are_told_by_their_voxels(spacing, orientation):
    for seed in range(3):
        volume, _ = make_phantom(seed, spacing, orientation)
        assert looks_like_phantom(volume)
        air = np.full_like(volume.data, -1024)  # as scanners fill what they have not seen
        assert not looks_like_phantom(Volume(air, volume.grid))


def test_scans_of_patients_are_no_phantoms(patient, real_data):
    assert not looks_like_phantom(patient)
    for name in ("abdomen_ct.nii.gz", "torso_ct.nii.gz"):
        assert not looks_like_phantom(read_volume(real_data / name))


def test_a_patients_scan_brings_the_offer_and_a_phantom_none(segment, patient, phantom):
    widget = segment(patient)
    assert widget.offer.isVisible()
    assert widget.button.enabled  # the demo can be tried all the same
    viewer = widget._viewer
    ct = viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    widget.choice.scan.value = ct
    assert not widget.offer.isVisible()
    widget.choice.scan.value = next(each for each in viewer.layers if each is not ct)
    assert widget.offer.isVisible()
    widget.offer.button.click()
    assert viewer.window._qt_window.findChildren(ModelsWidget)


def test_no_offer_where_another_model_is_known(segment, patient, make_model, models):
    models.mkdir()
    make_model().rename(models / "mine")
    assert not segment(patient).offer.isVisible()


def test_no_offer_beside_what_is_no_scan(segment, patient):
    widget = segment(patient)
    flat = widget._viewer.add_layer(Image(np.zeros((4, 4), np.int16), name="flat"))
    widget.choice.scan.value = flat
    assert not widget.offer.isVisible()
