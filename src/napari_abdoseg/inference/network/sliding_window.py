"""Networks over a volume larger than their patch, all members everywhere.

The arithmetic is nnU-Net's to the last bit: half overlapping tiles, logits
weighted by a Gaussian, half-precision sums, the mean over mirrored passes and
over folds. Only the loop is ours, so that it can report and stop at each pass.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.accumulation_device import gather, gathering_places
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.class_parts import added, in_parts, joined, mean_in_parts
from napari_abdoseg.inference.network.network import Network, network_on_device
from napari_abdoseg.inference.network.prediction import Prediction, whole_prediction
from napari_abdoseg.inference.network.tiling import Tiling, mirrorings, tile_image, tile_starts
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Progress, Work, relay

if TYPE_CHECKING:
    import torch

STAGE = "Segmenting"


def predict_everywhere(
    image: torch.Tensor, trained: TrainedConfiguration, preset: Preset
) -> Work[Prediction]:
    """Mean logits over a whole image.

    Parameters
    ----------
    image : Tensor, shape (channel, z, y, x)
        Preprocessed image at the network's spacing.
    trained : TrainedConfiguration
    preset : Preset
        Which folds work, and whether mirrored.

    Yields
    ------
    Progress
        After each pass of a network, counted over all tiles, mirrorings and folds. The
        first fold's prediction comes with it as soon as it is there.

    Raises
    ------
    DeviceError
        A single tile needs more memory than the device has.
    """
    tiling = tile_image(image, tuple(trained.planned.patch_size))
    return (yield from _predict_tiles(tiling, trained, preset))


def predict_within(
    image: torch.Tensor, trained: TrainedConfiguration, preset: Preset, part: Sequence[slice]
) -> Work[Prediction]:
    """Mean logits in a part of an image: there they are what `predict_everywhere` gives.

    All tiles work that look at any of it, where they lie in the whole image.

    Parameters
    ----------
    image, trained, preset
        See `predict_everywhere`.
    part : sequence of slice
        Along z, y and x of the image.

    Yields
    ------
    Progress
        See `predict_everywhere`.

    Returns
    -------
    Prediction
        Its region is the part.
    """
    patch, shape = tuple(trained.planned.patch_size), tuple(image.shape[1:])
    sizes = (*[1] * (len(shape) - len(patch)), *patch)
    starts = [
        [start for start in tile_starts(size, tile) if start < of.stop and of.start < start + tile]
        for size, tile, of in zip(shape, sizes, part, strict=True)
    ]
    around = tuple(
        slice(along[0], min(along[-1] + tile, size))
        for along, tile, size in zip(starts, sizes, shape, strict=True)
    )
    corners = itertools.product(
        *([start - whole.start for start in along] for along, whole in zip(starts, around))
    )
    tiling = tile_image(image[(slice(None), *around)], patch, corners)
    found = yield from relay(_predict_tiles(tiling, trained, preset), _without_interim)
    inside = tuple(
        slice(of.start - whole.start, of.stop - whole.start) for of, whole in zip(part, around)
    )
    return replace(
        found,
        shape=shape,
        region=tuple(part),
        logits=found.logits[(slice(None), *inside)].clone(),
        fold_winners=tuple(winners[inside].clone() for winners in found.fold_winners),
    )


def _without_interim(progress: Progress) -> Progress:
    return replace(progress, interim=None)


def _predict_tiles(
    tiling: Tiling, trained: TrainedConfiguration, preset: Preset
) -> Work[Prediction]:
    """Mean logits of all of a tiling's image; see `predict_everywhere`."""
    members = preset.used(trained.members)
    flips = mirrorings(members[0].mirror_axes if preset.mirroring else ())
    passes = len(tiling.different) * len(flips)
    total = passes * len(members)
    places = gathering_places(trained)
    mean: torch.Tensor | None = None
    fold_winners: tuple[torch.Tensor, ...] = ()
    with network_on_device(trained, preset.arithmetic) as network:
        for before in range(0, total, passes):
            network.load(members[before // passes])
            part = count_folds(before // passes + 1, len(members))
            begin = Progress(STAGE, before, total, part=part)
            fold = partial(_predict_fold, tiling, network, flips, trained, begin)
            logits, winners = yield from gather(fold, places, trained)
            fold_winners += (winners,)
            mean = logits if mean is None else mean.add_(logits)
            del logits
            if before == 0 and members[1:]:
                first = whole_prediction(trained, mean, fold_winners, passes)
                yield replace(begin, done=passes, interim=first)
    assert mean is not None
    if len(members) > 1:
        mean /= len(members)
    return whole_prediction(trained, mean, fold_winners, total)


def count_folds(worked: int, folds: int) -> str:
    """How many folds have worked or do so now; empty where there is one alone."""
    return f"{min(worked, folds)} of {folds} folds" if folds > 1 else ""


def _predict_fold(
    tiling: Tiling,
    network: Network,
    flips: Sequence[tuple[int, ...]],
    trained: TrainedConfiguration,
    begin: Progress,
    sums_on: torch.device,
) -> Work[tuple[torch.Tensor, torch.Tensor]]:
    """Logits of one fold and its winners in main memory; reports after each pass."""
    import torch

    sums = Accumulator.empty(trained, tiling, torch.half, sums_on)
    there, network = tiling.on(sums_on), network.gathering_on(sums_on)
    classes = len(sums.logits)
    images = (there.cut(tile, network.device) for tile in tiling.different)
    answers = network.answers((image, axes) for image in images for axes in flips)
    known: dict[float, torch.Tensor] = {}
    done = begin.done
    for tile, constant in zip(tiling.tiles, tiling.constants, strict=True):
        if constant in known:
            sums.add(tile, in_parts(known[constant]))
            continue
        others: torch.Tensor | None = None
        for _ in flips[:-1]:
            others = added(next(answers), others, classes)
            done += 1
            yield replace(begin, done=done)
        answer = mean_in_parts(next(answers), others, len(flips))
        if constant is not None:
            known[constant] = joined(answer, classes)
            answer = in_parts(known[constant])
        sums.add(tile, answer)
        done += 1
        yield replace(begin, done=done)
    logits = sums.mean()
    winners = map_winners(logits, trained.model.described.has_regions)
    return logits.to("cpu"), winners.to("cpu")
