"""Which layers belong together: a scan, its label maps, their boxes and surfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from napari.layers import Image, Layer

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.forms import lie_together
from napari_abdoseg.image.nifti.volumes import case_name

BEGINS_CASE = "begins_case"
"""Key in the metadata of a layer that belongs to no case that is there already."""
OF_SCAN = "of_scan"
"""Key in the metadata of a layer that was opened with a scan, or for it: the `Grid` of that."""

_NUMBERS = re.compile(r"\d+")


class CaseLayers:
    """The layers of one case, all on one grid.

    Parameters
    ----------
    layer : Layer
        The first of them, of this package.
    """

    def __init__(self, layer: Layer) -> None:
        self.layers = [layer]
        self.put_away: list[Layer] = []
        """Those that are hidden as long as another case is in view."""

    @property
    def scan(self) -> Image | None:
        """The CT, if there is one."""
        return next((layer for layer in self.layers if isinstance(layer, Image)), None)

    def takes(self, layer: Layer) -> bool:
        """Whether a layer that is on the same grid may be one of them; a CT is one of its own."""
        if any(own.metadata["grid"] is layer.metadata["grid"] for own in self.layers):
            return True
        if isinstance(layer, Image) and self.scan is not None:
            return False
        return lie_together(self.layers[0].metadata["grid"], layer.metadata["grid"])


def has_case(layer: Layer) -> bool:
    """Whether a layer is one of this package; others are left as they are."""
    return isinstance(layer.metadata.get("grid"), Grid)


def find_case(
    layer: Layer, cases: Sequence[CaseLayers], in_view: CaseLayers | None
) -> CaseLayers | None:
    """The case that a layer belongs to, None if that is a new one.

    Voxels lie at the same place in all layers of a case. Where they do so in several
    cases, as in cohorts that were resampled, names of files decide, then what is in view.
    """
    if layer.metadata.get(BEGINS_CASE):
        return None
    same_place = [case for case in cases if case.takes(layer)]
    grid = layer.metadata.get(OF_SCAN, layer.metadata["grid"])
    for case in same_place:
        if any(own.metadata["grid"] is grid for own in case.layers):
            return case
    return max(
        same_place,
        key=lambda case: (*_kinship(layer, case.layers), case is in_view),
        default=None,
    )


def _kinship(layer: Layer, others: Iterable[Layer]) -> tuple[int, int]:
    """How much the names of files speak for one case, and how many folders they share."""
    path = layer.metadata.get("path")
    paths = [other.metadata.get("path") for other in others]
    degrees = [_compare(Path(path), Path(other)) for other in paths if path and other]
    return max(degrees, default=(0, 0))


def _compare(path: Path, other: Path) -> tuple[int, int]:
    shared = sum(folder in other.parents for folder in path.parents)
    return _likeness(case_name(path), case_name(other)), shared


def _likeness(name: str, other: str) -> int:
    """3 for names that are the same, 2 for ``ct_organs`` and ``ct``, 1 for the same numbers."""
    if name == other:
        return 3
    shorter, longer = sorted((name, other), key=len)
    if longer.startswith(shorter) and not longer[len(shorter)].isalnum():
        return 2
    numbers = _NUMBERS.findall(name)
    return int(bool(numbers) and numbers == _NUMBERS.findall(other))
