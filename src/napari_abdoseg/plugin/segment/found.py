"""What comes of a segmentation in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from napari_abdoseg.batch.segment_case import CaseResult
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.result import Segmentation
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.logits.kept import KeptLogits


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a label map beside its voxels.

    Parameters
    ----------
    disagreement : Disagreement, optional
        Of the folds that found it.
    report : mapping, optional
        What was told of it elsewhere; see `napari_abdoseg.batch.case_report.case_report`.
    logits : KeptLogits, optional
    networks : callable, optional
        Gives the SHA-256 of the model and its folds.
    """

    disagreement: Disagreement | None = None
    report: Mapping[str, Any] | None = None
    logits: KeptLogits | None = None
    networks: Callable[[], str] | None = None


NOTHING = Known()


@dataclass(frozen=True, eq=False)
class Found:
    """Organs of a scan, and what is known of them.

    Parameters
    ----------
    labels : LabelMap
    known : Known, optional
    """

    labels: LabelMap
    known: Known = NOTHING

    @classmethod
    def here(cls, found: Segmentation) -> Self:
        """By this machine."""
        last = found.shares[-1]
        networks = partial(last.trained.sha256, last.folds)
        return cls(found.labels, Known(found.disagreement, None, found.logits, networks))

    @classmethod
    def elsewhere(cls, result: CaseResult) -> Self:
        """By a worker of a cluster."""
        logits = None if result.logits is None else result.logits.unpack()
        sha256 = str(result.report["models"][-1]["sha256"])
        return cls(result.labels, Known(None, result.report, logits, lambda: sha256))
