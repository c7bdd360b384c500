"""What `abdoseg cases changed-by` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from napari_abdoseg.cli.console import console
from napari_abdoseg.progress import counted
from napari_abdoseg.worklist.comparing.model_changes import CaseChange, ModelChanges

MOST_SHOWN = 200


def conclude_changes(
    changes: ModelChanges, most: Sequence[CaseChange], output: Path | None
) -> None:
    """Print the cases that would change most, and how many were compared."""
    if most:
        console.print(change_table(most[:MOST_SHOWN]))
    compared = counted(len(changes.cases), "case")
    same = sum(case.dsc == 1 for case in changes.cases)
    console.print(f"{len(most)} of {compared} offered for review; {same} would stay as they are.")
    if output is not None:
        console.print(f"  {output}", soft_wrap=True)


def change_table(cases: Sequence[CaseChange]) -> Table:
    """A row a case, with the organ that would change most."""
    table = Table("case")
    table.add_column("DSC", justify="right")
    table.add_column("most in")
    for column in ("its DSC", "ml", "by the model", "added", "removed"):
        table.add_column(column, justify="right")
    table.add_column("one of them has alone")
    for case in cases:
        organ = case.organs[0]
        volumes = (organ.ml, organ.model_ml, organ.added_ml, organ.removed_ml)
        table.add_row(
            *(case.case, f"{case.dsc:.3f}", organ.organ, f"{organ.dsc:.3f}"),
            *(f"{volume:.1f}" for volume in volumes),
            ", ".join(case.unmatched),
        )
    return table
