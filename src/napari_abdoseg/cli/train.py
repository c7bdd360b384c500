"""`abdoseg train`: an ensemble from a data set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.completion import complete_model, complete_preset
from napari_abdoseg.cli.console import console, show
from napari_abdoseg.errors import TrainingError
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.log import keep_log
from napari_abdoseg.progress import Progress, Work, relay

if TYPE_CHECKING:
    from napari_abdoseg.training.raw_dataset import RawDataset
    from napari_abdoseg.training.training import Trained


def train(
    dataset: Annotated[
        Path, typer.Argument(help="nnU-Net data set: DatasetNNN_Name, made by `dataset convert`.")
    ],
    configurations: Annotated[
        str, typer.Option(help="2d, 3d_fullres, 3d_lowres, 3d_cascade_fullres, or several.")
    ] = "3d_fullres",
    folds: Annotated[str, typer.Option(help="Folds to train.")] = "0,1,2,3,4",
    epochs: Annotated[
        int | None, typer.Option(help="Epochs of each fold: 1000, small: 100, by default.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(help="Steps of an epoch: 250, small: 20, by default.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Patches of a step; as planned by default.")
    ] = None,
    devices: Annotated[
        str,
        typer.Option(
            help="Where folds are trained, one at a time on each: auto, or names such as "
            "cuda:0,cuda:1; cpu,cpu trains two at a time."
        ),
    ] = "auto",
    together: Annotated[
        bool, typer.Option("--together", help="Train each fold on all these GPUs at once.")
    ] = False,
    planner: Annotated[
        str, typer.Option(help="ResEncM, ResEncL, ResEncXL, default; small for a CPU.")
    ] = "ResEncM",
    spacing: Annotated[
        str | None, typer.Option(help="mm along z,y,x to work at; as planned by default.")
    ] = None,
    trainer: Annotated[
        str | None,
        typer.Option(
            help="One of nnU-Net's trainers: nnUNetTrainer, small: nnUNetTrainerNoDA, by default."
        ),
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="SGD or AdamW: SGD, small: AdamW, by default.")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the start: 0.01, with --from 0.001, small: 0.003, by default."),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            autocompletion=complete_model,
            help="Model whose training goes on with these cases.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model; the data set's by default.")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="Folder for nnUNet_preprocessed and nnUNet_results; beside the data."),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(autocompletion=complete_preset, help="Of the predictions of test cases."),
    ] = DEFAULT,
) -> None:
    """Plan, preprocess and train an ensemble, predict the test cases and compare them.

    Stop it whenever you like: the same command goes on where it was.
    """
    from napari_abdoseg.inference.model.model_folder import read_model
    from napari_abdoseg.training.devices import make_slots
    from napari_abdoseg.training.folders import Folders
    from napari_abdoseg.training.run import Run
    from napari_abdoseg.training.settings import make_settings
    from napari_abdoseg.training.trainable import read_trainable
    from napari_abdoseg.training.training import training
    from napari_abdoseg.training.watching.saving import save_curves
    from napari_abdoseg.training.watching.terminal import folds_view
    from napari_abdoseg.training.watching.watch import Watch

    keep_log("train")
    raw = read_trainable(dataset)
    settings = make_settings(
        planner,
        configurations=tuple(_split(configurations)),
        folds=tuple(map(int, _numbers("--folds", folds, int))),
        epochs=epochs,
        iterations=iterations,
        batch_size=batch_size,
        spacing=_spacing(spacing),
        trainer=trainer,
        optimizer=optimizer,
        learning_rate=learning_rate,
        start_from=read_model(start_from).folder if start_from else None,
    )
    folders = Folders(raw, (work or default_work(raw)).expanduser().resolve())
    slots = make_slots(devices, together)
    run = Run(folders, settings, slots, name or raw.name.partition("_")[2])
    watching = Watch(*map(run.folder, settings.all_configurations))
    trained = show(announced(training(run)), lambda: folds_view(watching.look()))
    for folder in trained.folders.values():
        save_curves(Watch(folder).look(), folder)
    tell(trained)
    predict_test_cases(raw, trained, preset)


def announced(work: Work[Trained]) -> Work[Trained]:
    """Print each step as it begins, where no bar can be seen, as in a log file."""
    stage = ""

    def announce(progress: Progress) -> Progress:
        nonlocal stage
        if progress.stage != stage and not console.is_terminal:
            console.print(f"{progress.stage} …")
        stage = progress.stage
        return progress

    return (yield from relay(work, announce))


def tell(trained: Trained) -> None:
    """Say where the model is, and how good it was in cross-validation."""
    from rich.table import Table

    found = trained.cross_validation
    if found.scores:
        table = Table("cross-validation", "mean DSC")
        for name, score in found.scores.items():
            table.add_row(name, f"{score:.4f}")
        console.print(table)
    names = [model.name for model in trained.best]
    options = " ".join(f"--model {name}" for name in names)
    best = f"Best in cross-validation: {' + '.join(found.best)}. " if found.scores else ""
    where = "choose it in Segment, or " if len(names) == 1 else ""
    console.print(
        f"{best}The model is {' with '.join(names)}: {where}`abdoseg predict {options}`. Logs, "
        f"curves.png and validation are in {trained.folders[found.best[0]]}.",
    )
    if found.scores:
        advice = trained.folders[found.best[0]].parent / "inference_instructions.txt"
        console.print(f"nnU-Net's choice of a postprocessing is in {advice}.")


def predict_test_cases(raw: RawDataset, trained: Trained, preset: str) -> None:
    """Segment the test cases, if there are any, and compare them with their labels."""
    from napari_abdoseg.batch.finding import find_cases
    from napari_abdoseg.batch.folder import predicting
    from napari_abdoseg.cli.evaluate import evaluate
    from napari_abdoseg.inference.model.ensemble import loading_ensemble

    if not any(case.labels for case in raw.testing):
        return
    images, labels = raw.folder / "imagesTs", raw.folder / "labelsTs"
    folder = trained.folders[trained.cross_validation.best[0]]
    output = folder / "test_predictions"
    ensemble = show(loading_ensemble(trained.best, trained.best[0].folds, "auto"))
    show(predicting(find_cases([images], output), ensemble, preset))
    evaluate(output, labels, folder / "test_evaluation")


def default_work(raw: RawDataset) -> Path:
    """Folder of the environment's nnUNet_results, or of nnUNet_raw."""
    results = os.environ.get("nnUNet_results")  # noqa: SIM112
    return Path(results).parent if results else raw.folder.parent.parent


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbers(option: str, text: str, kind: type[int] | type[float]) -> list[int] | list[float]:
    try:
        return [kind(part) for part in _split(text)]
    except ValueError as error:
        raise TrainingError(
            f"{option} takes numbers with commas between them, not {text}."
        ) from error


def _spacing(text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    steps = _numbers("--spacing", text, float)
    if len(steps) != 3:
        raise TrainingError(f"--spacing takes three numbers, such as 3,3,3, not {text}.")
    return float(steps[0]), float(steps[1]), float(steps[2])
