"""What is to be compared: open layers, files or folders."""

from __future__ import annotations

from pathlib import Path

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.tolerance import NAMED, Tolerances, find_tolerances
from napari_abdoseg.image.files.file_names import ENDINGS
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.plugin.widgets.path_edit import file_edit, folder_edit, path_in

LAYERS, FILES, FOLDERS = "two open layers", "two files", "two folders"
FILES_OF_SCANS = " ".join(f"*{ending}" for ending in ENDINGS)
TOLERANCE_TIP = (
    "How far surfaces may lie apart and still agree, for the NSD: FLARE21 is 1 mm, FLARE22 has "
    "one for each organ, or type millimetres"
)


class ComparisonChoice(QWidget):
    """The form above the button `Compare`.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self.source = ComboBox(choices=[LAYERS, FILES, FOLDERS])
        self.prediction, self.reference = (ComboBox(choices=self._layers) for _ in range(2))
        for choice in (self.source, self.prediction, self.reference):
            keep_narrow(choice.native)
        self.files = tuple(file_edit(FILES_OF_SCANS) for _ in range(3))
        self.folders = tuple(folder_edit() for _ in range(3))
        self.tolerance = QComboBox()
        self.tolerance.setEditable(True)
        self.tolerance.addItems([*(tolerances.name for tolerances in NAMED), "2 mm", "3 mm"])
        self.tolerance.setToolTip(TOLERANCE_TIP)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        for name, widget in (
            ("Compare", self.source),
            *zip(("Prediction", "Reference"), (self.prediction, self.reference)),
            *zip(("Prediction", "Reference", "CT (optional)"), self.files),
            *zip(("Predictions", "References", "CTs (optional)"), self.folders),
        ):
            self._form.addRow(name, widget.native)
        self._form.addRow("NSD tolerance", self.tolerance)
        self.source.changed.connect(self._show_source)
        events = viewer.layers.events
        self._events = events.inserted, events.removed, events.reordered, events.renamed
        for event in self._events:
            event.connect(self._update_layers)
        self._choose_two()
        self._show_source()

    def end(self) -> None:
        """Follow the viewer no longer."""
        for event in self._events:
            event.disconnect(self._update_layers)

    @property
    def tolerances(self) -> Tolerances:
        """Tolerances of the NSD.

        Raises
        ------
        AbdosegError
            There are none of that name.
        """
        return find_tolerances(self.tolerance.currentText())

    def choose(self, prediction: Labels, reference: Labels) -> None:
        """Take two layers of the viewer."""
        self.source.value = LAYERS
        self.prediction.value, self.reference.value = prediction, reference

    def layers(self) -> tuple[Labels, Labels]:
        """Prediction and reference.

        Raises
        ------
        AbdosegError
            There are no two different ones.
        """
        prediction, reference = self.prediction.value, self.reference.value
        if prediction is None or prediction is reference:
            raise AbdosegError(
                "Two different label layers are needed, a prediction and its reference: "
                "open them first (File > Open File(s))."
            )
        return prediction, reference

    def paths(self) -> tuple[Path, Path, Path | None]:
        """Prediction, reference and CT: files or folders.

        Raises
        ------
        AbdosegError
            Prediction or reference is not chosen.
        """
        edits = self.files if self.source.value == FILES else self.folders
        prediction, reference, scan = map(path_in, edits)
        if prediction is None or reference is None:
            missing = "prediction" if prediction is None else "reference"
            raise AbdosegError(f"There is no {missing}: choose one.")
        return prediction, reference, scan

    def _layers(self, _: object = None) -> list[Labels]:
        return label_layers(self._viewer)

    def _update_layers(self, event: object = None) -> None:
        for choice in (self.prediction, self.reference):
            choice.reset_choices()
        if self.prediction.value is self.reference.value:
            self._choose_two()

    def _choose_two(self) -> None:
        """Take the last two layers: results are added after what was opened."""
        layers = self._layers()
        if len(layers) > 1:
            self.reference.value, self.prediction.value = layers[-2:]

    def _show_source(self, _: object = None) -> None:
        rows = {
            LAYERS: (self.prediction, self.reference),
            FILES: self.files,
            FOLDERS: self.folders,
        }
        for source, widgets in rows.items():
            for widget in widgets:
                self._form.setRowVisible(widget.native, source == self.source.value)
