"""Dock widget `Segment organs`: choose a CT, press Segment, get its organs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, LineEdit, ProgressBar, PushButton
from napari.layers import Image, Labels
from napari.utils.notifications import show_error, show_warning
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.volume import PREVIEW, LabelMap
from napari_abdoseg.inference.hardware.device import DEVICES
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.warm_up import warm_up
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.segment.backends import Backend, Found, OnCluster, ThisMachine
from napari_abdoseg.plugin.segment.last_ensemble import LastEnsemble
from napari_abdoseg.plugin.segment.model_choice import ModelChoice
from napari_abdoseg.plugin.segment.orientation_alarm import OrientationAlarm
from napari_abdoseg.plugin.segment.preflight_line import PreflightLine
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.orientation import keep_head_up
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.preferences import LastingChoice
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    from napari import Viewer

LAYER, FOLDER = "an open CT", "a folder of CTs"
DONE = "Done. Correct the masks with the brush; save them in the panel Organs, or with Ctrl+S."
PAINTED = "What you have painted is kept, hidden: {}."


class SegmentWidget(Panel):
    """Find the organs of an open CT, or of a folder of CTs."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Segment")
        self._viewer = napari_viewer
        self._layer: Image | None = None
        self._preview: Labels | None = None
        self._done: Labels | None = None
        self._last_ensemble = LastEnsemble()
        self.job: Job | None = None
        self.source = ComboBox(choices=[LAYER, FOLDER])
        self.scan = ComboBox(choices=self._open_scans)
        self.folder = folder_edit("Folder of .nii and .nii.gz files")
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
        self.orientation_alarm = OrientationAlarm()
        self.preflight = PreflightLine()
        self.status = WrappedLabel()
        self.bar = ProgressBar(value=0, min=0, max=1)
        self.four_panels = PushButton(
            text="Four-panel view", tooltip="Three slices beside the organs in 3D; again to close"
        )
        self.review = PushButton(
            text="Where folds disagree", tooltip="Places that are worth a look, after a run"
        )
        self.button = PushButton(text="Segment")
        self._lay_out()
        self.follow(napari_viewer.events.theme, self._follow_theme)
        self._follow_theme()
        self.source.changed.connect(self._show_source)
        self.preset.changed.connect(self._explain_preset)
        self.button.changed.connect(self._press)
        self.four_panels.changed.connect(lambda: toggle_four_panel_view(napari_viewer))
        self.review.changed.connect(lambda: open_panel(napari_viewer, "Where folds disagree"))
        self._cases = cases_in_view(napari_viewer)
        self.follow(self._cases.changed, self._choose_scan_in_view)
        self.scan.native.activated.connect(self._show_chosen_scan)
        for event in (napari_viewer.layers.events.inserted, napari_viewer.layers.events.removed):
            self.follow(event, self._update_scans)
        self.follow(napari_viewer.layers.events.removed, self._cancel_if_removed)
        for choice in (self.source, self.scan, self.preset, self.device):
            choice.changed.connect(self._foretell)
        for changed in (self.model.folds_changed, self.device.changed, self.scheduler.changed):
            changed.connect(self._name_rare_settings)
        self.orientation_alarm.raised.connect(self.scroll_to_top)
        self.model.folds_changed.connect(self._foretell)
        self.scheduler.changed.connect(self._leave_device_to_workers)
        for choice in (self.source, self.scan):
            choice.changed.connect(self._look_at_scan)
        for end in (self.closed, self.destroyed):
            end.connect(self.preflight.clear)
            end.connect(self.orientation_alarm.stop)
        self._show_source()
        self._explain_preset()
        LastingChoice(self.model.name, "segmenting", "model", choose=self.model.choose)
        LastingChoice(self.preset, "segmenting", "preset")
        LastingChoice(self.device, "segmenting", "device")
        LastingChoice(self.scheduler, "segmenting", "cluster")
        self._name_rare_settings()
        keep_head_up(napari_viewer)
        follow_windows(unwrapped(napari_viewer))
        warm_up()

    def _lay_out(self) -> None:
        self._settings, rare = QWidget(), QWidget()
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
        settings = QVBoxLayout(self._settings)
        settings.setContentsMargins(0, 0, 0, 0)
        settings.addLayout(self._form)
        settings.addWidget(self.rare_settings)
        views = QHBoxLayout()
        for button in (self.four_panels, self.review):
            views.addWidget(button.native)
        for widget in (self.orientation_alarm, self._settings):
            self.body.addWidget(widget)
        self.body.addLayout(views)
        self.body.addStretch()
        for widget in (self.preflight.words, self.status, self.bar.native, self.button.native):
            self.foot.addWidget(widget)
        self.bar.native.hide()
        self.button.native.setMinimumHeight(44)
        self.button.native.setStyleSheet("font-size: 15px; font-weight: bold")

    def _open_scans(self, _: object = None) -> list[Image]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]

    def _update_scans(self) -> None:
        self.scan.reset_choices()

    def _follow_theme(self, event: Any = None) -> None:
        self.model.wear(self._viewer.theme)

    def _choose_scan_in_view(self) -> None:
        scan = self._cases.scan
        if scan is not None and self.job is None:
            self.scan.value = scan

    def _show_chosen_scan(self, _: int) -> None:
        if self.scan.value is not None:
            self._cases.show(self.scan.value)

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
        self.rare_settings.setText(f"{words} · {self._chosen_scheduler or self.device.value}")

    def _leave_device_to_workers(self) -> None:
        self.device.enabled = not self._chosen_scheduler
        self._foretell()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self._foretell()
        self._look_at_scan()

    def _look_at_scan(self) -> None:
        """Tell whether the open CT lies as its header says."""
        chosen = self.scan.value if self.source.value == LAYER else None
        if self.isVisible():
            self.orientation_alarm.look_at(chosen)

    def _foretell(self) -> None:
        """Tell what the open CT will take, if a run could start now."""
        self.preflight.clear()
        model, scan, folds = self.model.model, self.scan.value, self.model.chosen_folds
        ready = self.job is None and self.isVisible() and self.source.value == LAYER
        if ready and not self._chosen_scheduler and model and scan and folds:
            load = partial(self._last_ensemble.loading, model, folds, self.device.value)
            with suppress(AbdosegError):
                self.preflight.foretell_soon(load, volume_of(scan), self.preset.value)

    def _press(self) -> None:
        if self.job is not None:
            self.cancel()
            return
        try:
            work = self._prepare()
        except AbdosegError as error:
            show_error(str(error))
        else:
            self._run(work)

    def cancel(self) -> None:
        """Stop what is running; a preview stays, nothing else."""
        if self.job is not None:
            self.job.cancel()
            self.button.enabled = False
            self.button.text = "Cancelling…"

    def _prepare(self) -> Work[Any]:
        """The work that the settings ask for, not yet begun."""
        model = self.model.model
        if model is None:
            raise AbdosegError(self.model.words.text())
        folds = model.choose_folds(self.model.chosen_folds)
        place = self._workplace(model, folds)
        if self.source.value == FOLDER:
            folder, output = path_in(self.folder), path_in(self.output)
            if folder is None or output is None:
                raise AbdosegError("Choose the folder of the CTs, and a folder to save to.")
            return place.segmenting_folder(folder, output)
        if self.scan.value is None:
            raise AbdosegError("There is no CT to segment: open one first (File > Open File(s)).")
        self._layer = self.scan.value
        return place.segmenting(volume_of(self.scan.value))

    def _workplace(self, model: Model, folds: Sequence[str]) -> Backend:
        scheduler, preset = self._chosen_scheduler, self.preset.value
        if scheduler:
            return OnCluster(scheduler, model, folds, preset)
        return ThisMachine(self._last_ensemble, model, folds, preset, self.device.value)

    @property
    def _chosen_scheduler(self) -> str:
        return str(self.scheduler.value).strip()

    def _run(self, work: Work[Any]) -> None:
        what = self._layer.name if self._layer is not None else sure(path_in(self.folder)).name
        self.job = Job(work, f"Segment {what}")
        self.job.progressed.connect(self._show_progress)
        self.job.previewed.connect(self._show_preview)
        self.job.returned.connect(self._show_result)
        self.job.ended.connect(self._rest)
        self.preflight.clear()
        self._done = None
        self._settings.setEnabled(False)
        self.button.text = "Cancel"
        self.status.setText("Starting")
        self.bar.max = 0
        self.bar.native.show()
        self.job.start()

    def _show_progress(self, progress: Progress, time_left: str) -> None:
        self.bar.max = progress.total
        self.bar.value = progress.done
        percent = f"{progress.fraction:.0%}" if progress.total else ""
        self.status.setText(" · ".join(filter(None, (progress.stage, percent, time_left))))

    def _show_preview(self, labels: LabelMap) -> None:
        if (layer := self._segmented) is not None:
            self._preview = show_result(self._viewer, layer, labels).layer

    def _show_result(self, result: Found | Outcome) -> None:
        if isinstance(result, Outcome):
            self.status.setText(_summary(result, sure(path_in(self.output))))
            for case, reason in result.failed:
                show_warning(f"{case.name}: {reason}")
        elif (layer := self._segmented) is not None:
            labels, _ = result
            shown = show_result(self._viewer, layer, *result)
            self._done = shown.layer
            kept = " and ".join(shown.kept)
            self.status.setText(f"{DONE} {PAINTED.format(kept)}" if kept else DONE)
            self.orientation_alarm.look_at(layer, labels)

    @property
    def _segmented(self) -> Image | None:
        """The CT that is being segmented, unless it is gone since the panel was closed."""
        return self._layer if self._layer in self._viewer.layers else None

    def _cancel_if_removed(self, event: Any) -> None:
        if event.value is self._done:
            self._done = None
            self.status.setText("")
        if event.value is self._preview:
            self._preview = None
        elif event.value is self._layer:
            self.cancel()

    def _rest(self) -> None:
        """Back to where another run can start."""
        if self.job is not None and self.job.cancelled:
            self.status.setText(f"Cancelled{self._say_of_preview()}.")
        elif self.job is not None and self.job.failed:
            self.status.setText(f"Stopped by an error{self._say_of_preview()}.")
        self.job = self._layer = self._preview = None
        self._settings.setEnabled(True)
        self.bar.native.hide()
        self.button.enabled = True
        self.button.text = "Segment"

    def _say_of_preview(self) -> str:
        if self._preview is None:
            return ""
        done = self._preview.metadata["stamp"].removeprefix(PREVIEW)
        return f"; the preview of {done} was kept"


def _summary(outcome: Outcome, output: Path) -> str:
    made, kept = len(outcome.made), len(outcome.kept)
    words = [f"{made} label map{'s were' if made != 1 else ' was'} saved in {output}."]
    if kept:
        words.append(f"{kept} {'were' if kept != 1 else 'was'} there before and kept.")
    if outcome.failed:
        words.append(f"{len(outcome.failed)} failed.")
    return " ".join(words)
