"""Which layers belong together: a scan, its label maps, their boxes and surfaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from napari.layers import Image, Layer

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti import case_name


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
        return bool(self.layers[0].metadata["grid"].matches(layer.metadata["grid"]))


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
    same_place = [case for case in cases if case.takes(layer)]
    grid = layer.metadata["grid"]
    for case in same_place:
        if any(own.metadata["grid"] is grid for own in case.layers):
            return case
    return max(
        same_place,
        key=lambda case: (*_kinship(layer, case.layers), case is in_view),
        default=None,
    )


def _kinship(layer: Layer, others: Iterable[Layer]) -> tuple[bool, int]:
    """Whether files have the name of one case, and how many folders they have in common."""
    path = layer.metadata.get("path")
    paths = [other.metadata.get("path") for other in others]
    degrees = [_compare(Path(path), Path(other)) for other in paths if path and other]
    return max(degrees, default=(False, 0))


def _compare(path: Path, other: Path) -> tuple[bool, int]:
    shared = sum(folder in other.parents for folder in path.parents)
    return case_name(path) == case_name(other), shared
