"""Running work as a test wants to see it."""

from collections.abc import Iterable
from pathlib import Path

from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Result, Work


def run(work: Work[Result]) -> tuple[list[Progress], Result]:
    """All reports of ``work``, and its result."""
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            return steps, end.value


def load_configuration(
    folder: Path | str, folds: Iterable[int | str] | None = None, device: str = "cpu"
) -> TrainedConfiguration:
    """The one configuration of a model folder."""
    (trained,) = load_ensemble(folder, folds, device).configurations
    return trained
