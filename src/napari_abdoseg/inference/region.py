"""Models that look around organs which another model finds in the whole scan."""

from __future__ import annotations

from dataclasses import replace

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.export.merging import merge_organs
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.preprocessing import Preprocessed
from napari_abdoseg.inference.preprocessing.region_box import box_around, organs_of
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.inference.result import Share
from napari_abdoseg.inference.run_configuration import ASKING, predicting
from napari_abdoseg.progress import Progress, Work, as_part, relay

STAGE = "Finding the region"


def finding_region(
    volume: Volume,
    trained: TrainedConfiguration,
    preset: Preset,
    prepared: Preprocessed | None = None,
) -> Work[tuple[Box | None, tuple[Share, ...]]]:
    """Find where a configuration looks.

    Parameters
    ----------
    volume : Volume
    trained : TrainedConfiguration
        One with a region.
    preset : Preset
    prepared : Preprocessed, optional
        The image that the networks of its `region_finder` take.

    Yields
    ------
    Progress
        From none of this work to all of it.

    Returns
    -------
    box : Box or None
        None if there is none of the organs.
    shares : tuple of Share
        What its networks did.
    """
    finder, region = trained.region_finder, trained.model.card.region
    if finder is None or region is None:
        return None, ()
    work = relay(predicting(volume, finder, preset, prepared), as_part(0, ASKING))
    predicted = yield from relay(work, _as_stage)
    work_on = relay(labelling(predicted.predictions, volume.grid), as_part(ASKING, 1))
    found = yield from relay(work_on, _as_stage)
    merge_organs(found, finder.model)
    labels = LabelMap(found, volume.grid, finder.model.organs)
    return box_around(labels, region), predicted.shares


def _as_stage(progress: Progress) -> Progress:
    return replace(progress, stage=STAGE, interim=None)


def nothing_found(trained: TrainedConfiguration) -> str:
    """What is told where there is none of the organs."""
    finder, region = trained.region_finder, trained.model.card.region
    names = organs_of(region, finder.model.organs) if finder and region else []
    return (
        f"The model {trained.model.name} looks around {', '.join(names)}, and none was found: the "
        "label map is empty; check that the scan shows the abdomen."
    )
