"""What a scan will take on this machine, and whether a model suits it."""

from napari_abdoseg.inference.preflight.preflight import Preflight, preflighting

__all__ = ["Preflight", "preflighting"]
