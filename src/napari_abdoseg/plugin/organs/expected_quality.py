"""How good the organs that a model found are expected to be, told once for a label map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.batch.quality_entries import quality_entry
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.told_quality import KEY, ToldQuality, quality_note, told_qualities
from napari_abdoseg.image.files.json_beside import CORRECTIONS, json_beside
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.inference.review.expected_quality import expected_quality
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of

Report = Mapping[str, object]
WORDS = "Expected DSC {}, of what the model found before any correction"
AGREED = "Folds agree with a DSC of {:.3f}, on what the model found before any correction"
"""Where no DSC is expected; a note says why."""


class QualityFinding:
    """Reads what is expected of a label map, or works it out where it was segmented just now.

    Parameters
    ----------
    layer : Labels
    """

    found = Signal()
    """`told` is there."""

    def __init__(self, layer: Labels) -> None:
        self.told: dict[int, ToldQuality] = {}
        self.note = ""
        self._layer = layer
        self._look: Callable[[], Report] = self._read
        self._background = LatestWork(self._find)
        self._background.yielded.connect(self._take)
        self.close = self._background.close
        if layer.metadata.get("path") is not None:
            self._background.start_soon()

    def follow(self, disagreement: Disagreement, preset: str, volume: Volume | None) -> None:
        """Tell what the folds that have just made the label map say of it.

        Parameters
        ----------
        disagreement : Disagreement
        preset : str
            By which they worked.
        volume : Volume or None
            The scan.
        """

        def work_out() -> Report:
            doubts = check_plausibility(label_map_of(self._layer), volume)
            return {KEY: quality_entry(expected_quality(disagreement, preset, doubts))}

        self._look = work_out
        self._background.start_soon()

    def take_from(self, report: Report) -> None:
        """Tell what the report says of whoever has made the label map elsewhere."""
        self._look = lambda: report
        self._background.start_soon()

    @property
    def is_calibrated(self) -> bool:
        """Whether any organ's DSC is expected."""
        return any(each.dsc is not None for each in self.told.values())

    def words(self, value: int) -> str:
        """What is told of the organ of a value, and why it isn't more; empty where nothing is."""
        told = self.told.get(value)
        if told is None:
            return self.note
        if told.dsc is None:
            return "\n".join(filter(None, (AGREED.format(told.agreement), self.note)))
        return WORDS.format(told.words)

    def _read(self) -> Report:
        """What the JSON beside the file tells, if nobody has corrected that."""
        path = self._layer.metadata["path"]
        report = read_json(json_beside(path))
        return {} if report.get(CORRECTIONS) else report

    def _find(self) -> Iterator[Report]:
        with suppress(OSError, ValueError, AbdosegError):
            yield self._look()

    def _take(self, report: Report) -> None:
        with suppress(LookupError, TypeError, ValueError, AttributeError):
            self.told, self.note = told_qualities(report), quality_note(report)
            self.found.emit()
