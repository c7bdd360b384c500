"""Dock widget `Compare with labels`: scores of a prediction, and the way to each error."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ProgressBar, PushButton
from napari.layers import Labels
from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSplitter

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.cohort import CohortScores, evaluating
from napari_abdoseg.evaluation.comparison import Findings
from napari_abdoseg.evaluation.label_schemes import FolderSchemes, Matched
from napari_abdoseg.plugin.compare.cases import CasesPanel
from napari_abdoseg.plugin.compare.choice import FOLDERS, LAYERS, ComparisonChoice
from napari_abdoseg.plugin.compare.findings import FindingsPanel
from napari_abdoseg.plugin.compare.scene import ComparisonScene
from napari_abdoseg.plugin.compare.work import (
    ComparedCase,
    comparing_case,
    comparing_files,
    comparing_layers,
)
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.warm_up import warm_up
from napari_abdoseg.plugin.paint_events.label_edits import EditWatch
from napari_abdoseg.plugin.saving.opened_case import OpenedCase
from napari_abdoseg.plugin.viewing.orientation import keep_head_up
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    from napari import Viewer

WIDTH = 380
"""Room for all columns of the scores, where the window has it."""


class CompareWidget(Panel):
    """Compare a prediction with its reference, or those of two folders."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Compare")
        self._viewer = unwrapped(napari_viewer)
        self.job: Job | None = None
        self.scene: ComparisonScene | None = None
        self.cohort: CohortScores | None = None
        self._scans: Path | None = None
        self._opened: OpenedCase | None = None
        self.choice = ComparisonChoice(self._viewer)
        self.button = PushButton(text="Compare")
        self.four_panels = PushButton(
            text="Four-panel view", tooltip="Three slices beside the organs in 3D; again to close"
        )
        self.status = QLabel()
        self.bar = ProgressBar(value=0, min=0, max=1)
        self.cases = CasesPanel()
        self.findings = FindingsPanel()
        self._lay_out()
        self._follow_theme()
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.closed.connect(self._leave)
        self.closed.connect(self.choice.end)
        self.button.changed.connect(self._press)
        self.four_panels.changed.connect(lambda: toggle_four_panel_view(self._viewer))
        self.cases.opened.connect(self._open_case)
        keep_head_up(self._viewer)
        warm_up()

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(QSize(WIDTH, 0))

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        sure(self.window()).installEventFilter(self)
        super().showEvent(event)

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:  # noqa: N802
        if sure(event).type() == QEvent.Type.Close:
            self._leave()
        return False

    def _leave(self) -> None:
        """Dock or window is closed: leave the viewer as it was before the comparison."""
        if self.job is not None:
            self.job.cancel()
        self._end_scene()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.button.native, stretch=1)
        buttons.addWidget(self.four_panels.native)
        layout = self.body
        layout.addWidget(self.choice)
        layout.addLayout(buttons)
        for widget in (self.status, self.bar.native):
            layout.addWidget(widget)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        for part in (self.cases, self.findings):
            parts.addWidget(part)
        layout.addWidget(parts, stretch=1)
        self.status.setWordWrap(True)
        for widget in (self.bar.native, self.status, self.cases, self.findings):
            widget.hide()

    def _follow_theme(self, event: Any = None) -> None:
        for part in (self.cases.table, self.findings):
            part.wear(self._viewer.theme)

    def _press(self) -> None:
        if self.job is not None:
            self.button.enabled = False
            self.job.cancel()
            return
        try:
            self._start()
        except AbdosegError as error:
            show_error(str(error))

    def _start(self) -> None:
        tolerances = self.choice.tolerances
        if self.choice.source.value == LAYERS:
            self._compare_layers(*self.choice.layers())
            return
        prediction, reference, scan = self.choice.paths()
        self._clear()
        if self.choice.source.value == FOLDERS:
            self._scans = scan
            work = evaluating(prediction, reference, tolerances, schemes=FolderSchemes())
            self._run(work, self._show_cohort)
        else:
            self._run(comparing_files(prediction, reference, scan, tolerances), self._show_case)

    def _compare_layers(self, prediction: Labels, reference: Labels) -> None:
        self._clear()
        layers = prediction, reference
        watch = EditWatch(self._viewer, layers)
        work = comparing_layers(prediction, reference, self.choice.tolerances)
        job = self._run(work, partial(self._show_layers, layers, watch))
        job.ended.connect(watch.close)

    def _clear(self) -> None:
        """What was compared before gives way."""
        self._end_scene()
        self.cases.hide()
        self.cohort = None

    def _run(self, work: Work[Any], show: Any) -> Job:
        self.job = job = Job(work, "Compare")
        job.progressed.connect(self._show_progress)
        job.returned.connect(show)
        job.ended.connect(self._rest)
        self.choice.setEnabled(False)
        self.button.text = "Cancel"
        self.bar.max = 0
        for widget in (self.bar.native, self.status):
            widget.show()
        job.start()
        return job

    def _show_progress(self, progress: Progress, time_left: str) -> None:
        self.bar.max, self.bar.value = progress.total, progress.done
        self.status.setText(" · ".join(filter(None, (progress.stage, time_left))))

    def _rest(self) -> None:
        self.job = None
        self.choice.setEnabled(True)
        self.button.text, self.button.enabled = "Compare", True
        for widget in (self.bar.native, self.status):
            widget.hide()

    def _show_layers(
        self, layers: tuple[Labels, Labels], watch: EditWatch, result: tuple[Matched, Findings]
    ) -> None:
        if not set(layers) <= set(self._viewer.layers):
            return
        edited = watch.edited
        matched, findings = result
        title = " against ".join(layer.name for layer in layers)
        scene = ComparisonScene(self._viewer, *layers, findings)
        self._show_scene(scene, title, matched)
        if edited:
            scene.live.compare_anew()

    def _show_scene(self, scene: ComparisonScene, title: str, matched: Matched) -> None:
        self.scene = scene
        scene.closed.connect(self._forget_scene)
        self.destroyed.connect(scene.stop)
        self.findings.show_scene(scene, title, matched.unmatched, matched.naming)

    def _show_cohort(self, cohort: CohortScores) -> None:
        self.cohort = cohort
        self.cases.show_cohort(cohort)
        self.cases.show()

    def _open_case(self, name: str) -> None:
        if self.job is None and self.cohort is not None:
            self._run(comparing_case(self.cohort, name, self._scans), self._show_case)

    def _show_case(self, case: ComparedCase) -> None:
        self._end_scene()
        if self._opened is not None:
            self._opened.close()
        matched = case.matched
        label_maps = {  # without their files, which may have other values and more organs
            f"{case.name} reference": replace(matched.reference, path=None),
            f"{case.name} prediction": replace(matched.prediction, path=None),
        }
        self._opened = OpenedCase(self._viewer, case.scan, label_maps)
        reference, prediction = self._opened.labels
        scene = ComparisonScene(self._viewer, prediction, reference, case.findings)
        self._show_scene(scene, case.name, case.matched)

    def _end_scene(self) -> None:
        if self.scene is not None:
            self.scene.close()

    def _forget_scene(self) -> None:
        self.scene = None
        self.findings.show_scene(None)
