"""An ensemble that works no longer than its answer still changes.

Members, each a fold in one mirroring, work in rounds: in each round every fold works
once, each in another mirroring than before. What the last member of a round changed
tells what all that are left would change: the mean of m of M members is off the mean
of all by s * sqrt(1/m - 1/M), s being the spread of members, and the step from m - 1
to m members by s * sqrt(1/(m-1) - 1/m). Along a surface the number of voxels that
change goes with that distance. An organ is settled when the members left would change
its DSC by less than `TOLERANCE`; tiles without a change of an organ that is not are
left out of the next round.

The errors of a mean over members drawn without replacement are those of W. G. Cochran,
Sampling Techniques, 3rd edition (1977), chapter 2. That few members of an ensemble
are enough for most inputs was shown for classification by Wang et al., Wisdom of
Committees (2022), https://arxiv.org/abs/2012.01988.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

from napari_abdoseg.inference.gathering import gather, gathering_places
from napari_abdoseg.inference.network import Network, network_on_device
from napari_abdoseg.inference.prediction import Prediction, whole_prediction
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.inference.sliding_window import STAGE
from napari_abdoseg.inference.sums import Sums
from napari_abdoseg.inference.tiling import Tiling, mirrorings
from napari_abdoseg.inference.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch

TOLERANCE = 0.001
"""DSC that an organ may be expected to be off the whole ensemble's."""


def predict_until_settled(
    tiling: Tiling, trained: TrainedConfiguration, preset: Preset
) -> Work[Prediction]:
    """Mean logits of as many members as it takes.

    Parameters
    ----------
    tiling : Tiling
        Of a preprocessed image, or a part of it.
    trained : TrainedConfiguration
    preset : Preset
        Which folds work, and whether mirrored.

    Yields
    ------
    Progress
        After each pass of a network; the total falls as tiles settle.

    Raises
    ------
    DeviceError
        A single tile needs more memory than the device has.
    """
    with network_on_device(trained, preset.bfloat16) as network:
        attempt = partial(_predict, tiling, network, trained, preset)
        return (yield from gather(attempt, gathering_places(trained), trained))


def _predict(
    tiling: Tiling,
    network: Network,
    trained: TrainedConfiguration,
    preset: Preset,
    sums_on: torch.device,
) -> Work[Prediction]:
    import torch

    members = preset.used(trained.members)
    order = in_rounds(len(members), mirrorings(members[0].mirror_axes if preset.mirroring else ()))
    tiles, done = tiling.tiles, 0
    sums = Sums.empty(trained, tiling, torch.float32, sums_on)
    fold_winners: list[torch.Tensor] = []
    for worked, (fold, flip) in enumerate(order, start=1):
        before = sums.winners() if worked % len(members) == 0 else None
        network.load(members[fold])
        first_of_fold = worked <= len(members)
        own = Sums.empty(trained, tiling, torch.float32, sums_on) if first_of_fold else sums
        total = done + (len(order) - worked + 1) * len(tiles)
        for tile in tiles:
            own.add(tile, network.run(tiling.cut(tile, network.device), flip)[0])
            done += 1
            yield Progress(STAGE, done, total)
        if first_of_fold:
            fold_winners.append(own.winners()[tiling.inside].to("cpu"))
            sums.include(own)
            del own
        if before is not None and worked > 1:
            changing = changes_that_matter(before, sums.winners(), worked, len(order))
            tiles = [tile for tile in tiles if changing[tile[1:]].any()]
            if not tiles:
                break
    return whole_prediction(trained, sums.mean(), tuple(fold_winners), done)


def in_rounds(folds: int, flips: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """Every fold in every mirroring: each fold once a round, in another mirroring each time."""
    return [
        (fold, flips[(number + fold) % len(flips)])
        for number in range(len(flips))
        for fold in range(folds)
    ]


def changes_that_matter(
    before: torch.Tensor, now: torch.Tensor, worked: int, members: int
) -> torch.Tensor:
    """Voxels whose class the last member changed, of organs that are not settled.

    Parameters
    ----------
    before, now : Tensor of uint8 or int16, shape (z, y, x)
        Winners before and after the last member worked.
    worked, members : int
        Members that have worked, two at least, and all there are.

    Returns
    -------
    Tensor of bool, shape (z, y, x)
    """
    import torch

    changed = before != now
    classes = int(max(before.max(), now.max())) + 1
    sizes, lost, gained = (
        torch.bincount(winners.flatten().int(), minlength=classes)
        for winners in (now, before[changed], now[changed])
    )
    expected = (lost + gained) * share_left(worked, members)
    unsettled = expected > 2 * TOLERANCE * sizes
    unsettled[0] = False
    return changed & (unsettled[before.int()] | unsettled[now.int()])


def share_left(worked: int, members: int) -> float:
    """Change that the members left are expected to make, as a multiple of the last one's."""
    return sqrt((1 / worked - 1 / members) / (1 / (worked - 1) - 1 / worked))
