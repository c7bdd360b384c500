"""How much of an ensemble works on a scan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from napari_abdoseg.errors import AbdosegError

if TYPE_CHECKING:
    from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration

Member = TypeVar("Member")


class Arithmetic(Enum):
    """How a CPU convolves; a GPU works in half precision always."""

    SAME = "as nnU-Net does"
    FEWER = "by fewer multiplications, where that is faster"
    ROUGH = "in bfloat16 if it has that, else by fewer multiplications"


@dataclass(frozen=True)
class Preset:
    """A named trade between time and certainty.

    Parameters
    ----------
    name : str
    description : str
        A sentence for the user.
    mirroring : bool
        Test-time augmentation over the axes that the checkpoint allows.
    first_fold_only : bool
        Leave out all members of the ensemble but the first.
    arithmetic : Arithmetic
        On a CPU. Where folds disagree, bfloat16 alone changes organs by more than 0.001 DSC.
    where_organs_are : bool
        Let the first fold find the organs' region, and work there until nothing changes.
    """

    name: str
    description: str
    mirroring: bool
    first_fold_only: bool
    arithmetic: Arithmetic
    where_organs_are: bool = False

    def used(self, members: tuple[Member, ...]) -> tuple[Member, ...]:
        """Those of an ensemble's members, or of their names, that work."""
        return members[:1] if self.first_fold_only else members

    def count_members(self, trained: TrainedConfiguration) -> int:
        """Folds that work, times the mirrorings of each."""
        folds = self.used(trained.members)
        return len(folds) * (2 ** len(folds[0].mirror_axes) if self.mirroring else 1)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "balanced",
            "All folds and mirroring, where the organs are, until their masks no longer change.",
            mirroring=True,
            first_fold_only=False,
            arithmetic=Arithmetic.FEWER,
            where_organs_are=True,
        ),
        Preset(
            "exact",
            "All folds and mirroring, as nnUNetv2_predict does.",
            mirroring=True,
            first_fold_only=False,
            arithmetic=Arithmetic.SAME,
        ),
        Preset(
            "fast",
            "The first fold alone, without mirroring.",
            mirroring=False,
            first_fold_only=True,
            arithmetic=Arithmetic.ROUGH,
        ),
    )
}


DEFAULT = "balanced"


def find_preset(name: str) -> Preset:
    """Preset of a name.

    Raises
    ------
    AbdosegError
        There is none of that name.

    Examples
    --------
    >>> from napari_abdoseg.inference.preset import find_preset
    >>> find_preset("fast").description
    'The first fold alone, without mirroring.'
    """
    if name not in PRESETS:
        raise AbdosegError(f"{name!r} is no preset: choose {', '.join(PRESETS)}.")
    return PRESETS[name]
