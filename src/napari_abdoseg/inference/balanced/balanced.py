"""The whole ensemble where it matters: its first fold finds the place.

The first fold without mirroring looks at the whole image. Wherever it holds an organ for
possible, and some way around, the other folds and mirrorings work until the organs are settled.
Where that is not safe, the whole ensemble looks everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

from napari_abdoseg.inference.balanced.early_stopping import predict_until_settled
from napari_abdoseg.inference.balanced.organ_region import cover_organs, touches_border
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.prediction import Prediction
from napari_abdoseg.inference.network.sliding_window import STAGE, count_folds, predict_everywhere
from napari_abdoseg.inference.network.tiling import tile_image
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Progress, Work, relay

if TYPE_CHECKING:
    import torch

NOTHING_FOUND = (
    "The first fold found no organ: the whole ensemble looks through the whole scan, which takes "
    "longer."
)
TOO_SMALL = (
    "An organ reaches the border of the region that the first fold had found: the whole ensemble "
    "looks through the whole scan, which takes longer."
)


def predict_balanced(
    image: torch.Tensor,
    trained: TrainedConfiguration,
    preset: Preset,
    spacing: Sequence[float],
    expected: int,
) -> Work[Prediction]:
    """Mean logits of an ensemble around the organs.

    Parameters
    ----------
    image : Tensor, shape (channel, z, y, x)
        Preprocessed image at the network's spacing.
    trained : TrainedConfiguration
    preset : Preset
        Which folds work, and whether mirrored.
    spacing : sequence of float
        mm along the (z, y, x) of the image.
    expected : int
        Passes of a network that it will take, as far as that can be told before.

    Yields
    ------
    Progress
        After each pass of a network; the total is what is expected by then. The first
        fold's prediction comes with it, and a notice where the whole image is searched after
        all.
    """
    members = preset.count_members(trained)
    part = count_folds(1, len(trained.members))

    def begin_with(progress: Progress) -> Progress:
        if members == 1:
            return progress
        passes = progress.total
        most = passes * members
        return replace(progress, total=max(expected, passes), most=most, part=part)

    alone = replace(preset, first_fold_only=True, mirroring=False)
    first = yield from relay(predict_everywhere(image, trained, alone), begin_with)
    if members == 1:
        return first
    done, shape, everywhere = first.passes, first.shape, first.passes * members
    begin = Progress(STAGE, done, max(expected, done), most=everywhere, part=part)
    yield replace(begin, interim=first)
    cover = cover_organs(first, spacing)

    def go_on(progress: Progress) -> Progress:
        return replace(
            progress,
            done=done + progress.done,
            total=done + progress.total,
            most=progress.most and done + progress.most,
            interim=None,
        )

    if cover is None:
        del first
        yield replace(begin, notice=NOTHING_FOUND)
    else:
        around = (slice(None), *cover.region)
        known = first.logits[around].clone()
        del first
        tiling = tile_image(image[around], tuple(trained.planned.patch_size), cover.corners)
        likely = min(sqrt(len(cover.corners) / done), 1.0)
        work = predict_until_settled(tiling, known, trained, preset, likely)
        found = yield from relay(work, go_on)
        done += found.passes
        winners = map_winners(found.logits, trained.model.described.has_regions)
        if not touches_border(winners, cover, shape):
            return replace(
                found,
                shape=shape,
                region=cover.region,
                passes=done,
                passes_everywhere=everywhere,
            )
        yield replace(begin, done=done, notice=TOO_SMALL)
    whole = yield from relay(predict_everywhere(image, trained, preset), go_on)
    return replace(whole, passes=done + whole.passes)
