"""Fixtures for inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.model.card import Region
from napari_abdoseg.inference.preprocessing.region_box import box_around
from napari_abdoseg.inference.preprocessing.scan_part import part_of


@pytest.fixture
def single_precision(monkeypatch):
    """A CPU that has no bfloat16, so that answers compare to the bit."""
    monkeypatch.setattr("napari_abdoseg.inference.network.network.cpu_has_bfloat16", lambda: False)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """A function that has torch use so many threads until the end of a test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def around(phantom):
    """What lies around the phantom's pancreas, where the demo takes few passes, and its labels."""
    volume, labels = phantom
    box = box_around(labels, Region(organs=["pancreas"], margin_mm=70.0))
    part = part_of(volume, box)
    return part, LabelMap(labels.data[box.slices], part.grid, labels.organs)
