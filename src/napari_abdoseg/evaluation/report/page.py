"""`report.html`: everything on a cohort in one page that needs no other file."""

from __future__ import annotations

import math
import statistics
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.definitions import definitions, tolerance_text
from napari_abdoseg.evaluation.paired import PairedDifference
from napari_abdoseg.evaluation.report import box_plot, expected, picture, words
from napari_abdoseg.evaluation.report.box_plot import BoxPlot
from napari_abdoseg.evaluation.report.expected import expected_dsc
from napari_abdoseg.evaluation.report.heat import heat_map
from napari_abdoseg.evaluation.report.interval import interval_plot
from napari_abdoseg.evaluation.report.worst import WorstCase
from napari_abdoseg.evaluation.summary import organs_by_metric, summarize

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Comparison:
    """Another prediction of the same cases, and how this one differs from it.

    Parameters
    ----------
    other : CohortScores
    rows : tuple of PairedDifference
    """

    other: CohortScores
    rows: tuple[PairedDifference, ...]


def render_report(
    cohort: CohortScores,
    worst: Mapping[str, list[WorstCase]],
    comparison: Comparison | None = None,
) -> str:
    """The page as HTML; names are escaped, pictures are inside.

    Parameters
    ----------
    cohort : CohortScores
    worst : mapping of str to list of WorstCase
        By organ.
    comparison : Comparison, optional
    """
    page: str = (
        page_environment()
        .get_template("page.html.j2")
        .render(
            style=(HOME / "page.css").read_text(encoding="utf-8"),
            cohort=cohort,
            names=_names(cohort, comparison),
            tolerance=tolerance_text(cohort),
            definitions=definitions(cohort),
            summary=summarize(cohort),
            medians=_median_distances(cohort),
            colors=colors_of(cohort),
            plots=box_plots(cohort),
            nan=math.nan,
            layout=box_plot,
            heat=heat_map(cohort),
            expected=expected_dsc(cohort),
            expected_layout=expected,
            worst=worst,
            picture=picture,
            comparison=comparison,
            intervals=interval_plot(comparison.rows) if comparison else {},
            version=version("napari-abdoseg"),
        )
    )
    return page


def page_environment(*folders: Path) -> Any:
    """Jinja's environment of this folder's templates and those of others, which come first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([*folders, HOME]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        fixed=words.fixed,
        signed=words.signed,
        probability=words.probability,
        metric=words.metric,
        emptiness=words.emptiness,
        base64=lambda content: b64encode(content).decode(),
    )
    return environment


def _names(cohort: CohortScores, comparison: Comparison | None) -> dict[str, str]:
    pair = cohort.pairing.pairs[0]
    names = {"prediction": _folder(pair.prediction), "reference": _folder(pair.reference)}
    if comparison:
        names["other"] = _folder(comparison.other.pairing.pairs[0].prediction)
    return names


def _folder(path: Path) -> str:
    """A file's folder and the one above, to tell folders of one name apart."""
    return "/".join(path.absolute().parts[-3:-1])


def colors_of(cohort: CohortScores) -> dict[str, str]:
    """Colours of organs by name."""
    return {score.organ.name: score.organ.color for case in cohort.cases for score in case.scores}


def box_plots(cohort: CohortScores) -> dict[str, BoxPlot]:
    """A plot of every case by metric."""
    return {
        metric: _box_plot(cohort, metric, organs)
        for metric, organs in organs_by_metric(cohort).items()
    }


def _box_plot(cohort: CohortScores, metric: str, organs: Iterable[str]) -> BoxPlot:
    values = {
        organ: {case: getattr(score, metric.lower()) for case, score in of_organ.items()}
        for organ in organs
        if (of_organ := cohort.of_organ(organ))
    }
    return box_plot.box_plot(values, colors_of(cohort))


def _median_distances(cohort: CohortScores) -> dict[str, dict[str, Any]]:
    """Median distances and volume difference by organ, and how many cases there are."""
    medians = {}
    for organ in cohort.organs:
        scores = cohort.of_organ(organ).values()
        medians[organ] = {
            "n": len(scores),
            "hd95": _median(score.hd95_mm for score in scores),
            "centre_line": _median(score.centre_line_mm for score in scores),
            "volume": _median(score.volume_difference_ml for score in scores),
        }
    return medians


def _median(distances: Iterable[float]) -> float:
    """Of the cases that have one; NaN without any."""
    there = [distance for distance in distances if not math.isnan(distance)]
    return statistics.median(there) if there else math.nan
