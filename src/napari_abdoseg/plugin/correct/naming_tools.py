"""Tools that rename an organ, or add one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Text, Tool
from napari_abdoseg.plugin.organs.renaming import add_organ, free_name, rename_organ


@dataclass(frozen=True)
class NamingTool(Tool):
    """Asks for a name before it does what it does; there is nothing to preview."""

    def begin(self, bench: Bench) -> None:
        bench.say("Write a name, and press Enter.")

    def renew(self, bench: Bench) -> None:
        try:
            target = bench.target()
            name = free_name(target.scene, bench.values["name"] or "")
        except AbdosegError as error:
            bench.refuse(error)
            return
        bench.offer(self.promise(target, name), partial(self._do, bench, target, name))

    def promise(self, target: Target, name: str) -> str:
        """What would be done, in words."""
        raise NotImplementedError

    def do(self, target: Target, name: str) -> None:
        """Do it."""
        raise NotImplementedError

    def _do(self, bench: Bench, target: Target, name: str) -> None:
        self.do(target, name)
        bench.leave()


@dataclass(frozen=True)
class Rename(NamingTool):
    """Calls the chosen organ otherwise."""

    def promise(self, target: Target, name: str) -> str:
        return f"{target.name} becomes {name}."

    def do(self, target: Target, name: str) -> None:
        rename_organ(target.scene, target.value, name)


@dataclass(frozen=True)
class AddOrgan(NamingTool):
    """Adds an organ, and chooses it."""

    def promise(self, target: Target, name: str) -> str:
        return f"{name} comes to the list of organs."

    def do(self, target: Target, name: str) -> None:
        target.layer.selected_label = add_organ(target.scene, name).value


RENAME = Rename(
    "rename",
    "Rename",
    "Calls the organ otherwise",
    "rename",
    "Shift+R",
    (Text("name", "New name"),),
)
ADD_ORGAN = AddOrgan(
    "add organ",
    "Add organ",
    "Adds an organ to the label map, to be painted",
    "add_organ",
    "Shift+A",
    (Text("name", "Name"),),
)
