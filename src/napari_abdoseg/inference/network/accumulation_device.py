"""Where logits are summed up: on the device, or in main memory when that is full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from napari_abdoseg.errors import DeviceError
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.network import device_of
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")


def gathering_places(trained: TrainedConfiguration) -> list[torch.device]:
    """The device, then main memory."""
    import torch

    device, cpu = device_of(trained), torch.device("cpu")
    return [cpu] if device == cpu else [device, cpu]


def gather(
    attempt: Callable[[torch.device], Work[Result]],
    places: list[torch.device],
    trained: TrainedConfiguration,
) -> Work[Result]:
    """Work that sums up in the first of the places; one that is full is struck off.

    Raises
    ------
    DeviceError
        The last is full too: a single tile needs more memory than the device has.
    """
    import torch
    from nnunetv2.utilities.helpers import empty_cache

    last = Progress("", 0, 0)
    while True:
        work = attempt(places[0])
        try:
            while True:
                last = next(work)
                yield last
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except torch.OutOfMemoryError as error:
            empty_cache(device_of(trained))
            del places[0]
            if not places:
                patch = " x ".join(map(str, trained.planned.patch_size))
                raise DeviceError(
                    f"{trained.device.name} has too little memory for one tile of {patch} voxels: "
                    "choose another device."
                ) from error
            notice = (
                f"{trained.device.name} ran out of memory: results are now gathered in main "
                "memory, which is slower."
            )
            yield replace(last, notice=notice, interim=None)
        finally:
            work.close()
