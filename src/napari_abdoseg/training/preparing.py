"""Cases preprocessed for the configurations that are trained."""

from __future__ import annotations

from napari_abdoseg.progress import Work
from napari_abdoseg.training.disk_space import needed_bytes, require_space
from napari_abdoseg.training.run import Run, count_cases, processes
from napari_abdoseg.training.settings import SECOND_STAGE


def preprocessing(run: Run) -> Work[None]:
    """Preprocess all cases, those left out that are there already.

    Raises
    ------
    TrainingError
        The disk is too small, or a case can't be preprocessed.
    """
    count, plans = len(run.folders.dataset.training), run.plans
    wanted = (
        "3d_fullres" if name == SECOND_STAGE else name for name in run.settings.all_configurations
    )
    places = {
        name: run.folders.preprocessed / plans["configurations"][name]["data_identifier"]
        for name in wanted
    }
    missing = {name: count - count_cases(place) for name, place in places.items()}
    needed = [
        needed_bytes(run.folders.preprocessed, plans, name) * missing[name] // count
        for name in places
    ]
    require_space(run.folders.preprocessed, places, sum(needed))
    for configuration, place in places.items():
        arguments = {
            "preprocessed": str(run.folders.preprocessed),
            "raw": str(run.folders.dataset.folder),
            "plans": run.settings.plans,
            "configuration": configuration,
            "processes": processes(),
        }
        stage = f"Preprocessing for {configuration}"
        yield from run.follow("preprocess", arguments, stage, None, place)
