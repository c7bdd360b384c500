"""The bile-duct search region follows the organs that lead to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Labels, Layer

from napari_abdoseg.anatomy.bile_duct import bile_duct_region
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import label_map_of, labels_layer
from napari_abdoseg.plugin.organs.bile_duct_region import LOOKING, WORDS, RegionFinding, is_expected
from napari_abdoseg.plugin.organs.measuring import OrganTable


@pytest.fixture
def layer(phantom, qapp) -> Labels:
    _, truth = phantom
    return Layer.create(*labels_layer(LabelMap(truth.data.copy(), truth.grid, truth.organs)))


@pytest.fixture
def finding(layer):
    finding = RegionFinding(layer)
    yield finding
    finding.close()


def _table(layer) -> OrganTable:
    labels = label_map_of(layer)
    return OrganTable(labels.grid, labels.organs, measure_organs(labels))


def test_the_region_of_the_labels(finding, layer, qtbot):
    assert finding.words == LOOKING
    with qtbot.waitSignal(finding.found):
        finding.follow(_table(layer))
    wanted = bile_duct_region(label_map_of(layer))
    assert finding.region.box == wanted.box
    np.testing.assert_array_equal(finding.region.mask, wanted.mask)
    assert finding.words == f"{wanted.words} {WORDS}"
    assert "never a finding" in WORDS


def test_why_there_is_none(finding, layer, qtbot):
    layer.data[layer.data == 4] = 0
    with qtbot.waitSignal(finding.found):
        finding.follow(_table(layer))
    assert finding.region is None
    assert "pancreas" in finding.words


def test_only_edits_of_liver_and_pancreas_move_it(finding, layer, qtbot):
    with qtbot.waitSignal(finding.found):
        finding.follow(_table(layer))
    layer.data[layer.data == 3] = 0
    with qtbot.assertNotEmitted(finding.found, wait=400):
        finding.follow(_table(layer))
    layer.data[layer.data == 4] = 0
    with qtbot.waitSignal(finding.found):
        finding.follow(_table(layer))
    assert finding.region is None


def test_labels_without_liver_and_pancreas_are_not_searched(finding, layer, qtbot):
    table = replace(_table(layer), organs=(Organ(1, "label 1"), Organ(4, "pancreas")))
    assert not is_expected(table)
    with qtbot.assertNotEmitted(finding.found, wait=400):
        finding.follow(table)
