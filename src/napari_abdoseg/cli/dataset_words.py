"""What `abdoseg dataset` prints."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from napari_abdoseg.cli.console import console, say, say_failed
from napari_abdoseg.progress import counted, spoken_bytes
from napari_abdoseg.training.checking.check import Check
from napari_abdoseg.training.conversion.convert import Conversion
from napari_abdoseg.training.conversion.plan import Plan


def problem_table(found: Check) -> Table:
    """What is wrong, a row a problem."""
    table = Table("", "case", "problem", "what and where")
    for problem in found.problems:
        color = "red" if problem.ruins else "yellow"
        table.add_row(
            Text(problem.severity, style=f"bold {color}"),
            Text(problem.case or "all"),
            problem.kind.value,
            Text(problem.message, overflow="fold"),
        )
    return table


def introduce(plan: Plan) -> None:
    """Say what is to be done."""
    tests = len(plan.cases) - plan.training
    console.print(str(plan.folder), style="bold")
    console.print(
        f"  {counted(plan.training, 'training case')}, {counted(tests, 'test case')}",
    )
    for name, value in plan.mapping.labels.items():
        parts = [old for old, _, new in plan.mapping.values if new == value and old != name]
        made_of = f" from {', '.join(parts)}" if parts and value else ""
        console.print(f"  {value} {name}{made_of}")
    files = ", ".join(f"{count} to {verb}" for verb, count in sorted(plan.verbs.items()))
    room = f"; up to {spoken_bytes(plan.bytes_needed)}" if plan.bytes_needed else ""
    console.print(f"  files: {files or 'all there'}{room}")


def list_steps(plan: Plan) -> None:
    """Say of each file what would become of it."""
    for case in plan.waiting:
        for step in case.steps:
            for target in step.targets:
                origin = f" <- {', '.join(map(str, step.sources))}" if step.sources else ""
                console.print(
                    f"{step.verb} {target.relative_to(plan.folder)}{origin}",
                    soft_wrap=True,
                )
    for case in plan.cases:
        if case.kept:
            console.print(f"keep {case.name}")
    console.print("Nothing was written: this was a dry run.")
    report_failures(plan.failed)


def conclude(conversion: Conversion) -> None:
    """Say what became of it."""
    made, kept = len(conversion.made), len(conversion.kept)
    console.print(f"{counted(made, 'case')} converted, {kept} there already.")
    if conversion.overlaps:
        worst = max(conversion.overlaps, key=lambda case: conversion.overlaps[case])
        say(
            f"Masks overlap in {len(conversion.overlaps)} cases, most in {worst} "
            f"({conversion.overlaps[worst]} voxels): there the organ of the lower value was kept; "
            "--organs gives another order."
        )
    report_failures(conversion.failed)
    folder = conversion.plan.folder
    if conversion.failed:
        say(f"{folder} has no dataset.json yet: mend these cases, or move their files, and go on.")
    else:
        command = f"abdoseg dataset check {folder}"
        console.print(f"Look at it before training: {command}", soft_wrap=True)


def report_failures(failed: tuple[tuple[str, str], ...]) -> None:
    """Say which cases failed, and why."""
    for case, reason in failed:
        say_failed(case, reason)
