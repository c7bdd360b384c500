"""Files as volumes and label maps, and back: NIfTI, and by `formats` all others."""

from napari_abdoseg.image.nifti.volumes import (
    AnyPath,
    case_name,
    holds_labels,
    image_files,
    is_image_file,
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
    "image_files",
    "is_image_file",
    "read_image",
    "read_labels",
    "read_organs",
    "read_volume",
    "write_labels",
    "write_volume",
]
