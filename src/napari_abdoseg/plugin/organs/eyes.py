"""One eye an organ, for its mask, its surface and its box together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_abdoseg.plugin.organs.isolate import Part


class Eyes:
    """Hides all parts of organs, and shows those again that were shown before.

    Parameters
    ----------
    parts : sequence of Part
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._before: dict[str, list[bool]] = {}

    def state(self) -> dict[str, bool]:
        """Names of organs, and whether any part of them is shown."""
        states = [part.state() for part in self._parts]
        names = dict.fromkeys(name for state in states for name in state)
        return {name: any(state.get(name) for state in states) for name in names}

    def show(self, shown: Mapping[str, bool]) -> None:
        """Show what was shown of organs before, all of those of which nothing was, or hide it."""
        states, seen = [part.state() for part in self._parts], self.state()
        changing = [name for name, on in shown.items() if on != seen.get(name, on)]
        for name in changing:
            if not shown[name]:
                self._before[name] = [state.get(name, False) for state in states]
        all_parts = [True] * len(self._parts)
        for place, (part, state) in enumerate(zip(self._parts, states)):
            part.show(
                {
                    name: shown[name] and self._before.get(name, all_parts)[place]
                    for name in changing
                    if name in state
                }
            )
