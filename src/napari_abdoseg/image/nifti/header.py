"""What a NIfTI header says of a scan, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid, Shape
from napari_abdoseg.image.nifti.forms import Forms, spoken
from napari_abdoseg.image.stored_image import place_notices
from napari_abdoseg.image.volume import PREVIEW

START = 348
"""Bytes that every header begins with; one of NIfTI-2 is longer."""

LABEL_INTENT = 1002
FARTHEST_VOXELS = 1 << 28
"""Bytes that may be before the voxels; more are no names, but a fault."""

MAGIC = {348: b"n+1", 540: b"n+2"}
_OF_A_PAIR = {348: b"ni1", 540: b"ni2"}
_KINDS: dict[int, Any] = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_NOT_SCALAR = {
    32: "complex numbers",
    1792: "complex numbers",
    2048: "complex numbers",
    128: "colours (RGB)",
    2304: "colours (RGBA)",
}


def header_size(start: bytes) -> int:
    """Length in bytes of the header that begins with ``start``; 0 if it is none."""
    sizes = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")}
    return next((size for size in _KINDS if size in sizes), 0)


def parse(raw: bytes) -> Any:
    """The fields of a header as nibabel has them, unchecked."""
    little = int.from_bytes(raw[:4], "little") == len(raw)
    return _KINDS[len(raw)](raw, "<" if little else ">", check=False)


@dataclass(frozen=True, eq=False)
class NiftiHeader:
    """The header of a scan that can be used.

    Parameters
    ----------
    raw : bytes
        348 bytes of NIfTI-1 or 540 of NIfTI-2.
    path : Path
        Its file, for messages.

    Raises
    ------
    ImageError
        It describes no volume of numbers with a place in space.
    """

    raw: bytes
    path: Path

    def __post_init__(self) -> None:
        self._require_one_file()
        self._require_volume()
        self._require_numbers()
        self._require_place()

    @cached_property
    def fields(self) -> Any:
        """The header as nibabel has it, unchecked."""
        return parse(self.raw)

    @cached_property
    def _sizes(self) -> list[int]:
        """Sizes along all axes; those beyond three that count nothing, as the one that is there."""
        sizes = [int(size) for size in self._stated_sizes]
        return sizes[:3] + [max(1, size) for size in sizes[3:]]

    @property
    def _stated_sizes(self) -> Any:
        return self.fields["dim"][1 : int(self.fields["dim"][0]) + 1]

    @property
    def shape(self) -> Shape:
        """Shape of the first volume in stored order."""
        i, j, k = self._sizes[:3]
        return i, j, k

    @property
    def dimensions(self) -> int:
        """Number of axes, of which the first three are those of a volume."""
        return len(self._sizes)

    @property
    def volumes(self) -> int:
        """Number of volumes, one after the other."""
        return math.prod(self._sizes[3:])

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Type of a stored voxel, in the file's byte order."""
        codes: Any = nib.nifti1.data_type_codes
        try:
            dtype: np.dtype[Any] = codes.dtype[int(self.fields["datatype"])]
        except KeyError:
            return np.dtype("V")
        return dtype.newbyteorder(self.fields.endianness)

    @property
    def voxel_offset(self) -> int:
        """Bytes before the first voxel."""
        return max(int(self.fields["vox_offset"]), len(self.raw) + 4)

    @property
    def slope(self) -> float:
        """Factor from stored to real values, 1 where none is given."""
        slope = float(self.fields["scl_slope"])
        return slope if math.isfinite(slope) and slope else 1.0

    @property
    def step(self) -> float:
        """Distance of two real values that can be stored, 0 where it is not even."""
        return abs(self.slope) if self.dtype.kind in "iu" else 0.0

    @property
    def intercept(self) -> float:
        """What is added to scaled values, 0 where none is given."""
        slope, intercept = float(self.fields["scl_slope"]), float(self.fields["scl_inter"])
        scaled = math.isfinite(slope) and slope and not math.isnan(intercept)
        return intercept if scaled else 0.0

    @property
    def stores_whole_numbers(self) -> bool:
        """Whether no value can be a fraction."""
        return self.dtype.kind in "iu" and self.slope == 1 and self.intercept.is_integer()

    @property
    def says_labels(self) -> bool:
        """Whether the file declares itself a label map."""
        return int(self.fields["intent_code"]) == LABEL_INTENT

    @property
    def stamp(self) -> str:
        """What the file says of itself if it is an unfinished label map."""
        description = bytes(self.fields["descrip"].item()).decode(errors="replace")
        return description if description.startswith(PREVIEW) else ""

    @cached_property
    def forms(self) -> Forms:
        """What it says of the place of the volume."""
        return Forms.of(self.fields, self.shape)

    @cached_property
    def grid(self) -> Grid:
        """Where the voxels lie, in mm."""
        return Grid(self.shape, self._place.affine, self.raw)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of this scan."""
        notices = []
        if self.volumes > 1:
            notices.append(f"It holds {self.volumes} volumes; only the first is used.")
        if any(size < 1 for size in self._stated_sizes[3:]):
            notices.append("Its header counts no volume; the one that is there is used.")
        if self._is_of_a_pair:
            notices.append("Its header is that of a pair of files; the voxels behind it are used.")
        notices += self.forms.notices
        notices += place_notices(self.grid)
        return tuple(notices)

    @property
    def _is_of_a_pair(self) -> bool:
        return bool(self.fields["magic"] == _OF_A_PAIR[len(self.raw)])

    def _require_one_file(self) -> None:
        if self._is_of_a_pair and self.fields["vox_offset"] < len(self.raw):
            raise ImageError(
                f"{self.path} is the header of a pair of files, .hdr and .img: open the .hdr in "
                "another program and save it as one file, .nii.gz."
            )
        if not self._is_of_a_pair and self.fields["magic"] != MAGIC[len(self.raw)]:
            raise ImageError(
                f"{self.path} is not a NIfTI file of header and voxels in one: "
                "convert it to .nii or .nii.gz."
            )

    def _require_volume(self) -> None:
        if not 1 <= self.fields["dim"][0] <= 7 or min(self._sizes) < 0:
            raise ImageError(
                f"{self.path} has a damaged header that gives no shape: "
                "export the scan again from its source."
            )
        if 0 in self._sizes:
            raise ImageError(
                f"{self.path} is empty: its header gives the shape {spoken(self._sizes)}. "
                "Export the scan again from its source."
            )
        if len(self._sizes) < 3 or 1 in self.shape:
            raise ImageError(
                f"{self.path} is a single slice of shape {spoken(self._sizes)}: "
                "choose a volume with several slices."
            )

    def _require_numbers(self) -> None:
        if self.dtype.kind not in "iuf" or self.dtype.itemsize > 8:
            code = int(self.fields["datatype"])
            found = _NOT_SCALAR.get(code, f"an unsupported data type (code {code})")
            raise ImageError(
                f"{self.path} stores {found}, not one number a voxel: choose a CT scan."
            )
        if not self.fields["vox_offset"] < FARTHEST_VOXELS:
            raise ImageError(
                f"{self.path} has a damaged header that gives no place of the voxels: "
                "export the scan again from its source."
            )

    def _require_place(self) -> None:
        if not (self.forms.sform or self.forms.has_size or self._has_negative_size):
            raise ImageError(
                f"{self.path} has voxels of {spoken(self.forms.size)} mm: every size must "
                "be above 0. Export the scan again from its source."
            )
        _ = self._place

    @property
    def _has_negative_size(self) -> bool:
        return all(math.isfinite(size) and size for size in self.forms.size)

    @property
    def _place(self) -> Grid:
        if not self.forms.chosen:
            raise ImageError(
                f"{self.path} has a damaged affine that gives its voxels no place in space: "
                "export the scan again from its source."
            )
        return self.forms.chosen


def forms_of(grid: Grid) -> Forms | None:
    """What the header says that a grid is from; None of a grid that was made in memory."""
    return Forms.of(parse(grid.header), grid.stored_shape) if grid.header else None
