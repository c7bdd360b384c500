"""Options that all commands have which find organs with a model."""

from __future__ import annotations

from typing import Annotated

import typer

from napari_abdoseg.cli.completion import complete_device, complete_model, complete_preset

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        autocompletion=complete_model,
        help="A model's name or nnU-Net model folder, demo by default; give it again for "
        "each other configuration that is to be averaged with it.",
    ),
]
Folds = Annotated[str | None, typer.Option(help="Folds to use, such as 0,1,2; all by default.")]
Preset = Annotated[
    str,
    typer.Option(
        autocompletion=complete_preset,
        help="balanced: all folds where the organs are; exact: everywhere, as "
        "nnUNetv2_predict; fast: one fold, no mirroring.",
    ),
]
Devices = Annotated[
    str,
    typer.Option(
        "--device",
        autocompletion=complete_device,
        help="auto, cpu, cuda, cuda:N, mps, or several such as cuda:5,cuda:6, with a process "
        "on each; auto and cuda take all GPUs.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Have the workers of a Dask cluster do the work, such as tcp://host:8786.",
    ),
]
