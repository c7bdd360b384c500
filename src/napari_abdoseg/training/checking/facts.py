"""What is measured of a case, to be compared with the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.training.checking.problem import Problem

Tissues = tuple[tuple[float, ...], ...]
"""Shares of tissues under a label, see `napari_abdoseg.training.checking.tissues`."""


@dataclass(frozen=True)
class OrganFacts:
    """An organ of a case.

    Parameters
    ----------
    volume_ml : float
    centre : tuple of float
        Its centroid in RAS+ mm.
    cut_off : bool
        It reaches an edge of the scan.
    """

    volume_ml: float
    centre: Triple
    cut_off: bool


@dataclass(frozen=True)
class ScanFacts:
    """The image of a case.

    Parameters
    ----------
    axis_codes : str
        Where its stored axes point to, such as ``"LPS"``.
    shape : tuple of int
        (z, y, x).
    spacing : tuple of float
        mm along (z, y, x).
    lowest, highest : float
        Values of the first channel.
    digest : str
        The same for the same voxels, however they are stored.
    """

    axis_codes: str
    shape: Shape
    spacing: Triple
    lowest: float
    highest: float
    digest: str


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case once its files were read.

    Parameters
    ----------
    case : str
    test : bool
    problems : tuple of Problem
        Those that can be told without other cases.
    scan : ScanFacts, optional
        None where an image can't be read.
    organs : mapping of int to OrganFacts
        By label value; those that are there.
    body : tuple of float, optional
        Centre of the body beside the organs, in RAS+ mm.
    label_digest : str
        As that of a scan; empty where there is no organ.
    picture : bytes
        JPEG; empty where there is none.
    tissues : mapping of int to tuple
        What lies under each label of a CT; see `measure_tissues`.
    """

    case: str
    test: bool
    problems: tuple[Problem, ...] = ()
    scan: ScanFacts | None = None
    organs: Mapping[int, OrganFacts] = field(default_factory=dict)
    body: Triple | None = None
    label_digest: str = ""
    picture: bytes = b""
    tissues: Mapping[int, Tissues] = field(default_factory=dict)
