"""What is to be segmented, by which model, how and where."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from magicgui.widgets import ComboBox, LineEdit
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.hardware.device import DEVICES
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.segment.backends import Backend, OnCluster, ThisMachine
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.segment.last_ensemble import LastEnsemble
from napari_abdoseg.plugin.segment.model_choice import ModelChoice
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.preferences import LastingChoice
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Work

LAYER, FOLDER = "an open CT", "a folder of CTs"


class SegmentChoice(QWidget):
    """The form above the button `Segment`.

    Parameters
    ----------
    viewer : ViewerModel
    """

    scan_changed = Signal()
    """Another CT is chosen, or a folder."""
    changed = Signal()
    """Something else is to be done."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self.source = ComboBox(choices=[LAYER, FOLDER])
        self.scan = ComboBox(choices=self._open_scans)
        self.folder = folder_edit("Folder of CTs: .nii, .nii.gz, .nrrd or .mha files")
        self.output = folder_edit("Folder for label maps and reports")
        self.model = ModelChoice()
        self.preset = ComboBox(choices=list(PRESETS))
        self.preset_words = WrappedLabel()
        self.device = ComboBox(choices=DEVICES)
        self.scheduler = LineEdit(
            tooltip="Address of the scheduler of a Dask cluster whose workers are to segment, "
            "such as tcp://host:8786"
        )
        self.scheduler.native.setPlaceholderText("none; or tcp://host:8786")
        self.rare_settings = QCollapsible(expandedIcon="▾", collapsedIcon="▸")
        sure(self.rare_settings.layout()).setContentsMargins(0, 0, 0, 0)
        self._lay_out()
        self.source.changed.connect(self._show_source)
        self.preset.changed.connect(self._explain_preset)
        self.scheduler.changed.connect(self._leave_device_to_workers)
        for changed in (self.model.folds_changed, self.device.changed, self.scheduler.changed):
            changed.connect(self._name_rare_settings)
        self.model.folds_changed.connect(self._keep_folds)
        for changed in (self.source.changed, self.scan.changed):
            changed.connect(lambda: self.scan_changed.emit())
        for changed in (
            *(self.source.changed, self.scan.changed, self.model.folds_changed),
            *(self.preset.changed, self.device.changed, self.scheduler.changed),
        ):
            changed.connect(lambda: self.changed.emit())
        self._show_source()
        self._explain_preset()
        LastingChoice(self.model.name, "segmenting", "model", choose=self.model.choose)
        LastingChoice(self.preset, "segmenting", "preset")
        LastingChoice(self.device, "segmenting", "device")
        LastingChoice(self.scheduler, "segmenting", "cluster")
        self._name_rare_settings()

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self.model.wear(theme)

    def update_scans(self) -> None:
        """Offer the scans that are open."""
        self.scan.reset_choices()

    @property
    def layer(self) -> Image | None:
        """The open CT that is to be segmented."""
        scan: Image | None = self.scan.value if self.source.value == LAYER else None
        return scan

    @property
    def results(self) -> Path:
        """Where label maps of a folder's CTs go."""
        return sure(path_in(self.output))

    @property
    def name(self) -> str:
        """What is to be segmented, in a word."""
        return str(self.layer.name) if self.layer is not None else sure(path_in(self.folder)).name

    def loading_here(self, last_ensemble: LastEnsemble) -> Callable[[], Work[Ensemble]] | None:
        """What loads the folds that this machine would segment the open CT with, if it would."""
        model, folds = self.model.model, self.model.chosen_folds
        if self.layer is None or self._address or not model or not folds:
            return None
        return partial(last_ensemble.loading, model, folds, self.device.value)

    def work(self, last_ensemble: LastEnsemble) -> Work[Any]:
        """The work that is asked for, not yet begun.

        Raises
        ------
        AbdosegError
            Something is not chosen.
        """
        backend = self._backend(last_ensemble)
        if self.source.value == FOLDER:
            folder, output = path_in(self.folder), path_in(self.output)
            if folder is None or output is None:
                raise AbdosegError("Choose the folder of the CTs, and a folder to save to.")
            return backend.segmenting_folder(folder, output)
        if self.layer is None:
            raise AbdosegError("There is no CT to segment: open one first (File > Open File(s)).")
        return backend.segmenting(volume_of(self.layer))

    def _backend(self, last_ensemble: LastEnsemble) -> Backend:
        model = self.model.model
        if model is None:
            raise AbdosegError(self.model.words.text())
        folds, preset = model.choose_folds(self.model.chosen_folds), self.preset.value
        if self._address:
            return OnCluster(self._address, model, folds, preset)
        return ThisMachine(last_ensemble, model, folds, preset, self.device.value)

    @property
    def made_with(self) -> dict[str, Any] | None:
        """What is chosen, in words that JSON can hold; None without a model."""
        model = self.model.model
        if model is None:
            return None
        return {
            "name": model.name,
            "sha256": model.card.sha256,
            "folds": list(self.model.chosen_folds),
            "preset": self.preset.value,
        }

    @property
    def _address(self) -> str:
        """Of a cluster's scheduler, if there is one."""
        return str(self.scheduler.value).strip()

    def _lay_out(self) -> None:
        rare = QWidget()
        self._form, rare_form = QFormLayout(), QFormLayout(rare)
        for form in (self._form, rare_form):
            form.setContentsMargins(0, 0, 0, 0)
        for name, widget in (
            ("Segment", self.source.native),
            ("CT", self.scan.native),
            ("CTs", self.folder.native),
            ("Save to", self.output.native),
            ("Model", self.model.row.native),
            ("", self.model.words),
            ("", self.model.question),
            ("Preset", self.preset.native),
            ("", self.preset_words),
        ):
            self._form.addRow(name, widget)
        for name, widget in (
            ("Folds", self.model.folds.native),
            ("Device", self.device.native),
            ("Cluster", self.scheduler.native),
        ):
            rare_form.addRow(name, widget)
        self.rare_settings.addWidget(rare)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addWidget(self.rare_settings)

    def _open_scans(self, _: object = None) -> list[Image]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]

    def _show_source(self) -> None:
        from_layer = self.source.value == LAYER
        for widget, shown in (
            (self.scan, from_layer),
            (self.folder, not from_layer),
            (self.output, not from_layer),
        ):
            widget.native.setVisible(shown)
            sure(self._form.labelForField(widget.native)).setVisible(shown)

    def _explain_preset(self) -> None:
        preset = PRESETS[self.preset.value]
        self.preset_words.setText(preset.description)
        self.model.use_first_alone(preset.first_fold_only)

    def _name_rare_settings(self) -> None:
        """Let what is folded away be read all the same."""
        chosen, folds = self.model.chosen_folds, self.model.folds
        words = f"{len(chosen)} of {len(folds)} folds" if len(folds) > len(chosen) else "All folds"
        self.rare_settings.setText(f"{words} · {self._address or self.device.value}")

    def _keep_folds(self) -> None:
        """Tell other panels which folds are chosen."""
        if self.model.model is not None:
            chosen_model(self._viewer).choose_folds(self.model.chosen, self.model.chosen_folds)

    def _leave_device_to_workers(self) -> None:
        self.device.enabled = not self._address
