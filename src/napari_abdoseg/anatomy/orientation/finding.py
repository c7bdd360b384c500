"""Whether what a scan shows lies as its header says, from all that is seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_abdoseg.anatomy.orientation.cue import (
    FRONT_BACK,
    HEAD_FOOT,
    LEFT_RIGHT,
    Cue,
)

ALARM = 3.0
"""Evidence against the header, as a logarithm of odds: 20 to 1."""
MOST_TOLD = 3
"""Things seen that are told for an axis."""
AXIS_NAMES = {LEFT_RIGHT: "left-right", FRONT_BACK: "front-back", HEAD_FOOT: "head-foot"}
"""In the order in which they are told."""
ENDS = {
    LEFT_RIGHT: "the patient's right is where the file says left, or there is situs inversus",
    FRONT_BACK: "the patient's front is where the file says back",
    HEAD_FOOT: "the patient's head is where the file says feet",
}


@dataclass(frozen=True)
class Orientation:
    """What is seen of how a scan's content lies.

    Parameters
    ----------
    cues : tuple of Cue
    """

    cues: tuple[Cue, ...] = ()

    def evidence(self, axis: int) -> float:
        """Logarithm of the odds that an axis of (z, y, x) runs as the header says."""
        return sum(cue.evidence for cue in self.cues if cue.axis == axis)

    def confidence(self, axis: int) -> float:
        """Probability that what seems so is so, where both ways were as likely at first."""
        return float(1 / (1 + np.exp(-abs(self.evidence(axis)))))

    @property
    def swapped(self) -> tuple[int, ...]:
        """Axes of (z, y, x) along which the content lies the other way round."""
        return tuple(axis for axis in AXIS_NAMES if self.evidence(axis) <= -ALARM)

    @property
    def axes(self) -> str:
        """These axes in words, such as ``"left-right, front-back"``; empty where all is well."""
        return ", ".join(AXIS_NAMES[axis] for axis in self.swapped)

    def against(self, axis: int) -> tuple[Cue, ...]:
        """What speaks against the header, the plainest first."""
        cues = (cue for cue in self.cues if cue.axis == axis and cue.evidence < 0)
        return tuple(sorted(cues, key=lambda cue: cue.evidence))

    @property
    def alarm(self) -> str:
        """What the user must be told; empty where all is well, or too little is seen."""
        if not self.swapped:
            return ""
        found = "; ".join(
            f"{ENDS[axis]} ({', '.join(cue.seen for cue in self.against(axis)[:MOST_TOLD])})"
            for axis in self.swapped
        )
        return (
            f"The scan seems {self._how}: {found}. Look at it before you trust its masks, and "
            "convert it again from DICOM."
        )

    @property
    def _how(self) -> str:
        """Two axes the other way are a turn, one and three are a mirror image."""
        doubtful = any(abs(self.evidence(axis)) < ALARM for axis in AXIS_NAMES)
        if doubtful:
            return "mirrored or turned"
        return "turned by 180°" if len(self.swapped) == 2 else "mirrored"
