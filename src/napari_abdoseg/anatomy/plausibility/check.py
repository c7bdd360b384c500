"""All that seems wrong in a label map, the surest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.hounsfield import seems_hounsfield
from napari_abdoseg.anatomy.measure import require_same_shape
from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.plausibility.cuts import cuts_of
from napari_abdoseg.anatomy.plausibility.density import out_of_range
from napari_abdoseg.anatomy.plausibility.doubt import Doubt
from napari_abdoseg.anatomy.plausibility.expected import expected_of, is_inner
from napari_abdoseg.anatomy.plausibility.holes import holes_in
from napari_abdoseg.anatomy.plausibility.midline import midline_of_organs, midline_of_scan
from napari_abdoseg.anatomy.plausibility.organ_blocks import OrganBlocks
from napari_abdoseg.anatomy.plausibility.outside_body import outside_body
from napari_abdoseg.anatomy.plausibility.pieces import Pieces, pieces_apart
from napari_abdoseg.anatomy.plausibility.wrong_side import on_wrong_side
from napari_abdoseg.image.volume import LabelMap, Volume

SAME_VOLUME = 3.0
"""How many times larger what is told of one place may be."""


def check_plausibility(labels: LabelMap, volume: Volume | None = None) -> tuple[Doubt, ...]:
    """Look for places that no healthy abdomen explains.

    Parameters
    ----------
    labels : LabelMap
        Organs are known by their names; of labels without names little can be told.
    volume : Volume, optional
        The scan on the same grid. Without it nothing is said of HU and of what lies outside
        the body, and less is sure.

    Returns
    -------
    tuple of Doubt
        The surest first, of these the largest. One place of an organ is told of once.

    Raises
    ------
    ImageError
        The shapes of labels and scan differ.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.anatomy.plausibility.check import check_plausibility
    >>> volume, labels = make_phantom(1, (6.0, 5.0, 5.0))
    >>> check_plausibility(labels, volume)
    ()
    >>> data = labels.data.copy()
    >>> data[2:6, 2:6, 2:6] = 1
    >>> (doubt,) = check_plausibility(replace(labels, data=data), volume)
    >>> doubt.organ.name, str(doubt.kind), doubt.certainty.word
    ('liver', 'outside the body', 'certain')
    """
    require_same_shape(labels, volume)
    if volume is not None and not seems_hounsfield(volume):
        volume = None
    doubts = _once(_all(labels, volume))
    return tuple(sorted(doubts, key=lambda each: (-each.certainty, -each.volume_ml)))


def _all(labels: LabelMap, volume: Volume | None) -> Iterator[Doubt]:
    scan = None if volume is None else CoarseScan.of(volume)
    if scan is not None:
        yield from outside_body(labels, scan)
    midline = midline_of_scan(scan)
    if midline is None:
        midline = midline_of_organs(labels)
    boxes = bounding_boxes(labels)
    inner = [organ for organ in boxes if is_inner(organ.name)]
    for organ, box in boxes.items():
        blocks = OrganBlocks.of(organ, box, labels)
        expected = expected_of(organ.name)
        pieces = Pieces.of(blocks, [other for other in inner if other != organ])
        yield from on_wrong_side(pieces, expected, midline)
        if volume is not None:
            yield from out_of_range(blocks, expected, volume)
        yield from pieces_apart(pieces, expected)
        yield from holes_in(blocks, expected, volume)
        yield from cuts_of(blocks, expected, volume)


def _once(doubts: Iterable[Doubt]) -> list[Doubt]:
    """Doubts without those that are of the same place of an organ as an earlier one."""
    kept: list[Doubt] = []
    for doubt in doubts:
        if not any(_is_same_place(earlier, doubt) for earlier in kept):
            kept.append(doubt)
    return kept


def _is_same_place(one: Doubt, other: Doubt) -> bool:
    ratio = one.volume_ml / other.volume_ml
    return (
        one.organ == other.organ
        and one.box.holds(other.voxel)
        and 1 / SAME_VOLUME < ratio < SAME_VOLUME
    )
