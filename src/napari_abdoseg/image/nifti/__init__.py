"""NIfTI files as volumes and label maps, and back."""

from napari_abdoseg.image.nifti.volumes import (
    AnyPath,
    case_name,
    holds_labels,
    is_nifti_file,
    nifti_files,
    nifti_path,
    read_image,
    read_labels,
    read_organs,
    read_volume,
    write_labels,
    write_volume,
)

__all__ = [
    "AnyPath",
    "case_name",
    "holds_labels",
    "is_nifti_file",
    "nifti_files",
    "nifti_path",
    "read_image",
    "read_labels",
    "read_organs",
    "read_volume",
    "write_labels",
    "write_volume",
]
