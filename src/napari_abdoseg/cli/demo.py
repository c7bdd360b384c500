"""`abdoseg demo`: the whole way on a synthetic CT, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import console, show
from napari_abdoseg.cli.napari_process import show_in_napari
from napari_abdoseg.inference.preset import DEFAULT

if TYPE_CHECKING:
    from rich.table import Table

    from napari_abdoseg.batch.case_report import Report
    from napari_abdoseg.image.volume import LabelMap

SEED = 7


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("abdoseg-demo"),
    gui: Annotated[bool, typer.Option(help="Show the result in napari.")] = False,
) -> None:
    """Make a synthetic CT, find its organs with the demo ensemble, draw them."""
    from napari_abdoseg.batch.case import Case
    from napari_abdoseg.batch.segment_case import predicting_case
    from napari_abdoseg.batch.tables import write_organs_csv
    from napari_abdoseg.cli.figure import draw_overview
    from napari_abdoseg.cli.predict_words import introduce
    from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
    from napari_abdoseg.image.phantom import make_phantom
    from napari_abdoseg.inference.model.ensemble import loading_ensemble

    output.mkdir(parents=True, exist_ok=True)
    volume, truth = make_phantom(SEED)
    case = Case("phantom", output / "phantom_0000.nii.gz", output)
    truth_path = output / "phantom_truth.nii.gz"
    write_volume(case.image, volume)
    write_labels(truth_path, truth)

    ensemble = show(loading_ensemble("demo"))
    introduce(ensemble)
    report = show(predicting_case(case, ensemble, DEFAULT))
    write_organs_csv(output, [case], [report])
    found = read_labels(case.labels)
    picture = output / "phantom.png"
    draw_overview(picture, volume, found, "Synthetic phantom, demo ensemble: no patient")
    console.print(_score_table(report, found, truth))
    for path in (case.image, truth_path, case.labels, case.report, output / "organs.csv", picture):
        console.print(f"  {path}")
    if gui:
        show_in_napari(case.image, case.labels)


def _score_table(report: Report, found: LabelMap, truth: LabelMap) -> Table:
    from rich.table import Table

    from napari_abdoseg.evaluation.dice import dice

    scores = dice(found, truth)
    volumes = {organ["value"]: organ["volume_ml"] for organ in report["organs"]}
    table = Table("organ")
    for column in ("volume (ml)", "DSC to the truth"):
        table.add_column(column, justify="right")
    for organ, score in scores.items():
        table.add_row(organ.name, f"{volumes.get(organ.value, 0):.1f}", f"{score:.4f}")
    return table
