"""Where a NIfTI header says that its volume lies: by its qform, by its sform, or nowhere.

The sform comes first where its code says that it is set, then the qform, as in nibabel;
one that gives voxels no place is passed over, as ITK does. Which of two is right where they
disagree, no header tells.

Cox, R. W. et al. (2004). A (sort of) new image data format standard: NIfTI-1. NeuroImage, 22.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid, Shape, Triple, is_flat

VOXEL_SHARE = 0.1
"""How far voxels may lie apart and still count as in one place, in voxels."""

MOST_PARTS = 1e-2
"""What part of a voxel's size two statements of it may differ by."""

_MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}


@dataclass(frozen=True, eq=False)
class Forms:
    """What a header says of the place of a volume.

    Parameters
    ----------
    qform, sform : Grid or None
        Where each places it; None where it is not set, or gives voxels no place.
    unset : Grid or None
        Where it lies if neither is set; None if one is, or its voxels have no size.
    size : tuple of float
        Of a voxel in mm along the stored axes, as the header states it.
    broken : tuple of str
        Which of ``"qform"`` and ``"sform"`` are set and give voxels no place.
    """

    qform: Grid | None
    sform: Grid | None
    unset: Grid | None
    size: Triple
    broken: tuple[str, ...] = ()

    @classmethod
    def of(cls, header: Any, shape: Shape) -> Forms:
        """Forms of a header as nibabel has it, unchecked, and of a volume of a stored shape."""
        fields = header.copy()
        mm = mm_per_unit(fields)
        i, j, k = (float(size) * mm for size in fields["pixdim"][1:4])
        fields["pixdim"][0] = -1 if fields["pixdim"][0] < 0 else 1
        fields["pixdim"][1:4] = np.abs(fields["pixdim"][1:4])
        forms: dict[str, Grid | None] = {"qform": None, "sform": None}
        broken = []
        for name in forms:
            if fields[f"{name}_code"]:
                forms[name] = _grid(getattr(fields, f"get_{name}"), mm, shape)
                broken += [name] if forms[name] is None else []
        is_set = broken or any(forms.values())
        unset = None if is_set else _grid(fields.get_base_affine, mm, shape)
        return cls(forms["qform"], forms["sform"], unset, (i, j, k), tuple(broken))

    @property
    def chosen(self) -> Grid | None:
        """Where the volume is taken to lie; None if it has no place."""
        return self.sform or self.qform or self.unset

    @property
    def has_size(self) -> bool:
        """Whether the size of a voxel can be one."""
        return min(self.size) > 0 and bool(np.isfinite(self.size).all())

    @property
    def doubt(self) -> str:
        """Why the volume may lie elsewhere than `chosen` says, for the user; empty if it can't."""
        if self.unset:
            return "Its header gives no orientation; left and right may be swapped."
        if self.qform and self.sform and not lie_together(self.qform, self.sform):
            return (
                "Its qform and sform disagree; the sform is used. "
                f"The qform says {_spoken_place(self.qform)}, "
                f"the sform {_spoken_place(self.sform)}{self._turn()}."
            )
        return ""

    @property
    def notices(self) -> tuple[str, ...]:
        """All that a user should know of the place."""
        notices = [self.doubt] if self.doubt else []
        if self.chosen is None:
            return tuple(notices)
        used = "sform" if self.sform else "qform"
        notices += [
            f"Its {broken} gives its voxels no place; the {used} is used."
            for broken in self.broken
            if self.has_size or broken == "sform"
        ]
        if not self.has_size:
            sizes = spoken(self.chosen.stored_spacing)
            notices.append(
                f"Its header gives voxels of {spoken(self.size)} mm, which can't be; "
                f"they are taken to be of {sizes} mm."
            )
        elif self.sform and not self.doubt and not self._size_agrees():
            notices.append("Its voxel size and sform disagree; the sform is used.")
        return tuple(notices)

    def _size_agrees(self) -> bool:
        return self.sform is not None and np.allclose(
            self.sform.stored_spacing, self.size, rtol=MOST_PARTS
        )

    def _turn(self) -> str:
        """How far the two are turned against each other, where nothing else tells them apart."""
        if not self.qform or not self.sform:
            return ""
        if _spoken_place(self.qform) != _spoken_place(self.sform):
            return ""
        ways = [form.affine[:3, :3] / form.stored_spacing for form in (self.qform, self.sform)]
        cosine = np.clip(np.prod(ways, axis=0).sum(axis=0).min(), -1, 1)
        return f", turned by {np.degrees(np.arccos(cosine)):.1f}°"


def mm_per_unit(header: Any) -> float:
    """What the lengths in a header are to be multiplied by."""
    return _MM_PER_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)


def lie_together(one: Grid, other: Grid) -> bool:
    """Whether each voxel lies at about the same place."""
    return one.matches(other, VOXEL_SHARE * min(other.spacing))


def spoken(numbers: Iterable[float]) -> str:
    """Numbers in words, such as ``"0.8 × 0.8 × 3"``."""
    return " × ".join(f"{number:.4g}" for number in numbers)


def _spoken_place(grid: Grid) -> str:
    first = ", ".join(f"{place:.4g}" for place in grid.affine[:3, 3])
    return f"{grid.axis_codes}, {spoken(grid.stored_spacing)} mm, first voxel at ({first}) mm"


def _grid(affine: Any, mm: float, shape: Shape) -> Grid | None:
    """Grid of what nibabel gives; None where that is no place."""
    try:
        with np.errstate(invalid="ignore"):
            scaled: NDArray[np.float64] = np.array(affine(), dtype=np.float64)
    except (HeaderDataError, ValueError):
        return None
    scaled[:3] *= mm
    if not np.isfinite(scaled).all() or is_flat(scaled):
        return None
    return Grid(shape, scaled)
