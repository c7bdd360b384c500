"""Keys of our commands, known to napari: its Preferences list them, and let users change them.

A command of the manifest is an action of napari's action manager by the same name. Its key is
the user's, if there is one among napari's settings, and else ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app_model.types import KeyBinding
from napari import current_viewer
from napari.components import ViewerModel
from napari.layers import Labels
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut
from napari.utils.key_bindings import coerce_keybinding
from npe2 import PluginManager
from qtpy.QtGui import QKeySequence

PLUGIN = "napari-abdoseg"
NUMBERS = tuple("123456789")
"""Keys that choose organs where a label map is, and no tool of napari's."""


@dataclass(frozen=True)
class Command:
    """A command that has a key, or may get one.

    Parameters
    ----------
    name : str
        Of the manifest's command, without that of the plugin.
    words : str
        What it does, as the Preferences and the sheet of keys say.
    key : str
        As napari writes it, such as ``"Shift+N"``; empty for none.
    of_labels : bool, optional
        Its key is for a label map that is selected; else it is for any layer.
    """

    name: str
    words: str
    key: str = ""
    of_labels: bool = False

    @property
    def action(self) -> str:
        """Its name in napari's action manager and settings."""
        return f"{PLUGIN}:{self.name}"

    @property
    def keys(self) -> tuple[KeyBinding, ...]:
        """Those that it has now."""
        own = get_settings().shortcuts.shortcuts.get(self.action)
        return tuple(own) if own is not None else tuple(filter(None, (self._default,)))

    @property
    def key_text(self) -> str:
        """Its keys as users read them; empty if it has none."""
        return _text(self.keys)

    @property
    def _default(self) -> KeyBinding | None:
        return coerce_keybinding(self.key) if self.key else None

    @property
    def provider(self) -> Any:
        """Class of what is selected when its key works."""
        return Labels if self.of_labels else ViewerModel


NEXT_PLACE = Command("next_place", "Check the place in view, and go to the next", "N")
ALONG_DUCT = Command("along_duct", "Go along the bile duct, down to the papilla", "Ctrl+D")
BACK_ALONG_DUCT = Command(
    "back_along_duct", "Go along the bile duct, up to the hilum", "Ctrl+Shift+D"
)
NEXT_CASE = Command("next_case", "Open the next case of the work list", "Alt+Right")
CASE_BEFORE = Command("case_before", "Open the case before in the work list", "Alt+Left")
COMMANDS = (
    NEXT_PLACE,
    Command("place_before", "Go to the place before", "Shift+N"),
    ALONG_DUCT,
    BACK_ALONG_DUCT,
    NEXT_CASE,
    CASE_BEFORE,
    Command("key_sheet", "Show all keys on one sheet", "Shift+H"),
    Command("four_panel", "Open or close the four-panel view"),
    Command("save", "Save the label map"),
    Command("save_as", "Save the label map as…"),
    Command("show_all", "Show all organs"),
    Command("hide_all", "Hide all organs"),
    Command("run", "Segment the CT, or cancel"),
    Command("run_comparison", "Compare the label maps, or cancel"),
    Command("abdomen_window", "CT window: abdomen"),
    Command("liver_window", "CT window: liver"),
    Command("lung_window", "CT window: lung"),
    Command("bone_window", "CT window: bone"),
)
"""Commands that are no tools of the panel `Correct`."""


def keys_of_napari(action: str) -> str:
    """The keys of an action of napari's own but numbers, as users read them; empty if none."""
    keys = get_settings().shortcuts.shortcuts.get(action, ())
    return _text(key for key in keys if str(key) not in NUMBERS)


def register_keys(commands: Iterable[Command]) -> None:
    """Let napari know commands and their keys; once more changes nothing."""
    for command in commands:
        action_manager.register_action(
            command.action, _runner(command.name), command.words, command.provider
        )
        for key in command.keys:
            action_manager.bind_shortcut(command.action, key)


def _text(keys: Iterable[KeyBinding | str]) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return " or ".join(str(QKeySequence(Shortcut(key).qt).toString(native)) for key in keys)


def _runner(name: str) -> Callable[[Any], None]:
    """What napari calls with the viewer, or the layer, of the panel in which a key was pressed."""

    def run(_: Any) -> None:
        viewer = current_viewer()
        if viewer is not None:
            PluginManager.instance().commands.execute(f"{PLUGIN}.{name}", args=(viewer,))

    run.__name__ = f"{PLUGIN}_{name}"  # napari tells actions apart by it
    return run
