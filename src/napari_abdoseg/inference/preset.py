"""How much of an ensemble works on a scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from napari_abdoseg.errors import AbdosegError

Member = TypeVar("Member")


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
    """

    name: str
    description: str
    mirroring: bool
    first_fold_only: bool

    def used(self, members: tuple[Member, ...]) -> tuple[Member, ...]:
        """Those of an ensemble's members, or of their names, that work."""
        return members[:1] if self.first_fold_only else members


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("exact", "All folds and mirroring, as nnUNetv2_predict does.", True, False),
        Preset("fast", "The first fold alone, without mirroring.", False, True),
    )
}


def find_preset(name: str) -> Preset:
    """Preset of a name.

    Raises
    ------
    AbdosegError
        There is none of that name.
    """
    if name not in PRESETS:
        raise AbdosegError(f"{name!r} is no preset: choose {' or '.join(PRESETS)}.")
    return PRESETS[name]
