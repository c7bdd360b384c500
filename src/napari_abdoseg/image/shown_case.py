"""A scan and its label map, read to be seen together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.names.chosen_schemes import named_as_chosen
from napari_abdoseg.image.nifti.forms import lie_together
from napari_abdoseg.image.nifti.volumes import read_image
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.volume import LabelMap, Volume


@dataclass(frozen=True)
class ShownCase:
    """A scan, its label map, or both.

    Parameters
    ----------
    scan : Volume or None
    labels : LabelMap or None
    """

    scan: Volume | None
    labels: LabelMap | None

    @classmethod
    def read(cls, image: Path, labels: Path | None = None) -> Self:
        """Read what lies in one or two files.

        Parameters
        ----------
        image : Path
            A scan; or a label map alone, which may be a folder with a file an organ.
        labels : Path, optional
            A label map of the scan, or such a folder.

        Raises
        ------
        ImageError
            One can't be read or is something else, or they do not lie on one grid.
        """
        found = read_label_map(image) if image.is_dir() else read_image(image)
        if labels is None:
            alone = named_as_chosen(found) if isinstance(found, LabelMap) else None
            return cls(None if isinstance(found, LabelMap) else found, alone)
        if isinstance(found, LabelMap):
            raise ImageError(
                f"{image} holds labels and no scan: give the CT first and its label map second."
            )
        label_map = named_as_chosen(read_label_map(labels))
        if not lie_together(found.grid, label_map.grid):
            raise ImageError(
                f"{labels} and {image} do not lie on one grid: give a label map that was made of "
                "this very scan."
            )
        return cls(found, label_map)
