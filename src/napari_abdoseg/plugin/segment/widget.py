"""Dock widget `Segment organs`: choose a CT, press Segment, get its organs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ProgressBar, PushButton
from napari.layers import Image, Labels
from napari.utils.notifications import show_error, show_warning
from qtpy.QtWidgets import QHBoxLayout

from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.volume import PREVIEW, LabelMap
from napari_abdoseg.inference.model.card import ModelCard
from napari_abdoseg.model_store.catalogue import RECOMMENDED
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.warm_up import warm_up
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.segment.choice import SegmentChoice
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.segment.found import Found
from napari_abdoseg.plugin.segment.model_offer import ModelOffer
from napari_abdoseg.plugin.segment.orientation_alarm import OrientationAlarm
from napari_abdoseg.plugin.segment.preflight_line import PreflightLine
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.models_here import ModelsHere
from napari_abdoseg.plugin.viewing.orientation import keep_head_up
from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    from napari import Viewer

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
        self._card: ModelCard | None = None
        self._made_with: dict[str, Any] | None = None
        self._last_ensemble = chosen_model(napari_viewer).last_ensemble
        self.job: Job | None = None
        self.choice = SegmentChoice(napari_viewer)
        self.offer = ModelOffer()
        self.orientation_alarm = OrientationAlarm()
        self.preflight = PreflightLine()
        self.status = WrappedLabel()
        self.bar = ProgressBar(value=0, min=0, max=1)
        self.four_panels = PushButton(
            text="Four-panel view", tooltip="Three slices beside the organs in 3D; again to close"
        )
        self.review = PushButton(
            text="Where to look next", tooltip="Places that are worth a look, one by one"
        )
        self.button = PushButton(text="Segment")
        self._lay_out()
        self.follow(napari_viewer.events.theme, self._follow_theme)
        self._follow_theme()
        self.button.changed.connect(self._press)
        self.four_panels.changed.connect(lambda: toggle_four_panel_view(napari_viewer))
        self.review.changed.connect(lambda: open_panel(napari_viewer, "Where to look next"))
        self._cases = cases_in_view(napari_viewer)
        self.follow(self._cases.changed, self._choose_scan_in_view)
        self.choice.scan.native.activated.connect(self._show_chosen_scan)
        for event in (napari_viewer.layers.events.inserted, napari_viewer.layers.events.removed):
            self.follow(event, self.choice.update_scans)
        self.follow(napari_viewer.layers.events.removed, self._cancel_if_removed)
        self.choice.changed.connect(self._foretell)
        self.choice.scan_changed.connect(self._look_at_scan)
        models = state_of(napari_viewer, ModelsHere)
        self.follow(models.changed, self.choice.model.look_again)
        self.follow(models.chosen, self._choose_model)
        self.choice.model.question.accepted.connect(models.changed)
        self.choice.model.more_wanted.connect(self._open_models)
        self.offer.wanted.connect(self._open_models)
        self.choice.changed.connect(self._offer_models)
        self.orientation_alarm.raised.connect(self.scroll_to_top)
        for end in (self.closed, self.destroyed):
            end.connect(self.preflight.clear)
            end.connect(self.orientation_alarm.stop)
        keep_head_up(napari_viewer)
        follow_windows(unwrapped(napari_viewer))
        warm_up()

    def _lay_out(self) -> None:
        views = QHBoxLayout()
        for button in (self.four_panels, self.review):
            views.addWidget(button.native)
        self.body.addWidget(self.orientation_alarm)
        self.body.addWidget(self.offer)
        self.body.addWidget(self.choice)
        self.body.addLayout(views)
        self.body.addStretch()
        for widget in (self.preflight.words, self.status, self.bar.native, self.button.native):
            self.foot.addWidget(widget)
        self.bar.native.hide()
        self.button.native.setMinimumHeight(44)
        self.button.native.setStyleSheet("font-size: 15px; font-weight: bold")

    def _follow_theme(self, event: Any = None) -> None:
        self.choice.wear(self._viewer.theme)

    def _choose_scan_in_view(self) -> None:
        scan = self._cases.scan
        if scan is not None and self.job is None:
            self.choice.scan.value = scan

    def _show_chosen_scan(self, _: int) -> None:
        if self.choice.layer is not None:
            self._cases.show(self.choice.layer)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self.choice.model.look_again()
        self._offer_models()
        self._foretell()
        self._look_at_scan()

    def _look_at_scan(self) -> None:
        """Tell whether the open CT lies as its header says."""
        if self.isVisible():
            self.orientation_alarm.look_at(self.choice.layer)

    def _choose_model(self, name: str) -> None:
        if self.job is None:
            self.choice.model.choose(name)

    def _open_models(self) -> None:
        open_panel(self._viewer, "Models").select(RECOMMENDED)

    def _offer_models(self) -> None:
        """Offer a real model where there is none but the demo, and the CT is no phantom."""
        model, scan = self.choice.model, self.choice.layer
        only_demo = model.is_demo and not model.has_others
        self.offer.follow(scan if only_demo and self.isVisible() else None)

    def _foretell(self) -> None:
        """Tell what the open CT will take, if a run could start now."""
        self.preflight.clear()
        load, scan = self.choice.loading_here(self._last_ensemble), self.choice.layer
        if self.job is None and self.isVisible() and load and scan:
            with suppress(AbdosegError):
                self.preflight.foretell_soon(load, volume_of(scan), self.choice.preset.value)

    def _press(self) -> None:
        if self.job is not None:
            self.cancel()
            return
        try:
            work = self.choice.work(self._last_ensemble)
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

    def _run(self, work: Work[Any]) -> None:
        self._layer = self.choice.layer
        model = self.choice.model.model
        self._card = model.card if model is not None else None
        self._made_with = self.choice.made_with
        self.job = Job(work, f"Segment {self.choice.name}")
        self.job.progressed.connect(self._show_progress)
        self.job.previewed.connect(self._show_preview)
        self.job.returned.connect(self._show_result)
        self.job.ended.connect(self._rest)
        self.preflight.clear()
        chosen_model(self._viewer).begin()
        self._done = None
        self.choice.setEnabled(False)
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
            shown = show_result(
                self._viewer, layer, labels, card=self._card, made_with=self._made_with
            )
            self._preview = shown.layer

    def _show_result(self, result: Found | Outcome) -> None:
        if isinstance(result, Outcome):
            self.status.setText(_summary(result, self.choice.results))
            for case, reason in result.failed:
                show_warning(f"{case.name}: {reason}")
        elif (layer := self._segmented) is not None:
            labels, known = result.labels, result.known
            shown = show_result(self._viewer, layer, labels, known, self._card, self._made_with)
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
        chosen_model(self._viewer).rest()
        self.choice.setEnabled(True)
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
