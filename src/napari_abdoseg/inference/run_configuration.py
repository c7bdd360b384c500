"""What a configuration finds in a scan, a cascade's first stage before its second."""

from __future__ import annotations

from dataclasses import replace

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.balanced.balanced import predict_balanced
from napari_abdoseg.inference.export.label_map import Labels, labelling
from napari_abdoseg.inference.export.scan_axes import image_part
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.network.sliding_window import predict_everywhere, predict_within
from napari_abdoseg.inference.preflight.workload import expect_workload
from napari_abdoseg.inference.preprocessing.preprocessing import Preprocessed, preprocess_volume
from napari_abdoseg.inference.preprocessing.scan_part import part_of
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.inference.result import Share
from napari_abdoseg.inference.scan import PredictedScan
from napari_abdoseg.progress import Progress, Work, as_part, relay, steadily

PREPROCESSING = "Preprocessing"
ASKING = 0.95
"""Share of a work that the networks' is shown as, before labels are brought to the scan."""


def predicting(
    volume: Volume,
    trained: TrainedConfiguration,
    preset: Preset,
    prepared: Preprocessed | None = None,
    box: Box | None = None,
    within: Box | None = None,
) -> Work[PredictedScan]:
    """Let a configuration work on a scan.

    Parameters
    ----------
    volume : Volume
    trained : TrainedConfiguration
    preset : Preset
    prepared : Preprocessed, optional
        What `prepare_first` gave for them, if that was called before.
    box : Box, optional
        The part of the scan that networks are shown; all of it by default.
    within : Box, optional
        The part that is wanted; all of it by default. Networks look at no more than that takes,
        a cascade's first stage at all of what they are shown.

    Yields
    ------
    Progress
        The stages of a cascade are a half each. The first fold's `PredictionOnScan` is the
        interim result of one of them.
    """
    first = trained.previous_stage
    if prepared is None:
        yield Progress(PREPROCESSING, 0, 0)
        prepared = prepare_first(volume, trained, box)
    if first is None:
        return (yield from _predicting_stage(prepared, volume, trained, preset, box, within))
    work = _predicting_first(prepared, volume, first, preset, box)
    labels, shares = yield from relay(work, as_part(0, 1 / 2))
    work_on = _predicting_second(volume, trained, preset, labels, box, within)
    predicted = yield from relay(work_on, as_part(1 / 2, 1))
    return replace(predicted, shares=shares + predicted.shares)


def prepare_first(
    volume: Volume, trained: TrainedConfiguration, box: Box | None = None
) -> Preprocessed:
    """The image that a configuration's networks take, of a cascade those of its first stage."""
    return preprocess_volume(volume, trained.previous_stage or trained, box=box)


def _predicting_first(
    prepared: Preprocessed,
    volume: Volume,
    trained: TrainedConfiguration,
    preset: Preset,
    box: Box | None,
) -> Work[tuple[Labels, tuple[Share, ...]]]:
    """Labels that a cascade's second stage is given."""
    work = _predicting_stage(prepared, volume, trained, preset, box)
    predicted = yield from relay(work, as_part(0, ASKING))
    work_on = labelling(predicted.predictions, volume.grid)
    return (yield from relay(work_on, as_part(ASKING, 1))), predicted.shares


def _predicting_second(
    volume: Volume,
    trained: TrainedConfiguration,
    preset: Preset,
    labels: Labels,
    box: Box | None,
    within: Box | None,
) -> Work[PredictedScan]:
    yield Progress(PREPROCESSING, 0, 0)
    prepared = preprocess_volume(volume, trained, labels, box)
    return (yield from _predicting_stage(prepared, volume, trained, preset, box, within))


def _predicting_stage(
    prepared: Preprocessed,
    volume: Volume,
    trained: TrainedConfiguration,
    preset: Preset,
    box: Box | None,
    within: Box | None = None,
) -> Work[PredictedScan]:
    import torch

    image, crop = torch.from_numpy(prepared.image), prepared.crop

    def place(progress: Progress) -> Progress:
        first = progress.interim
        return replace(progress, interim=first and PredictionOnScan(first, crop))

    if within is not None:
        shape = prepared.image.shape[1:]
        part = image_part(within, shape, crop, volume.grid, trained)
        if part is None:
            return PredictedScan(volume, (), (Share.none(trained, preset),))
        work = predict_within(image, trained, preset, part)
    elif preset.where_organs_are:
        spacing = trained.image_spacing(crop.spacing)
        passes = expect_workload(part_of(volume, box), trained, preset).passes
        work = predict_balanced(image, trained, preset, spacing, passes)
    else:
        work = predict_everywhere(image, trained, preset)
    prediction = yield from relay(steadily(work), place)
    on_scan = PredictionOnScan(prediction, crop)
    return PredictedScan(volume, (on_scan,), (Share.of(on_scan, volume.grid),))
