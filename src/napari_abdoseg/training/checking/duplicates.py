"""Cases that are the same, by their voxels and not by their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.problem import Kind, Problem


def duplicate_problems(facts: Sequence[CaseFacts]) -> Iterator[Problem]:
    """Images that occur twice, and label maps that belong to two images.

    Compared are values, in the order in which they lie in the patient: another type,
    compression or axis order hides nothing.
    """
    images: dict[str, CaseFacts] = {}
    labels: dict[str, CaseFacts] = {}
    for fact in facts:
        digest = fact.scan.digest if fact.scan else ""
        first = images.setdefault(digest, fact) if digest else fact
        if first is not fact:
            yield Problem(fact.case, Kind.DUPLICATE, _same_image(fact, first))
            continue
        first = labels.setdefault(fact.label_digest, fact) if fact.label_digest else fact
        if first is not fact:
            yield Problem(
                fact.case,
                Kind.DUPLICATE,
                f"It has the very labels of {_where(first)}, for another image: one of the two "
                "belongs to another case.",
            )


def _same_image(fact: CaseFacts, first: CaseFacts) -> str:
    if fact.test != first.test:
        danger = "the test tells nothing of a case that was trained on"
    elif fact.test:
        danger = "it counts twice"
    else:
        danger = "in cross-validation it is trained on and tested"
    return f"It is the same image as {_where(first)}: {danger}; remove one of them."


def _where(fact: CaseFacts) -> str:
    return f"{fact.case} ({'imagesTs' if fact.test else 'imagesTr'})"
