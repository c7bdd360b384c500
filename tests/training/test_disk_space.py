"""Disk space is computed before it is used."""

from __future__ import annotations

import pytest

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.training.disk_space import needed_bytes, require_space


def test_preprocessed_cases_need_no_more_than_was_computed(place):
    run = place.run()
    needed = needed_bytes(run.folders.preprocessed, run.plans, "3d_fullres")
    written = run.plans["configurations"]["3d_fullres"]["data_identifier"]
    files = list((run.folders.preprocessed / written).glob("*.b2nd"))
    assert len(files) == 10
    assert needed / 20 < sum(file.stat().st_size for file in files) < needed


def test_slices_keep_their_distance(place):
    run = place.run()
    flat, full = (
        needed_bytes(run.folders.preprocessed, run.plans, name) for name in ("2d", "3d_fullres")
    )
    assert 0.5 < flat / full < 2


def test_a_disk_that_is_too_small_is_named(tmp_path):
    require_space(tmp_path, ["3d_fullres"], 1000)
    with pytest.raises(TrainingError, match=r"may need 1000000\d+.0 GB, and the disk of .* left"):
        require_space(tmp_path, ["3d_fullres"], 10**24)
