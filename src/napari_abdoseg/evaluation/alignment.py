"""Predictions on the grid of their reference."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
from scipy import ndimage

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.forms import lie_together, spoken
from napari_abdoseg.image.nifti.header import forms_of
from napari_abdoseg.image.volume import LabelMap


class GridRule(StrEnum):
    """What becomes of a prediction that is not on the grid of its reference."""

    REFUSE = "refused"
    RESAMPLE = "resampled by nearest neighbour"
    ASSUME = "taken to lie on the grid of the reference, whatever its header says"

    @classmethod
    def of(cls, resample: bool, assume_same_grid: bool) -> GridRule:
        """The rule that a user asks for.

        Raises
        ------
        AbdosegError
            Both are asked for.
        """
        if resample and assume_same_grid:
            raise AbdosegError(
                "--resample goes by what the files say of their place, --assume-same-grid does "
                "not: leave one of them out."
            )
        if resample:
            return cls.RESAMPLE
        return cls.ASSUME if assume_same_grid else cls.REFUSE


def align(prediction: LabelMap, reference: LabelMap, rule: GridRule = GridRule.REFUSE) -> LabelMap:
    """The prediction on the reference's grid.

    Parameters
    ----------
    prediction, reference : LabelMap
        Label values of shape (z, y, x).
    rule : GridRule, optional
        For a prediction on another grid. Resampling takes the nearest voxel by the affines of
        both, and background outside of it.

    Raises
    ------
    ImageError
        The grids differ and the rule is to refuse that; or it is to resample, and the header
        of one does not tell for certain where its voxels lie; or it is to assume one grid, and
        the shapes differ.
    """
    fault = grid_difference(prediction.grid, reference.grid)
    if not fault:
        return replace(prediction, grid=reference.grid)
    if rule is GridRule.ASSUME:
        return _as_stored(prediction, reference)
    doubts = place_doubts(prediction, reference)
    if rule is GridRule.REFUSE or doubts:
        raise ImageError(
            f"{prediction.path or 'The prediction'} is not on the grid of "
            f"{reference.path or 'its reference'}: {fault}. "
            + (_advice_in_doubt(prediction, reference, doubts) if doubts else _ADVICE)
        )
    to_prediction = np.linalg.inv(prediction.grid.screen_affine) @ reference.grid.screen_affine
    data = ndimage.affine_transform(
        prediction.data,
        to_prediction,
        output_shape=reference.grid.shape,
        order=0,
        mode="grid-constant",
    )
    return replace(prediction, data=data, grid=reference.grid)


_ADVICE = (
    "Save it on the grid of its scan, or have predictions resampled (abdoseg evaluate --resample)."
)
_SAME_GRID = "abdoseg evaluate --assume-same-grid"


def alignment_notices(prediction: LabelMap, reference: LabelMap, rule: GridRule) -> tuple[str, ...]:
    """What must be told of two label maps that `align` has brought to one grid."""
    notices = place_doubts(prediction, reference)
    if fault := grid_difference(prediction.grid, reference.grid):
        title = prediction.path or "The prediction"
        notices += (f"{title} is on another grid than its reference: {fault}. It was {rule}.",)
    return notices


def place_doubts(*label_maps: LabelMap) -> tuple[str, ...]:
    """Sentences on label maps whose header does not tell for certain where they lie."""
    told = ((labels.path, forms_of(labels.grid)) for labels in label_maps)
    return tuple(
        f"{path or 'A label map'}: {_begun_small(forms.doubt)}"
        for path, forms in told
        if forms and forms.doubt
    )


def grid_difference(one: Grid, other: Grid) -> str:
    """How two grids differ in the order in which they are stored, in words."""
    if one.axis_codes != other.axis_codes:
        return f"it is mirrored or turned, its axes point to {one.axis_codes}, not to " + (
            other.axis_codes
        )
    if one.stored_shape != other.stored_shape:
        return f"its shape is {spoken(one.stored_shape)}, not {spoken(other.stored_shape)}"
    if lie_together(one, other):
        return ""
    if not np.allclose(one.stored_spacing, other.stored_spacing, rtol=1e-3):
        return f"its spacing is {spoken(one.stored_spacing)} mm, " + (
            f"not {spoken(other.stored_spacing)} mm"
        )
    shift = np.linalg.norm(one.affine[:3, 3] - other.affine[:3, 3])
    return f"its affine is shifted by {shift:.4g} mm or turned"


def _as_stored(prediction: LabelMap, reference: LabelMap) -> LabelMap:
    """The prediction's voxels in the order of its file as those of the reference in its own."""
    if prediction.grid.stored_shape != reference.grid.stored_shape:
        raise ImageError(
            f"{prediction.path or 'The prediction'} has the shape "
            f"{spoken(prediction.grid.stored_shape)}, {reference.path or 'its reference'} "
            f"{spoken(reference.grid.stored_shape)}: they can't be taken to have one grid. Leave "
            "--assume-same-grid out."
        )
    stored = prediction.grid.to_stored(prediction.data)
    return replace(prediction, data=reference.grid.to_screen(stored), grid=reference.grid)


def _advice_in_doubt(prediction: LabelMap, reference: LabelMap, doubts: tuple[str, ...]) -> str:
    said = " ".join(doubts)
    if prediction.grid.stored_shape != reference.grid.stored_shape:
        return f"{said} It is not resampled by a place in doubt: correct the header first."
    fits = "By its other form it would be. " if _fits_otherwise(prediction, reference) else ""
    return (
        f"{said} {fits}It is not resampled by a place in doubt: correct the header, or, where "
        f"both are known to be of one scan, compare voxel by voxel ({_SAME_GRID})."
    )


def _fits_otherwise(prediction: LabelMap, reference: LabelMap) -> bool:
    """Whether the two are on one grid by the forms that were not chosen."""
    ones, others = (_possible_grids(labels.grid) for labels in (prediction, reference))
    return any(not grid_difference(one, other) for one in ones for other in others)


def _possible_grids(grid: Grid) -> list[Grid]:
    forms = forms_of(grid)
    return [grid] if forms is None else [form for form in (forms.qform, forms.sform) if form]


def _begun_small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
