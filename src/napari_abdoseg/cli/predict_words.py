"""What is said of a run in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from napari_abdoseg.batch.case_report import Report, doubted_organs, swapped_axes
from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.batch.tables import FAILED, ORGANS
from napari_abdoseg.cli.console import console, say, say_after, say_failed
from napari_abdoseg.evaluation.told_quality import quality_note, told_qualities
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.progress import spoken_duration

MOST_SHOWN = 20
"""Cases that are told of one by one."""


def introduce(ensemble: Ensemble) -> None:
    """Say which model works, and what it is for."""
    for trained in ensemble.configurations:
        folds, model = ", ".join(trained.folds), trained.model
        console.print(f"Model {model.name}: {trained.name}, folds {folds}.")
        if trained.region_finder is not None:
            finder = trained.region_finder
            console.print(f"It looks around what {finder.model.name} finds.")
        if model.description:
            console.print(model.description, style="yellow")


def tell(outcome: Outcome, output: Path, seconds: float) -> None:
    """Sum up a run; cases are told of one by one where they are few."""
    if outcome.finished:
        tell_of_organs(outcome)
        tell_of_orientation(outcome)
        console.print(f"Results are in {output}.")
    if outcome.kept:
        say(f"{len(outcome.kept)} finished before and kept; --overwrite makes them again.")
    for case, reason in outcome.failed[:MOST_SHOWN]:
        say_failed(case.name, reason)
    if outcome.failed:
        console.print(f"All that failed are in {output / FAILED}.")
    made, kept, failed = (len(part) for part in (outcome.made, outcome.kept, outcome.failed))
    console.print(
        f"{made} made, {kept} kept, {failed} failed in {spoken_duration(seconds)}.",
    )


def tell_of_organs(outcome: Outcome) -> None:
    """Print volumes and warnings, or where they are."""
    if len(outcome.finished) > MOST_SHOWN:
        console.print(f"Volumes are in {ORGANS}, warnings in each case's JSON.")
        return
    reports = list(outcome.reports())
    for report in reports:
        for warning in report["warnings"]:
            say(f"{report['case']}: {warning}")
    console.print(organ_table(reports))
    for note in dict.fromkeys(filter(None, map(quality_note, reports))):
        say(note)


def tell_of_orientation(outcome: Outcome) -> None:
    """Print which scans' contents lie otherwise than their headers say, last and in red."""
    swapped = {report["case"]: swapped_axes(report) for report in outcome.reports()}
    swapped = {case: axes for case, axes in swapped.items() if axes}
    for case, axes in list(swapped.items())[:MOST_SHOWN]:
        say_after(f"{case} seems mirrored or turned:", f"{', '.join(axes)}.", "bold red")
    if swapped:
        say(
            f"{len(swapped)} of {len(outcome.finished)} scans lie otherwise than their headers "
            f"say: look at them before their masks are used. Column orientation of {ORGANS} has "
            "them all, each case's JSON what is seen."
        )


def organ_table(reports: list[Report]) -> Table:
    """Volumes of all organs of all cases, and how good they are expected to be, where known."""
    told = [told_qualities(report) for report in reports]
    quality = ["expected DSC"] if any(told) else []
    table = Table("case", "organ")
    for column in ("volume (ml)", "mean HU"):
        table.add_column(column, justify="right")
    for column in (*quality, ""):
        table.add_column(column)
    for report, qualities in zip(reports, told, strict=True):
        doubted = doubted_organs(report)
        for organ in report["organs"]:
            value = organ["value"]
            words = qualities[value].words if value in qualities else ""
            table.add_row(
                report["case"],
                organ["name"],
                f"{organ['volume_ml']:.1f}",
                f"{organ['mean_hu']:.0f}",
                *(words for _ in quality),
                "; ".join(filter(None, (_edge(organ), doubted.get(value)))),
            )
    return table


def _edge(organ: dict[str, Any]) -> str:
    return "touches the edge of the scan" if organ["touches_edge"] else ""
