"""What the numbers mean, for every report."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.score import Emptiness


@dataclass(frozen=True)
class Definition:
    """A term and what is meant by it.

    Parameters
    ----------
    term, meaning : str
    """

    term: str
    meaning: str


def definitions(cohort: CohortScores) -> tuple[Definition, ...]:
    """Metrics, tolerance, and the rule for empty masks with the rows it was applied to."""
    return (
        Definition(
            "DSC",
            "Dice similarity coefficient, 2 |P ∩ R| / (|P| + |R|) of the voxels of prediction P "
            "and reference R.",
        ),
        Definition(
            "NSD",
            "Normalized surface Dice: the share of both surfaces' area that lies within the "
            "tolerance of the other surface, as DeepMind's surface-distance defines it (surface "
            "elements of 2 × 2 × 2 neighbourhoods with marching-cubes areas).",
        ),
        Definition("Tolerance", tolerance_text(cohort)),
        Definition(
            "HD95",
            "The greater of the two directed 95th percentiles of surface distance, weighted by "
            "area, in mm.",
        ),
        Definition(
            "ASSD",
            "Average symmetric surface distance, weighted by area over both surfaces, in mm.",
        ),
        *_centre_line_definitions(cohort),
        Definition("Volume difference", "Prediction minus reference, in ml."),
        Definition("Empty masks", _emptiness_text(cohort)),
        Definition("Volume and grid", _grid_text(cohort)),
        Definition("Averages", _averages_text(cohort)),
        Definition("Names of organs", _naming_text(cohort)),
    )


def _centre_line_definitions(cohort: CohortScores) -> tuple[Definition, ...]:
    if not cohort.thin_organs:
        return ()
    return (
        Definition(
            "clDice",
            "Centre-line Dice of thin structures: the harmonic mean of the share of the "
            "prediction's centre line that lies in the reference and of the reference's that lies "
            "in the prediction (Shit et al., CVPR 2021). A centre line is what scikit-image's "
            "skeletonize leaves, of a block that it thins to nothing the deepest voxel. Of "
            f"{', '.join(cohort.thin_organs)}.",
        ),
        Definition(
            "Centre-line distance",
            "Average symmetric distance of the two centre lines: the mean over the voxels of both "
            "of the distance to the next voxel of the other, in mm.",
        ),
    )


def tolerance_text(cohort: CohortScores) -> str:
    """Name of the tolerances, and the tolerance of each organ."""
    of_organ = {
        organ: next(iter(cohort.of_organ(organ).values())).tolerance_mm for organ in cohort.organs
    }
    if len(set(of_organ.values())) == 1:
        of_each = f"{next(iter(of_organ.values())):g} mm for all organs"
    else:
        of_each = ", ".join(f"{organ} {mm:g} mm" for organ, mm in of_organ.items())
    return f"{cohort.tolerances.name}: {of_each}."


def definitions_text(cohort: CohortScores) -> str:
    """All definitions as plain text, one a line, and what must be told of single cases."""
    lines = [f"{line.term}: {line.meaning}\n" for line in definitions(cohort)]
    return "".join([*lines, *(f"{case}: {notice}\n" for case, notice in cohort.notices)])


def _emptiness_text(cohort: CohortScores) -> str:
    rule = (
        "Where both masks are empty DSC and NSD are 1, where one is they are 0; distances are NaN. "
    )
    if cohort.thin_organs:
        rule = rule.replace("DSC and NSD", "DSC, NSD and clDice")
    rows = [
        f"{case.case} {score.organ.name} ({score.emptiness.value})"
        for case in cohort.cases
        for score in case.scores
        if score.emptiness is not Emptiness.NEITHER
    ]
    if not rows:
        return rule + "There is no such row here."
    return rule + f"{len(rows)} such row{'s' if len(rows) > 1 else ''}: {', '.join(rows)}."


def _grid_text(cohort: CohortScores) -> str:
    return (
        "A voxel's volume is the determinant of its affine, and distances are those in space, also "
        "where axes are not at right angles (gantry tilt). A file lies where its sform says, where "
        "that is set, else its qform. Predictions on another grid than their reference are "
        f"{cohort.rule}."
    )


def _averages_text(cohort: CohortScores) -> str:
    text = (
        f"AVG, STD (n − 1) and MEDIAN are over the {len(cohort.cases)} cases that were compared, "
        "rows with empty masks included; missing and failed cases count nowhere."
    )
    if cohort.unmatched:
        text += f" Not compared, known to one side alone: {', '.join(cohort.unmatched)}."
    if cohort.nowhere:
        text += f" Without scores, as no file has it: {', '.join(cohort.nowhere)}."
    return text


def _naming_text(cohort: CohortScores) -> str:
    return " ".join(cohort.naming) or "Both sides name their organs; these are matched by name."
