"""The offer of a real model, where only the demo is here and a CT is no phantom."""

from __future__ import annotations

from contextlib import suppress

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QPushButton, QVBoxLayout

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.phantom import looks_like_phantom
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

WORDS = (
    "The demo model knows phantoms alone: what it finds in this CT means nothing. Install a "
    "model that was trained on patients, or go on with the demo to try the program."
)
FRAME = "ModelOffer { border: 2px solid #3f7fd0; border-radius: 4px }"


class ModelOffer(QFrame):
    """Seen beside a CT of a patient while there is no model for one, and else hidden."""

    wanted = Signal()
    """The user wants to install a model."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.button = WrappedLabel(), QPushButton("Install a model…")
        self.words.setText(WORDS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.words, self.button):
            layout.addWidget(widget)
        self.setStyleSheet(FRAME)
        self.button.clicked.connect(self.wanted)
        self.hide()

    def follow(self, layer: Image | None) -> None:
        """Show the offer beside a scan that is no phantom; None for no offer."""
        self.setVisible(layer is not None and _is_of_patient(layer))


def _is_of_patient(layer: Image) -> bool:
    """Whether a layer is a scan, and no phantom."""
    with suppress(AbdosegError):
        return not looks_like_phantom(volume_of(layer))
    return False
