"""Organs, or pieces of them, on the side of the patient where they don't belong."""

from __future__ import annotations

from collections.abc import Iterator

from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.expected import LEFT, RIGHT, Expected
from napari_abdoseg.anatomy.plausibility.pieces import Pieces

BEYOND_MM = 15.0
"""A piece is on a side if its middle is so far from the patient's."""
LEAST_ML = 0.5
"""Smaller pieces are specks."""


def on_wrong_side(pieces: Pieces, expected: Expected, midline: float | None) -> Iterator[Doubt]:
    """Pieces of an organ that lie on the other side than it should; x points to the left.

    Of an organ that has one label for both sides, the smaller of two that lie on one side.

    Parameters
    ----------
    pieces : Pieces
    expected : Expected
    midline : float or None
        Voxel along x of the patient's middle; None where it isn't known.
    """
    if midline is None:
        return
    sides = {piece: _side(pieces, piece, midline) for piece in pieces.order}
    if expected.side is not None:
        # Pieces of what has no side in its name are told of as such.
        asked = pieces.order if expected.one_of_two else pieces.order[:1]
        for piece in asked:
            side = sides[piece]
            if side in (None, expected.side) or pieces.volumes_ml[piece] < LEAST_ML:
                continue
            whole = piece == pieces.order[0]
            what = "it" if whole else f"a piece of {pieces.volumes_ml[piece]:.1f} ml"
            yield _doubt(pieces, piece, f"{what} lies on the patient's {side}")
    main = pieces.main(expected)
    if expected.paired and len(main) == 2 and sides[main[0]] == sides[main[1]] is not None:
        yield _doubt(pieces, main[1], f"both lie on the patient's {sides[main[0]]}")


def _side(pieces: Pieces, piece: int, midline: float) -> str | None:
    beyond = (pieces.middle(piece)[2] - midline) * pieces.blocks.grid.spacing[2]
    if abs(beyond) <= BEYOND_MM:
        return None
    return LEFT if beyond > 0 else RIGHT


def _doubt(pieces: Pieces, piece: int, words: str) -> Doubt:
    return Doubt(
        Kind.SIDE,
        Certainty.CERTAIN,
        pieces.blocks.organ,
        pieces.voxel(piece),
        pieces.box(piece),
        float(pieces.volumes_ml[piece]),
        words,
    )
