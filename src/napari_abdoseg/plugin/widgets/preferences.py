"""Settings that last: `File > Preferences` of napari shows them, and panels begin with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from magicgui.widgets.bases import ValueWidget
from napari.settings import get_plugin_settings
from qtpy.QtCore import QObject

PLUGIN = "napari-abdoseg"


def preferences() -> Any:
    """The settings, as the manifest's ``configurations`` declare them.

    Examples
    --------
    >>> preferences().segmenting.preset  # doctest: +SKIP
    'balanced'
    """
    return get_plugin_settings(PLUGIN)


class LastingChoice(QObject):
    """Lets a control begin with a setting, keep what is chosen, and follow the Preferences.

    Parameters
    ----------
    control : ValueWidget
        It lives as long as this.
    section, name : str
        Of the setting.
    choose : callable, optional
        Chooses a value; by default the control's value is set. What it does not have, such
        as a device of another machine, is not chosen.
    """

    def __init__(
        self,
        control: ValueWidget[Any],
        section: str,
        name: str,
        choose: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(control.native)
        self._control, self._name, self._choose = control, name, choose
        self._section = getattr(preferences(), section)
        self._follow()
        control.changed.connect(self._keep)
        getattr(self._section.events, name).connect(self._follow)

    def _follow(self, event: Any = None) -> None:
        value = getattr(self._section, self._name)
        if value == self._control.value:
            return
        if self._choose is not None:
            self._choose(value)
            return
        with suppress(ValueError):
            self._control.value = value

    def _keep(self) -> None:
        """Keep what is chosen by now: a control may have taken back what it told of."""
        setattr(self._section, self._name, self._control.value)
