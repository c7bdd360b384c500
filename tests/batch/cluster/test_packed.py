"""Volumes and results as they travel."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.batch.cluster.packed import PackedLabels, PackedResult, PackedVolume
from napari_abdoseg.batch.segment_case import CaseResult
from napari_abdoseg.image.nifti.volumes import read_volume, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.logits.file import PackedLogits


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "SPL", "AIR"])
@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_a_scan_arrives_as_it_was(orientation, dtype, tmp_path):
    made, _ = make_phantom(1, (20.0, 16.0, 12.0), orientation)
    path = tmp_path / "scan.nii.gz"
    write_volume(path, Volume(made.data.clip(0, 200).astype(dtype), made.grid))
    volume = read_volume(path)
    came = pickle.loads(pickle.dumps(PackedVolume.of(volume))).unpack()
    assert came.data.dtype == volume.data.dtype
    assert np.array_equal(came.data, volume.data)
    assert came.grid.header == volume.grid.header
    assert np.array_equal(came.grid.affine, volume.grid.affine)
    assert came.path == path
    assert came.notices == volume.notices


def test_voxels_travel_compressed_and_in_the_order_of_their_file(phantom):
    volume, _ = phantom
    packed = PackedVolume.of(volume).voxels
    assert len(packed.content) < 0.75 * volume.data.nbytes
    assert packed.dtype == volume.data.dtype.str
    strides = packed.unpack().strides
    assert np.argsort(strides).tolist() == np.argsort(volume.data.strides).tolist()


@pytest.mark.parametrize("with_more", [True, False])
def test_a_result_arrives_as_it_was(with_more, phantom, tmp_path):
    _, labels = phantom
    report = {"case": "a", "organs": []}
    result = CaseResult(labels, None, report, no_logits="No organ was found.")
    if with_more:
        result = CaseResult(labels, labels, report, PackedLogits(b"content", 0.1))
    came = pickle.loads(pickle.dumps(PackedResult.of(result))).unpack()
    assert came.report == result.report
    assert (came.logits, came.no_logits) == (result.logits, result.no_logits)
    assert (came.disagreement is not None) == with_more
    for name, label_map in (("before", labels), ("after", came.labels)):
        write_labels(tmp_path / f"{name}.nii.gz", label_map)
    assert _bytes(tmp_path, "before") == _bytes(tmp_path, "after")


def test_notices_of_a_label_map_travel(phantom):
    from dataclasses import replace

    labels = replace(phantom[1], notices=("The scan is oblique.",))
    assert PackedLabels.of(labels).unpack().notices == labels.notices


def _bytes(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.nii.gz").read_bytes()
