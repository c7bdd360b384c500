"""A network, or several, over a volume larger than its patch.

The arithmetic is nnU-Net's to the last bit: half overlapping tiles, logits
weighted by a Gaussian, half-precision sums, the mean over mirrored passes and
over folds. Only the loop is ours, so that it can report and stop at each pass.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from napari_abdoseg.errors import DeviceError, ModelError
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch
    from torch import nn

    Tile = tuple[slice | int, ...]

STAGE = "Segmenting"
STEP = 0.5
"""Distance between neighbouring tiles as a share of the patch."""
GAUSSIAN_PEAK = 10.0


def predict_logits(image: torch.Tensor, ensemble: Ensemble, preset: Preset) -> Work[torch.Tensor]:
    """Mean logits of an ensemble.

    Parameters
    ----------
    image : Tensor, shape (channel, z, y, x)
        Preprocessed image at the network's spacing.
    ensemble : Ensemble
    preset : Preset

    Yields
    ------
    Progress
        After each pass of a network, counted over all tiles, mirrors and folds.

    Returns
    -------
    Tensor of float16, shape (class, z, y, x)
        In main memory.

    Raises
    ------
    DeviceError
        A single tile needs more memory than the device has.
    """
    import torch
    from acvl_utils.cropping_and_padding.padding import pad_nd_image
    from nnunetv2.utilities.helpers import empty_cache

    device = torch.device(ensemble.device.name)
    members = preset.used(ensemble.members)
    flips = _flips(members[0].mirror_axes if preset.mirroring else ())
    patch = tuple(ensemble.configured.patch_size)
    padded, inside = pad_nd_image(image, patch, "constant", {"value": 0}, True, None)
    tiles = _tiles(tuple(padded.shape[1:]), patch)
    total = len(tiles) * len(flips) * len(members)
    network = ensemble.build_network().to(device)
    places = _gathering_places(device)
    mean: torch.Tensor | None = None
    try:
        for number, member in enumerate(members):
            network.load_state_dict(member.weights)
            before = number * len(tiles) * len(flips)
            while True:
                fold = _predict_fold(padded, network, tiles, flips, patch, device, places[0])
                try:
                    logits = yield from _report(fold, before, total)
                    break
                except torch.OutOfMemoryError as error:
                    empty_cache(device)
                    if not places[1:]:
                        raise DeviceError(
                            f"{ensemble.device.name} has too little memory for one tile of "
                            f"{' x '.join(map(str, patch))} voxels: choose another device."
                        ) from error
                    places = places[1:]
                    yield Progress(STAGE, before, total, _memory_notice(ensemble))
            mean = logits if mean is None else mean.add_(logits)
            del logits
    finally:
        network.to("cpu")
        empty_cache(device)
    assert mean is not None
    if len(members) > 1:
        mean /= len(members)
    return mean[(slice(None), *inside[1:])]


def _gathering_places(device: torch.device) -> list[torch.device]:
    """Where to sum up logits: on the device, else in main memory."""
    import torch

    cpu = torch.device("cpu")
    return [cpu] if device == cpu else [device, cpu]


def _memory_notice(ensemble: Ensemble) -> str:
    return (
        f"{ensemble.device.name} ran out of memory: results are now gathered in main memory, "
        "which is slower."
    )


def _report(
    fold: Generator[None, None, torch.Tensor], before: int, total: int
) -> Work[torch.Tensor]:
    """Turn the passes of a fold into progress over all."""
    for done in itertools.count(before + 1):
        try:
            next(fold)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield Progress(STAGE, done, total)
    raise AssertionError


def _predict_fold(
    image: torch.Tensor,
    network: nn.Module,
    tiles: Sequence[Tile],
    flips: Sequence[tuple[int, ...]],
    patch: tuple[int, ...],
    device: torch.device,
    sums_on: torch.device,
) -> Generator[None, None, torch.Tensor]:
    """Logits of one fold in main memory; yields after each pass."""
    import torch
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    gaussian = compute_gaussian(
        patch, sigma_scale=1 / 8, value_scaling_factor=GAUSSIAN_PEAK, device=sums_on
    )
    weights = torch.zeros(image.shape[1:], dtype=torch.half, device=sums_on)
    logits: torch.Tensor | None = None
    for tile in tiles:
        patch_image = image[tile][None].clone(memory_format=torch.contiguous_format).to(device)
        prediction: torch.Tensor | None = None
        for axes in flips:
            passed = _predict(network, patch_image, axes)
            prediction = passed if prediction is None else _add(prediction, passed)
            yield
        assert prediction is not None
        if logits is None:
            shape = (prediction.shape[1], *image.shape[1:])
            logits = torch.zeros(shape, dtype=torch.half, device=sums_on)
        _accumulate(logits, weights, tile, prediction, gaussian, len(flips))
    assert logits is not None
    torch.div(logits, weights, out=logits)
    if torch.any(torch.isinf(logits)):
        raise ModelError(
            "The network's output is beyond what half precision can hold: the weights are "
            "damaged; copy the model folder again."
        )
    return logits.to("cpu")


def _predict(network: nn.Module, image: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Logits of one pass, mirrored along ``axes`` and back."""
    import torch

    on_cuda = image.device.type == "cuda"
    with torch.inference_mode(), torch.autocast("cuda") if on_cuda else contextlib.nullcontext():
        if not axes:
            return network(image)  # type: ignore[no-any-return]
        return torch.flip(network(torch.flip(image, axes)), axes)


def _add(prediction: torch.Tensor, passed: torch.Tensor) -> torch.Tensor:
    import torch

    with torch.inference_mode():
        return prediction.add_(passed)


def _accumulate(
    logits: torch.Tensor,
    weights: torch.Tensor,
    tile: Tile,
    prediction: torch.Tensor,
    gaussian: torch.Tensor,
    passes: int,
) -> None:
    import torch

    with torch.inference_mode():
        if passes > 1:
            prediction /= passes
        logits[tile] += prediction[0].to(logits.device).mul_(gaussian)
        weights[tile[1:]] += gaussian


def _flips(mirror_axes: Sequence[int]) -> list[tuple[int, ...]]:
    """Every combination of mirrored axes of a batch, none first."""
    axes = [axis + 2 for axis in mirror_axes]
    counts = range(len(axes) + 1)
    return [flip for count in counts for flip in itertools.combinations(axes, count)]


def _tiles(shape: tuple[int, ...], patch: tuple[int, ...]) -> list[Tile]:
    """Index of each tile in an image of (channel, z, y, x); a 2D patch goes slice by slice."""
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    steps = compute_steps_for_sliding_window(shape[-len(patch) :], patch, STEP)
    slices: list[list[int]] = [list(range(size)) for size in shape[: -len(patch)]]
    corners = itertools.product(*slices, *steps)
    kept = len(slices)
    return [
        (
            slice(None),
            *corner[:kept],
            *(slice(at, at + size) for at, size in zip(corner[kept:], patch, strict=True)),
        )
        for corner in corners
    ]
