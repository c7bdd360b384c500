"""Where a label map is saved, as long as nobody chooses another place."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

from napari_abdoseg.image.nifti.formats import saved_path
from napari_abdoseg.image.nifti.volumes import case_name


def place_of_labels(own: Path | None, scan: Path | None, stamp: str = "") -> Path | None:
    """The file that a label map belongs in.

    Parameters
    ----------
    own : Path or None
        The file that it was read from or saved in before.
    scan : Path or None
        The file of the scan that it is of.
    stamp : str, optional
        Of a preview; see `LabelMap`.

    Returns
    -------
    Path or None
        Its own file, if it has one and not a folder of them. Else a new one beside the
        scan, such as ``ct_organs.nii.gz``, or ``ct_organs_preview.nii.gz`` for a preview;
        it is never one that is there. None where there is no scan either.
    """
    if own is not None and not own.is_dir():
        return saved_path(own)
    if scan is None:
        return None
    name = f"{case_name(scan)}_organs" + "_preview" * bool(stamp)
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    paths = (scan.with_name(f"{name}.nii.gz") for name in names)
    return next(path for path in paths if not path.exists())
