"""NIfTI files of every kind, written by nibabel."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

MakeNifti = Callable[..., Path]


@pytest.fixture
def oblique() -> NDArray[np.float64]:
    """A scan turned about all three axes, stored as LPS."""
    turn = nib.eulerangles.euler2mat(0.1, 0.2, 0.05)
    affine = nib.affines.from_matvec(turn @ np.diag([-0.75, -0.8, 2.5]), [30.5, -20.25, 7])
    return np.asarray(affine)


@pytest.fixture
def make_nifti(tmp_path: Path) -> MakeNifti:
    """A function that writes voxels as they are, with any header fields."""

    def make(
        voxels: NDArray[Any] | None = None,
        affine: NDArray[Any] | None = None,
        name: str = "scan.nii",
        codes: tuple[int, int] = (1, 1),
        version: int = 1,
        endian: str = "<",
        units: str = "mm",
        **fields: Any,
    ) -> Path:
        voxels = np.arange(60, dtype=np.int16).reshape(5, 4, 3) if voxels is None else voxels
        affine = np.diag([-2.0, -2, 3, 1]) if affine is None else affine
        kind = nib.Nifti1Header if version == 1 else nib.Nifti2Header
        header = kind(endianness=endian)
        header.set_data_shape(voxels.shape)
        header.set_data_dtype(voxels.dtype)
        header.set_zooms([*np.linalg.norm(affine[:3, :3], axis=0), *[1] * (voxels.ndim - 3)])
        qform, sform = codes
        header.set_qform(affine, qform)
        header.set_sform(affine, sform)
        if not sform:
            for row in "xyz":
                header[f"srow_{row}"] = 0
        header.set_xyzt_units(units)
        header["vox_offset"] = header.single_vox_offset
        header["magic"] = header.single_magic
        header["scl_slope"], header["scl_inter"] = 1, 0
        for field, value in fields.items():
            header[field] = value
        raw = header.binaryblock + bytes(4)
        raw += voxels.astype(voxels.dtype.newbyteorder(endian)).tobytes("F")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".gz"):
            raw = gzip.compress(raw, 1)
        path.write_bytes(raw)
        return path

    return make
