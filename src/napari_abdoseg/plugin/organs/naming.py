"""Names of published schemes for a Labels layer that has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from napari.layers import Labels
from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.names.chosen_schemes import remember_scheme
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.published_schemes import Scheme, fitting_schemes
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.layers.conversion import look_of
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow

if TYPE_CHECKING:
    from napari_abdoseg.plugin.organs.scene import OrganScene

QUESTION = "Labels have no names:"
TIP = "What the labels are called, here and for all label maps of this folder without names"
CHOOSE = "choose a scheme"
SHOWN_LETTERS = 14


def is_nameless(organs: Sequence[Organ]) -> bool:
    """Whether there are organs, and they are numbers alone."""
    return bool(organs) and not any(map(is_named, organs))


def name_layer(layer: Labels, scheme: Scheme) -> None:
    """Call a layer's labels as a scheme does, and so those of its folder from now on."""
    layer.metadata = {**layer.metadata, "organs": scheme.organs}
    look = look_of(scheme.organs)
    layer.features, layer.colormap = look["features"], look["colormap"]
    path = layer.metadata.get("path")
    if isinstance(path, Path):
        try:
            remember_scheme(path.parent, scheme)
        except AbdosegError as error:
            show_warning(str(error))


class NamingRow(QWidget):
    """Offers the schemes that fit, as long as the labels of a scene have no names."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: OrganScene | None = None
        self.schemes = ComboBox(choices=self._choices, nullable=False, tooltip=TIP)
        keep_narrow(self.schemes.native, SHOWN_LETTERS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel(QUESTION))
        layout.addWidget(self.schemes.native, stretch=1)
        self.schemes.changed.connect(self._choose)

    def follow(self, scene: OrganScene | None) -> None:
        """Ask for the names of a scene's labels, if they have none."""
        self._scene = scene
        asks = scene is not None and is_nameless(scene.table.organs)
        if asks:
            with self.schemes.changed.blocked():
                self.schemes.reset_choices()
        self.setVisible(asks)

    def _choices(self, _: object = None) -> list[tuple[str, Scheme | None]]:
        organs = self._scene.table.organs if self._scene is not None else ()
        fitting = fitting_schemes([organ.value for organ in organs])
        return [(CHOOSE, None), *((_title(scheme), scheme) for scheme in fitting)]

    def _choose(self, scheme: Scheme | None) -> None:
        if scheme is not None and self._scene is not None:
            name_layer(self._scene.layer, scheme)
            self._scene.rename(scheme.organs)


def _title(scheme: Scheme) -> str:
    """A scheme and its first organs, to tell it from others."""
    shown = ", ".join(scheme.names[:3])
    return f"{scheme.title}: {shown}{', …' if len(scheme.names) > 3 else ''}"
