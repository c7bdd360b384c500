"""What a scan will take on this machine, told before it is segmented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.device import Device, describe_device
from napari_abdoseg.inference.hardware.machine import machine_warnings
from napari_abdoseg.inference.hardware.memory import available_bytes, resident_bytes
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preflight.calibration import Calibration
from napari_abdoseg.inference.preflight.kept_calibration import calibrating_once
from napari_abdoseg.inference.preflight.memory_estimate import gpu_memory, main_memory
from napari_abdoseg.inference.preflight.scan_checks import warnings_for
from napari_abdoseg.inference.preflight.usual_extent import usual_extent
from napari_abdoseg.inference.preflight.workload import Workload, expect_workload
from napari_abdoseg.inference.preprocessing.region_box import middle_box, organs_of
from napari_abdoseg.inference.preprocessing.scan_part import part_of
from napari_abdoseg.inference.preset import DEFAULT, Preset, find_preset
from napari_abdoseg.progress import Work, spoken_bytes, spoken_duration

JUDGED_A_ROUND = 11
"""What margins take in a round, as a multiple of what it takes to find winners."""


@dataclass(frozen=True)
class Preflight:
    """What a scan is expected to take.

    Parameters
    ----------
    seconds : float
        From the scan in memory to its organs.
    memory_bytes : int
        Main memory of this process at its peak, with what it holds already.
    gpu_bytes : int
        Of the GPU, 0 where there is none.
    device : Device
    place : str
        The device in words.
    passes : int
        Passes of a network.
    warnings : tuple of str
        What speaks against the scan, the installation or the size of the memory; a
        sentence each.
    """

    seconds: float
    memory_bytes: int
    gpu_bytes: int
    device: Device
    place: str
    passes: int
    warnings: tuple[str, ...]

    @property
    def line(self) -> str:
        """All of it in a sentence, such as ``"About 3 min and 2.1 GB on the CPU."``."""
        duration, memory = spoken_duration(self.seconds), spoken_bytes(self.memory_bytes)
        if not self.gpu_bytes:
            return f"About {duration} and {memory} on {self.place}."
        gpu = spoken_bytes(self.gpu_bytes)
        return f"About {duration}, {memory} of memory and {gpu} of GPU memory on {self.place}."


def preflighting(volume: Volume, ensemble: Ensemble, preset: str = DEFAULT) -> Work[Preflight]:
    """Tell what a scan will take, from a short measurement, which is kept for others like it.

    Parameters
    ----------
    volume : Volume
        A CT in Hounsfield units.
    ensemble : Ensemble
    preset : str, optional
        See `segment`.

    Yields
    ------
    Progress
        A few times; each pass of a network can be cancelled.

    Raises
    ------
    AbdosegError
        There is no such preset.
    DeviceError
        The device has too little memory for one tile.
    """
    chosen, resident = find_preset(preset), resident_bytes()
    calibrations = []
    for trained in ensemble.stages:
        calibrations.append((yield from calibrating_once(volume, trained, chosen)))
    return _foresee(volume, ensemble, calibrations, chosen, resident)


def _foresee(
    volume: Volume,
    ensemble: Ensemble,
    calibrations: Sequence[Calibration],
    preset: Preset,
    resident: int,
) -> Preflight:
    stages, within = ensemble.stages, part_of(volume, _expected_region(volume, ensemble))
    works = [
        expect_workload(within if trained in ensemble.stages_in_region else volume, trained, preset)
        for trained in stages
    ]
    paces = [calibration.pace for calibration in calibrations]
    shares = list(zip(works, stages, paces, strict=True))
    growth = max(main_memory(*share) for share in shares)
    return Preflight(
        seconds=sum(map(_seconds, works, calibrations)),
        memory_bytes=resident + growth,
        gpu_bytes=max(gpu_memory(*share) for share in shares),
        device=ensemble.device,
        place=describe_device(ensemble.device),
        passes=sum(work.passes for work in works),
        warnings=(
            *warnings_for(volume, stages),
            *machine_warnings(ensemble.device),
            *_memory_warnings(growth, available_bytes()),
        ),
    )


def _expected_region(volume: Volume, ensemble: Ensemble) -> Box | None:
    """The part of a scan that networks are shown; None for all of it."""
    region, finder = ensemble.configurations[0].model.card.region, ensemble.region_finder
    if region is None or finder is None:
        return None
    extent = usual_extent(organs_of(region, finder.model.organs))
    return middle_box(extent, region, volume.grid)


def _seconds(work: Workload, calibration: Calibration) -> float:
    pace = calibration.pace
    judged = work.folds_around + JUDGED_A_ROUND * work.rounds
    return (
        calibration.preprocessing * work.scan
        + pace.starting * (2 if work.rounds else 1)
        + pace.passing * work.passes
        + pace.finishing * work.image * work.folds_everywhere
        + pace.judging * work.region * judged
        + calibration.labelling * work.organs
    )


def _memory_warnings(needed: int, available: int) -> list[str]:
    if needed <= available:
        return []
    return [
        f"The scan needs {spoken_bytes(needed)} more memory, and {spoken_bytes(available)} are "
        "free: close other programs, or take the preset fast."
    ]
