"""Cases with a duct, in viewers without a window."""

from __future__ import annotations

from dataclasses import replace

import platformdirs
import pytest
from ducts import phantom_with_duct
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer


@pytest.fixture(scope="session")
def with_duct():
    """A CT, and its labels with a wide duct that breaks off once."""
    return phantom_with_duct()


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def case(with_duct, tmp_path):
    path = tmp_path / "case.nii.gz"
    write_labels(path, with_duct[1])
    return path


@pytest.fixture
def open_case(with_duct, qtbot):
    """A function that shows labels, or those of a file, and the CT if wanted, in a new viewer."""
    viewers = []

    def show(labels, scan=None) -> ViewerModel:
        viewer = ViewerModel()
        viewers.append(viewer)
        if scan is not None:
            viewer.add_layer(Layer.create(*image_layer(scan)))
        if hasattr(labels, "grid"):
            labels = replace(labels, data=labels.data.copy())
        else:
            labels = read_labels(labels)
        viewer.add_layer(Layer.create(*labels_layer(labels, "case")))
        return viewer

    yield show
    for viewer in viewers:
        viewer.layers.clear()
    qtbot.wait(1)
