"""An ensemble that works no longer than its answer still changes.

Members, each a fold in one mirroring, work in rounds: in each round every fold works
once, each in another mirroring than before. What the last member of a round changed
tells what all that are left would change: the mean of m of M members is off the mean
of all by s * sqrt(1/m - 1/M), s being the spread of members, and the step from m - 1
to m members by s * sqrt(1/(m-1) - 1/m). Along a surface the number of voxels that
change goes with that distance. A voxel that changes is shared out among the tiles that
look at it by their weights there. After each round those tiles are left out which change
least, as many as are expected to change no organ's DSC by more than `TOLERANCE`, all that
are left out in all rounds together.

The errors of a mean over members drawn without replacement are those of W. G. Cochran,
Sampling Techniques, 3rd edition (1977), chapter 2. That few members of an ensemble
are enough for most inputs was shown for classification by Wang et al., Wisdom of
Committees (2022), https://arxiv.org/abs/2012.01988.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.accumulation_device import gather, gathering_places
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.network import Network, network_on_device
from napari_abdoseg.inference.network.prediction import Prediction, whole_prediction
from napari_abdoseg.inference.network.sliding_window import STAGE, count_folds
from napari_abdoseg.inference.network.tiling import Tile, Tiling, mirrorings
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch

TOLERANCE = 0.0001
"""DSC that an organ is expected to be off the whole ensemble's at most."""


def predict_until_settled(
    tiling: Tiling,
    known: torch.Tensor,
    trained: TrainedConfiguration,
    preset: Preset,
    likely: float,
) -> Work[Prediction]:
    """Mean logits of as many members as it takes.

    Parameters
    ----------
    tiling : Tiling
        Of a preprocessed image, or a part of it.
    known : Tensor, shape (class, z, y, x)
        Logits of the first member there, the first fold without mirroring.
    trained : TrainedConfiguration
    preset : Preset
        Which folds work, and whether mirrored.
    likely : float
        Share of the rounds after the present one that tiles are expected to be in, above 0.

    Yields
    ------
    Progress
        After each pass of a network; what is expected, and the most, change as tiles settle.

    Raises
    ------
    DeviceError
        A single tile needs more memory than the device has.
    """
    with network_on_device(trained, preset.approximate) as network:
        attempt = partial(_predict, tiling, known, network, trained, preset, likely)
        return (yield from gather(attempt, gathering_places(trained), trained))


def _predict(
    tiling: Tiling,
    known: torch.Tensor,
    network: Network,
    trained: TrainedConfiguration,
    preset: Preset,
    likely: float,
    sums_on: torch.device,
) -> Work[Prediction]:
    import torch

    members = preset.used(trained.members)
    order = in_rounds(len(members), mirrorings(members[0].mirror_axes if preset.mirroring else ()))
    tiles, done = tiling.tiles, 0
    there, network = tiling.on(sums_on), network.gathering_on(sums_on)
    sums = Accumulator.empty(trained, tiling, torch.float32, sums_on)
    given_up = torch.zeros(len(sums.logits) + 1, dtype=torch.float64)
    fold_winners: list[torch.Tensor] = []
    for worked, (fold, flip) in enumerate(order, start=1):
        before = sums.winners() if worked % len(members) == 0 else None
        first_of_fold = worked <= len(members)
        own = Accumulator.empty(trained, tiling, torch.float32, sums_on) if first_of_fold else sums
        if worked == 1:
            own.fill(known)
        else:
            network.load(members[fold])
            most = done + (len(order) - worked + 1) * len(tiles)
            in_round = -worked % len(members) + 1
            later = len(order) - worked + 1 - in_round
            total = done + (in_round + round(later * likely)) * len(tiles)
            part = count_folds(worked, len(members))
            requests = ((there.cut(tile, network.device), flip) for tile in tiles)
            for tile, answer in zip(tiles, network.answers(requests), strict=True):
                own.add(tile, answer)
                done += 1
                yield Progress(STAGE, done, total, most=most, part=part)
        if first_of_fold:
            fold_winners.append(own.winners()[tiling.inside].to("cpu"))
            sums.include(own)
            weights = own.weights
            del own
        if before is not None and 1 < worked < len(order):
            shares = (sums.gaussian / weights[tile[1:]] for tile in tiles)
            losses = losses_in_tiles(before, sums.winners(), tiles, shares, len(given_up))
            settled, given_up = choose_settled(losses * share_left(worked, len(order)), given_up)
            tiles = [tile for number, tile in enumerate(tiles) if number not in settled]
            if not tiles:
                break
    return whole_prediction(trained, sums.mean().to("cpu"), tuple(fold_winners), done)


def in_rounds(folds: int, flips: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """Every fold in every mirroring: each fold once a round, in another mirroring each time."""
    return [
        (fold, flips[(number + fold) % len(flips)])
        for number in range(len(flips))
        for fold in range(folds)
    ]


def losses_in_tiles(
    before: torch.Tensor,
    now: torch.Tensor,
    tiles: Sequence[Tile],
    shares: Iterable[torch.Tensor],
    classes: int,
) -> torch.Tensor:
    """DSC that a member's change is worth, of each class in each tile.

    Parameters
    ----------
    before, now : Tensor of uint8 or int16, shape (z, y, x)
        Winners before and after the member worked.
    tiles : sequence of Tile
    shares : iterable of Tensor, shape (*patch)
        Each tile's share in each of its voxels.
    classes : int

    Returns
    -------
    Tensor of float64, shape (tile, class)
        None of background.
    """
    import torch

    losses = torch.zeros((len(tiles), classes), dtype=torch.float64)
    for row, tile, share in zip(losses, tiles, shares, strict=True):
        old, new = before[tile[1:]], now[tile[1:]]
        changed = old != new
        weight = share[changed].double().cpu()
        for winners in (old, new):
            row += torch.bincount(winners[changed].int().cpu(), weight, classes)
    sizes = torch.bincount(now.flatten().int(), minlength=classes).cpu()
    losses /= 2 * sizes.clamp(min=1)
    losses[:, 0] = 0
    return losses


def choose_settled(losses: torch.Tensor, given_up: torch.Tensor) -> tuple[set[int], torch.Tensor]:
    """Tiles to leave out, those that lose least first.

    Parameters
    ----------
    losses : Tensor of float64, shape (tile, class)
        DSC that each class is expected to lose without the tile.
    given_up : Tensor of float64, shape (class,)
        DSC lost with tiles that were left out before.

    Returns
    -------
    set of int
        Their rows.
    Tensor of float64, shape (class,)
        DSC lost with all that are left out now.
    """
    order = losses.amax(1).argsort()
    lost = given_up + losses[order].cumsum(0)
    count = int((lost <= TOLERANCE).all(1).sum())
    return set(order[:count].tolist()), lost[count - 1] if count else given_up


def share_left(worked: int, members: int) -> float:
    """Change that the members left are expected to make, as a multiple of the last one's."""
    return sqrt((1 / worked - 1 / members) / (1 / (worked - 1) - 1 / worked))
