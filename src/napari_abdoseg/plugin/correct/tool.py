"""What a tool is: a button of the tool bar, its settings, and what it does when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.question import Work, nothing


@dataclass(frozen=True)
class Amount:
    """A setting that is a number, such as a distance in mm."""

    name: str
    label: str
    value: float
    least: float
    most: float
    step: float
    unit: str

    @property
    def at_first(self) -> float:
        """What it is before anything is chosen."""
        return self.value

    def told(self, values: Mapping[str, Any]) -> str:
        """What it is now, such as ``"Reach 12 mm"``."""
        return f"{self.label} {values[self.name]:.0f} {self.unit}"


@dataclass(frozen=True)
class Choice:
    """A setting of which one of a few is chosen; the first at the start."""

    name: str
    label: str
    choices: tuple[str, ...]

    @property
    def at_first(self) -> str:
        """What it is before anything is chosen."""
        return self.choices[0]


@dataclass(frozen=True)
class Text:
    """A setting that is written, such as a name; None as long as nothing is."""

    name: str
    label: str


@dataclass(frozen=True)
class Switch:
    """A setting that is on or off; off at the start."""

    name: str
    label: str
    at_first: bool = False


@dataclass(frozen=True)
class HuChoice:
    """A setting that is a range of HU, None for all: one of `HU_PRESETS`, or the user's own."""

    name: str
    label: str
    at_first: None = None


@dataclass(frozen=True)
class OtherOrgan:
    """A setting that is another organ of the label map: its label, None for no organ."""

    name: str
    label: str


@dataclass(frozen=True)
class EachPart:
    """A setting that gives each part of the organ to an organ: see `Gifts`."""

    name: str
    label: str


@dataclass(frozen=True)
class OtherLayer:
    """A setting that is another label map: its Labels layer, None for no layer."""

    name: str
    label: str


@dataclass(frozen=True)
class Action:
    """A button among the settings, and a key, as Qt writes it, if it has one."""

    name: str
    label: str
    words: str
    act: Callable[[Bench], None]
    key: str = ""


@dataclass(frozen=True)
class EachPlace:
    """No setting: how far a lesson is, and buttons for its places."""

    name: str
    label: str = ""


Setting = (
    Amount
    | Choice
    | Switch
    | HuChoice
    | Text
    | OtherOrgan
    | EachPart
    | OtherLayer
    | Action
    | EachPlace
)


@dataclass(frozen=True)
class Tool:
    """A button of the tool bar.

    Parameters
    ----------
    name : str
        Such as ``"fill holes"``: in the history, the journal and what is saved with the labels.
    title : str
        What its settings are headed by.
    tip : str
        What it does, in a sentence.
    icon : str
        Name of a file in ``icons/``.
    key : str
        As Qt writes it, such as ``"H"``; it works while a label map is selected.
    settings : tuple of Setting, optional
    """

    name: str
    title: str
    tip: str
    icon: str
    key: str
    settings: tuple[Setting, ...] = ()

    def values_after(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as they were left before; names, organs and layers are chosen anew."""
        values: dict[str, Any] = {}
        for setting in self.settings:
            if isinstance(setting, Text | OtherOrgan | OtherLayer):
                values[setting.name] = None
            elif isinstance(setting, EachPart):
                values[setting.name] = {}
            elif not isinstance(setting, Action | EachPlace):
                values[setting.name] = before.get(setting.name, setting.at_first)
        return values

    def begin(self, bench: Bench) -> None:
        """The tool was chosen."""

    def renew(self, bench: Bench) -> None:
        """Another organ was chosen, or a setting; or the label map was edited."""

    def taken(self, bench: Bench) -> None:
        """What the tool has proposed is in the label map now."""
        bench.leave()

    def end(self, bench: Bench) -> None:
        """The tool is put away."""


@dataclass(frozen=True)
class OrganTool(Tool):
    """Changes a whole organ: what it would do is seen as soon as it is chosen.

    Parameters
    ----------
    work : callable
        Gives the edit; see `Work`.
    """

    work: Work = nothing

    def begin(self, bench: Bench) -> None:
        bench.ask(self.work)

    def renew(self, bench: Bench) -> None:
        bench.ask(self.work)


@dataclass(frozen=True)
class PlaceTool(Tool):
    """Changes what is clicked, in whichever panel: what it would do is seen after the click.

    Parameters
    ----------
    hint : str
        What to click on.
    work : callable
        Gives the edit of a question that has a place; see `Work`.
    """

    hint: str = ""
    work: Work = nothing

    def begin(self, bench: Bench) -> None:
        bench.say(self.hint)
        bench.follow_clicks(lambda place: bench.ask(self.work, place))

    def renew(self, bench: Bench) -> None:
        if bench.place is None:
            bench.say(self.hint)
        else:
            bench.ask(self.work, bench.place)

    def taken(self, bench: Bench) -> None:
        """Wait for the next click."""
        bench.follow_again()
        bench.say(self.hint)

    def end(self, bench: Bench) -> None:
        bench.follow_clicks(None)
