"""A fold that comes to agree with slices that were corrected.

Of its network only the instance norms' parameters and the last layer are tuned: few enough that a
handful of slices says something of all of them, and of an ensemble that lacks the scan's contrast
most of what it lacks. Elsewhere the network is held to what it said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.inference.export.keeping import scores
from napari_abdoseg.inference.model.architecture import build_network
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.network import device_of
from napari_abdoseg.inference.network.tiling import Tiling
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch
    from torch import nn

STAGE = "Learning from slices"
STEPS, RATE = 30, 5e-3
MOST_TILES = 6
"""Those that show most of the organ in the slices."""
HELD = 1.0
"""How much it counts to say what was said before, elsewhere."""


def tuning(
    trained: TrainedConfiguration,
    tiling: Tiling,
    known: torch.Tensor,
    true: torch.Tensor,
    classes: list[int],
) -> Work[Mapping[str, torch.Tensor]]:
    """Weights of the first fold that agree with what is known of an organ.

    Parameters
    ----------
    trained : TrainedConfiguration
        Whose own weights stay as they are.
    tiling : Tiling
        Of the preprocessed image.
    known : Tensor of bool, shape (z, y, x) of the tiling's padded image
        Where it is known whether a voxel is the organ's.
    true : Tensor of bool, of the same shape
        Whether it is.
    classes : list of int
        Numbers of the classes that are the organ.

    Yields
    ------
    Progress
        After each step.

    Raises
    ------
    CorrectionError
        The network has no instance norms, or nothing is known, or it takes too much memory.
    """
    import torch

    try:
        return (yield from _steps(trained, tiling, known, true, classes))
    except torch.OutOfMemoryError as error:
        raise CorrectionError(
            f"Learning takes more memory than {trained.device.name} has free: end what else runs "
            "there, or choose the CPU."
        ) from error


def _steps(
    trained: TrainedConfiguration,
    tiling: Tiling,
    known: torch.Tensor,
    true: torch.Tensor,
    classes: list[int],
) -> Work[Mapping[str, torch.Tensor]]:
    import torch

    device, regions = device_of(trained), trained.model.described.has_regions
    member = trained.members[0]
    module = build_network(trained)
    module.load_state_dict(member.weights)
    module.to(device)
    tuned = _tuned(module)
    tiles = _telling(tiling, known, true)
    images = [tiling.cut(tile, device) for tile in tiles]
    before: list[torch.Tensor] = []
    for image in images:
        yield Progress(STAGE, 0, STEPS)
        with torch.no_grad():
            before.append(torch.softmax(scores(module(image)[0], regions), 0))
    optimizer = torch.optim.Adam(tuned, lr=RATE)
    for step in range(STEPS):
        number = step % len(tiles)
        there = tiles[number][1:]
        logits = scores(module(images[number])[0], regions)
        loss = _loss(
            logits, before[number], known[there].to(device), true[there].to(device), classes
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        yield Progress(STAGE, step + 1, STEPS)
    return {name: weights.detach().cpu() for name, weights in module.state_dict().items()}


def _tuned(module: nn.Module) -> list[nn.Parameter]:
    """Parameters that are; all others no longer ask for a gradient."""
    from torch.nn.modules.instancenorm import _InstanceNorm

    norms = [each for each in module.modules() if isinstance(each, _InstanceNorm) and each.affine]
    last: Any = getattr(getattr(module, "decoder", None), "seg_layers", None)
    if not norms or last is None:
        raise CorrectionError(
            "This model's networks are of a kind that can't learn from a case: correct it by the "
            "other tools."
        )
    for parameter in module.parameters():
        parameter.requires_grad = False
    tuned = {id(each): each for norm in (*norms, last[-1]) for each in norm.parameters()}
    for parameter in tuned.values():
        parameter.requires_grad = True
    return [*tuned.values()]


def _telling(tiling: Tiling, known: torch.Tensor, true: torch.Tensor) -> list[Any]:
    """Tiles of which the slices tell most, of the organ before all."""

    def told(tile: Any) -> tuple[int, int]:
        there = tile[1:]
        return int((known[there] & true[there]).sum()), int(known[there].sum())

    rated = [(told(tile), number) for number, tile in enumerate(tiling.tiles)]
    best = sorted(rated, key=lambda each: (*each[0], -each[1]), reverse=True)[:MOST_TILES]
    tiles = [tiling.tiles[number] for (_, count), number in best if count]
    if not tiles:
        raise CorrectionError(
            "None of the slices shows anything of what the networks see: correct one through the "
            "organ first."
        )
    return tiles


def _loss(
    logits: torch.Tensor,
    before: torch.Tensor,
    known: torch.Tensor,
    true: torch.Tensor,
    classes: list[int],
) -> torch.Tensor:
    """Cross entropy and Dice of the organ where it is known, and what was said before elsewhere."""
    import torch

    logs = torch.log_softmax(logits, 0)
    others = [number for number in range(len(logits)) if number not in classes]
    organ, rest = (torch.logsumexp(logs[some], 0)[known] for some in (classes, others))
    wanted = true[known].float()
    entropy = -(wanted * organ + (1 - wanted) * rest).mean()
    found = organ.exp()
    dice = 1 - (2 * (found * wanted).sum() + 1) / (found.sum() + wanted.sum() + 1)
    held = -(before * logs).sum(0)[~known].mean()
    total: torch.Tensor = entropy + dice + HELD * held
    return total
