"""What a scan will take, told before it is segmented."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preflight.preflight import Preflight, preflighting
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Result, Work

Told = Preflight | AbdosegError | None
"""Nothing yet, what a scan will take, or why that can't be told."""
MEASURING = "Measuring how long it will take…"


class PreflightLine:
    """A line of words that follows the settings, measured in a thread."""

    def __init__(self) -> None:
        self.words = WrappedLabel()
        self._background = LatestWork(_foretell)
        self._background.yielded.connect(self._show)

    def foretell_soon(
        self, load: Callable[[], Work[Ensemble]], volume: Volume, preset: str
    ) -> None:
        """Tell what a scan will take, once settings rest."""
        self.words.setText(MEASURING)
        self._background.start_soon(load, volume, preset)

    def clear(self) -> None:
        """Say nothing, and stop measuring."""
        self._background.close()
        self.words.setText("")

    def _show(self, told: Told) -> None:
        if isinstance(told, Preflight):
            self.words.setText("\n".join((told.line, *told.warnings)))
        elif isinstance(told, AbdosegError):
            self.words.setText(str(told))


def _foretell(load: Callable[[], Work[Ensemble]], volume: Volume, preset: str) -> Iterator[Told]:
    try:
        ensemble = yield from _step_by_step(load())
        yield (yield from _step_by_step(preflighting(volume, ensemble, preset)))
    except AbdosegError as error:
        yield error


def _step_by_step(work: Work[Result]) -> Generator[None, None, Result]:
    """Nothing at each step, so that the work can be stopped there; gives back its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield None
