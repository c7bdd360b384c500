"""What a NIfTI header says of a scan, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.volume import PREVIEW

START = 348
"""Bytes that every header begins with; one of NIfTI-2 is longer."""

LABEL_INTENT = 1002
OBLIQUE_DEGREES = 0.5

MAGIC = {348: b"n+1", 540: b"n+2"}
_KINDS: dict[int, Any] = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}
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
        if self.fields["magic"] != MAGIC[len(self.raw)]:
            raise ImageError(
                f"{self.path} is not a NIfTI file of header and voxels in one: "
                "convert it to .nii or .nii.gz."
            )
        self._require_volume()
        self._require_numbers()
        self._require_place()

    @cached_property
    def fields(self) -> Any:
        """The header as nibabel has it; qfac is 1 or -1 as the standard reads it."""
        fields = parse(self.raw)
        fields["pixdim"][0] = -1 if fields["pixdim"][0] < 0 else 1
        return fields

    @cached_property
    def _sizes(self) -> list[int]:
        dimensions = int(self.fields["dim"][0])
        return [int(size) for size in self.fields["dim"][1 : dimensions + 1]]

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
    def intercept(self) -> float:
        """What is added to scaled values, 0 where none is given."""
        slope, intercept = float(self.fields["scl_slope"]), float(self.fields["scl_inter"])
        scaled = math.isfinite(slope) and slope and not math.isnan(intercept)
        return intercept if scaled else 0.0

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
    def grid(self) -> Grid:
        """Where the voxels lie, in mm."""
        return Grid(self.shape, self._in_mm(self.fields.get_best_affine()), self.raw)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know of this scan."""
        notices = []
        if self.volumes > 1:
            notices.append(f"It holds {self.volumes} volumes; only the first is used.")
        if not self.fields["sform_code"] and not self.fields["qform_code"]:
            notices.append("Its header gives no orientation; left and right may be swapped.")
        if self.fields["sform_code"]:
            notices += self._sform_notices()
        if is_sheared(self.grid.affine):
            notices.append(
                "Its axes are not at right angles; it is shown as if they were and saved with "
                "its exact geometry."
            )
        elif self.grid.obliquity > OBLIQUE_DEGREES:
            notices.append(
                f"It is oblique by {self.grid.obliquity:.1f}°; it is shown along the nearest "
                "axes and saved with its exact geometry."
            )
        return tuple(notices)

    def _sform_notices(self) -> list[str]:
        notices = []
        if self.fields["qform_code"] and not self._qform_agrees():
            notices.append("Its qform and sform place it differently; the sform is used.")
        size = np.array(self._voxel_size)
        if not np.allclose(self.grid.stored_spacing, size, rtol=0.01):
            notices.append("Its voxel size and sform disagree; the sform is used.")
        return notices

    def _qform_agrees(self) -> bool:
        try:
            qform = self._in_mm(self.fields.get_qform())
        except (HeaderDataError, ValueError):
            return False
        return self.grid.matches(Grid(self.shape, qform), 0.1 * min(self.grid.spacing))

    @property
    def _mm_per_unit(self) -> float:
        return _MM_PER_UNIT.get(int(self.fields["xyzt_units"]) & 7, 1.0)

    @property
    def _voxel_size(self) -> Triple:
        """Size in mm that the header states, whatever the affine says."""
        i, j, k = (float(size) * self._mm_per_unit for size in self.fields["pixdim"][1:4])
        return i, j, k

    def _in_mm(self, affine: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        scaled = np.array(affine, dtype=np.float64)
        scaled[:3] *= self._mm_per_unit
        return scaled

    def _require_volume(self) -> None:
        if not 1 <= self.fields["dim"][0] <= 7 or min(self._sizes) < 0:
            raise ImageError(
                f"{self.path} has a damaged header that gives no shape: "
                "export the scan again from its source."
            )
        if 0 in self._sizes:
            raise ImageError(
                f"{self.path} is empty: its header gives the shape {self._spoken(self._sizes)}. "
                "Export the scan again from its source."
            )
        if len(self._sizes) < 3 or 1 in self.shape:
            raise ImageError(
                f"{self.path} is a single slice of shape {self._spoken(self._sizes)}: "
                "choose a volume with several slices."
            )

    def _require_numbers(self) -> None:
        if self.dtype.kind not in "iuf" or self.dtype.itemsize > 8:
            code = int(self.fields["datatype"])
            found = _NOT_SCALAR.get(code, f"an unsupported data type (code {code})")
            raise ImageError(
                f"{self.path} stores {found}, not one number a voxel: choose a CT scan."
            )
        if not math.isfinite(self.fields["vox_offset"]):
            raise ImageError(
                f"{self.path} has a damaged header that gives no place of the voxels: "
                "export the scan again from its source."
            )

    def _require_place(self) -> None:
        if not all(math.isfinite(size) and size > 0 for size in self._voxel_size):
            raise ImageError(
                f"{self.path} has voxels of {self._spoken(self._voxel_size)} mm: every size must "
                "be above 0. Export the scan again from its source."
            )
        try:
            affine = self.fields.get_best_affine()
        except (HeaderDataError, ValueError):
            affine = np.full((4, 4), np.nan)
        if not np.isfinite(affine).all() or _is_flat(affine):
            raise ImageError(
                f"{self.path} has a damaged affine that gives its voxels no place in space: "
                "export the scan again from its source."
            )

    @staticmethod
    def _spoken(numbers: list[int] | Triple) -> str:
        return " × ".join(f"{number:g}" for number in numbers)


def _directions(affine: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))


def is_sheared(affine: NDArray[np.floating[Any]]) -> bool:
    """Whether the axes of an affine are not at right angles."""
    directions = _directions(affine)
    return bool(np.abs(directions.T @ directions - np.eye(3)).max() > 1e-3)


def _is_flat(affine: NDArray[np.floating[Any]]) -> bool:
    if not np.linalg.norm(affine[:3, :3], axis=0).all():
        return True
    return bool(abs(np.linalg.det(_directions(affine))) < 1e-4)
