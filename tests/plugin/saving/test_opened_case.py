"""The layers of a case that was opened from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import notification_manager

from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.saving.opened_case import OpenedCase
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels


@pytest.fixture
def viewer(phantom, qtbot):
    """A viewer without a window that shows another CT, and has one that is hidden."""
    viewer = ViewerModel()
    for name in ("hidden", "seen"):
        viewer.add_layer(Layer.create(*image_layer(_ct(phantom, name))))
    viewer.layers["hidden"].visible = False
    yield viewer
    viewer.layers.clear()
    qtbot.wait(1)


@pytest.fixture
def labels(phantom) -> LabelMap:
    truth = phantom[1]
    return LabelMap(truth.data.copy(), truth.grid, truth.organs)


def _ct(phantom, name: str) -> Volume:
    return replace(phantom[0], grid=replace(phantom[0].grid), path=Path(f"{name}.nii"))


def _seen(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


@pytest.mark.parametrize("with_ct", [True, False])
def test_it_is_seen_alone_and_what_was_seen_before_after_it(viewer, phantom, labels, with_ct):
    ct = replace(_ct(phantom, "case"), grid=labels.grid) if with_ct else None
    case = OpenedCase(viewer, ct, {"organs": labels})
    assert _seen(viewer) == ["case", "organs"][not with_ct :]
    assert case.labels == (viewer.layers["organs"],)
    case.close()
    assert [layer.name for layer in viewer.layers] == ["hidden", "seen"]
    assert _seen(viewer) == ["seen"]


def test_what_was_corrected_is_hidden_kept_and_told(viewer, labels):
    untouched = replace(labels, data=labels.data.copy())
    case = OpenedCase(viewer, None, {"corrected": labels, "untouched": untouched})
    corrected = viewer.layers["corrected"]
    corrected.paint((20, 30, 30), 3)
    case.close()
    assert [layer.name for layer in viewer.layers] == ["hidden", "seen", "corrected"]
    assert _seen(viewer) == ["seen"]
    assert unsaved_labels(viewer).layers == [corrected]
    assert "corrected was corrected and is kept" in notification_manager.records[-1].message


def test_a_layer_that_the_user_has_deleted_is_no_trouble(viewer, labels):
    case = OpenedCase(viewer, None, {"organs": labels})
    viewer.layers.remove("organs")
    case.close()
    assert _seen(viewer) == ["seen"]
