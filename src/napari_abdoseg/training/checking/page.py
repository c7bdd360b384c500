"""`check.html`: pictures and problems of all cases in one page that needs no other file."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from napari_abdoseg.evaluation.report import page as report
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.training.checking.check import Check
from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.problem import WHOLE, Problem

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Card:
    """A case as the page shows it.

    Parameters
    ----------
    fact : CaseFacts
    problems : tuple of Problem
    """

    fact: CaseFacts
    problems: tuple[Problem, ...]

    @property
    def weight(self) -> tuple[int, int, str]:
        """Sorts cases with errors before those with warnings, and these before the rest."""
        errors = sum(problem.ruins for problem in self.problems)
        return -errors, -len(self.problems), self.fact.case


@dataclass(frozen=True)
class OrganRow:
    """An organ in the cohort; volumes in ml, None where no case has it."""

    organ: Organ
    cases: int
    least: float | None
    median: float | None
    greatest: float | None


def render_page(check: Check) -> str:
    """The page as HTML; names are escaped, pictures are inside."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HOME),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda content: b64encode(content).decode()
    cards = [Card(fact, check.of_case(fact.case)) for fact in check.facts]
    page: str = environment.get_template("page.html.j2").render(
        style=(report.HOME / "page.css").read_text(encoding="utf-8")
        + (HOME / "page.css").read_text(encoding="utf-8"),
        check=check,
        whole=check.of_case(WHOLE),
        cards=sorted(cards, key=lambda card: card.weight),
        errors=sum(problem.ruins for problem in check.problems),
        warnings=sum(not problem.ruins for problem in check.problems),
        training=sum(not fact.test for fact in check.facts),
        organs=[_row(organ, check) for organ in check.dataset.organs],
        version=version("napari-abdoseg"),
    )
    return page


def _row(organ: Organ, check: Check) -> OrganRow:
    import numpy as np

    volumes = [
        fact.organs[organ.value].volume_ml for fact in check.facts if organ.value in fact.organs
    ]
    if not volumes:
        return OrganRow(organ, 0, None, None, None)
    return OrganRow(organ, len(volumes), min(volumes), float(np.median(volumes)), max(volumes))
