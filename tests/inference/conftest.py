"""Fixtures for inference."""

from __future__ import annotations

import pytest


@pytest.fixture
def single_precision(monkeypatch):
    """Neither bfloat16 nor OpenVINO, so that answers compare to the bit."""
    for name in ("cpu_has_bfloat16", "openvino_is_installed"):
        monkeypatch.setattr(f"napari_abdoseg.inference.network.{name}", lambda: False)
