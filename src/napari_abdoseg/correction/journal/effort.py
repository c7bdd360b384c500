"""How much work corrections were: minutes, strokes and slices of each organ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from napari_abdoseg.anatomy.tally import Edit

LONGEST_PAUSE = 60.0
"""Seconds between two strokes; after longer ones somebody did something else."""


@dataclass(frozen=True)
class OrganEffort:
    """Work on an organ.

    Parameters
    ----------
    seconds : float
    strokes : dict of str to int
        By tool.
    slices : frozenset of int
        Along z, in which a voxel was changed.
    """

    seconds: float = 0.0
    strokes: dict[str, int] = field(default_factory=dict)
    slices: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Effort:
    """Work on a label map.

    Parameters
    ----------
    organs : dict of int to OrganEffort
        By value.
    last : float or None
        When the last stroke was, in seconds of the system's clock.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.journal.effort import Effort
    >>> where = tuple(np.array([1]) for _ in range(3))
    >>> stroke = [Edit(where, np.array([0]), np.array([4]))]
    >>> effort = Effort().after(0.0, "brush", stroke).after(20.0, "brush", stroke)
    >>> effort.after(500.0, "", stroke).organs[4]
    OrganEffort(seconds=20.0, strokes={'brush': 2}, slices=frozenset({1}))
    """

    organs: dict[int, OrganEffort] = field(default_factory=dict)
    last: float | None = None

    def after(self, when: float, tool: str, edits: Iterable[Edit]) -> Self:
        """After a stroke, or its undoing, which has no tool.

        The time since the one before is shared by the organs that it changed, unless it was a
        pause, or the clock was set meanwhile.
        """
        touched = _touched(edits)
        since = 0.0 if self.last is None else when - self.last
        seconds = since if 0 < since <= LONGEST_PAUSE else 0.0
        organs = dict(self.organs)
        for value, slices in touched.items():
            before = organs.get(value, OrganEffort())
            strokes = dict(before.strokes)
            if tool:
                strokes[tool] = strokes.get(tool, 0) + 1
            spent = before.seconds + seconds / len(touched)
            organs[value] = OrganEffort(spent, strokes, before.slices | slices)
        return type(self)(organs, when)

    @property
    def told(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        organs = {
            str(value): {
                "seconds": round(organ.seconds, 1),
                "strokes": organ.strokes,
                "slices": sorted(organ.slices),
            }
            for value, organ in self.organs.items()
        }
        return {"organs": organs, "last": self.last}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """What `told` has told.

        Raises
        ------
        KeyError, TypeError, ValueError, AttributeError
            It is something else.
        """
        last = told["last"]
        organs = {int(value): organ_effort(organ) for value, organ in told["organs"].items()}
        return cls(organs, None if last is None else float(last))


def organ_effort(told: Mapping[str, Any]) -> OrganEffort:
    """Work on an organ as JSON has it.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        It has something else.
    """
    strokes = {str(tool): int(number) for tool, number in told["strokes"].items()}
    return OrganEffort(float(told["seconds"]), strokes, frozenset(map(int, told["slices"])))


def _touched(edits: Iterable[Edit]) -> dict[int, frozenset[int]]:
    """Organs that edits give voxels or take some from, with the slices of these."""
    found: dict[int, frozenset[int]] = {}
    for edit in edits:
        z = np.asarray(edit.where[0])
        for values in (edit.before, edit.after):
            for value in np.unique(values).tolist():
                if value:
                    slices = frozenset(np.unique(z[values == value]).tolist())
                    found[value] = found.get(value, frozenset()) | slices
    return found
