"""`abdoseg view`: a CT and its organs in napari."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_abdoseg.cli.napari_process import show_in_napari


def view(
    image: Annotated[
        Path,
        typer.Argument(help="A CT (.nii, .nii.gz, .nrrd, .mha), or a label map alone."),
    ],
    labels: Annotated[
        Path | None,
        typer.Argument(help="Its label map, or a folder with a file an organ."),
    ] = None,
) -> None:
    """Show a CT in napari's four panels, and list the organs of its label map."""
    show_in_napari(image, labels)
