"""A small work list."""

from __future__ import annotations

import pytest
from small_scans import write_image

from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing.listing import listing
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@pytest.fixture
def folder(tmp_path):
    """Of the cases a, b and c."""
    for number, name in enumerate("abc"):
        write_image(tmp_path / "scans" / f"{name}_0000.nii.gz", number)
    return WorkFolder.of(tmp_path / "scans")


@pytest.fixture
def rows():
    """A function that lists a work list, as a dict by case."""

    def look(folder):
        return {row.name: row for row in drain(listing(folder))}

    return look
