"""One organ shown alone, and then again all that was shown before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Protocol


class Part(Protocol):
    """What can be shown of organs: masks, surfaces or boxes."""

    def state(self) -> dict[str, bool]:
        """Names that can be shown, and whether they are."""

    def show(self, shown: Mapping[str, bool]) -> None:
        """Show or hide by name."""


class Isolation:
    """Hides all but one organ, until it is asked to stop.

    Parameters
    ----------
    parts : sequence of Part
        An organ of which none is shown gets the first.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.name = ""
        self._parts = parts
        self._before: list[dict[str, bool]] = []

    def start(self, name: str, with_names: Set[str] = frozenset()) -> None:
        """Show one organ alone, and ``with_names`` such as its sides as far as they are shown."""
        self.stop()
        self._before = [part.state() for part in self._parts]
        self.name, names = name, {name, *with_names}
        for place, (part, before) in enumerate(zip(self._parts, self._before)):
            alone = {each: on and each in names for each, on in before.items()}
            if place == 0 and not self._any_shown(names):
                alone[name] = True
            part.show(alone)

    def stop(self) -> None:
        """Show again what was shown before."""
        for part, before in zip(self._parts, self._before):
            part.show(before)
        self.forget()

    def forget(self) -> None:
        """Leave all as it is now."""
        self.name, self._before = "", []

    def _any_shown(self, names: Set[str]) -> bool:
        return any(on and name in names for before in self._before for name, on in before.items())
