"""The case of a work list that a label map is of."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.worklist.opening.claims import Claim

CLAIM = "claim"
"""Key in the metadata of the layers of a case that a work list has opened."""


def claim_of(viewer: ViewerModel, layer: Labels) -> Claim | None:
    """What this session may do with the case of a label map; None where no work list has it."""
    case = cases_in_view(viewer).case_of(layer)
    scan = None if case is None else case.scan
    claim: Claim | None = layer.metadata.get(CLAIM) or (scan and scan.metadata.get(CLAIM))
    return claim
