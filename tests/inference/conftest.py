"""Fixtures for inference."""

from __future__ import annotations

import pytest


@pytest.fixture
def single_precision(monkeypatch):
    """A CPU that has no bfloat16, so that answers compare to the bit."""
    monkeypatch.setattr("napari_abdoseg.inference.network.network.cpu_has_bfloat16", lambda: False)
