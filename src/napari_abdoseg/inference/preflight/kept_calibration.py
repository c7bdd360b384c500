"""What a model takes on this machine, kept from one run to the next.

A measurement is kept for a week, apart for whatever it depends on: the machine with its device and
threads, the network, the versions that run it, and the spacing of the scan.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from math import log
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.device import describe_device
from napari_abdoseg.inference.hardware.kept import kept_file
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preflight.calibration import Calibration, calibrating
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Work

FOLDER = "calibrations"
SECONDS = 7 * 24 * 60 * 60
"""How long a measurement counts: drivers change, and what else the machine does."""
ALIKE = 1.25
"""Factor between spacings that are taken for the same."""

_log = logging.getLogger(__name__)


def calibrating_once(
    volume: Volume, trained: TrainedConfiguration, preset: Preset
) -> Work[Calibration]:
    """What was measured for a scan like this not long ago, or `calibrating`."""
    path = _file(volume, trained, preset)
    if (kept := _read(path)) is not None:
        return kept
    measured = yield from calibrating(volume, trained, preset)
    _keep(path, measured)
    return measured


def _file(volume: Volume, trained: TrainedConfiguration, preset: Preset) -> Path:
    return kept_file(
        FOLDER,
        {
            "device": describe_device(trained.device),
            "network": (trained.name, trained.model.plans["configurations"]),
            "trainer": trained.members[0].trainer,
            "channels": (trained.input_channels, trained.model.described.heads),
            "arithmetic": preset.arithmetic.value,
            "spacing": [round(log(step, ALIKE)) for step in volume.grid.spacing],
        },
    )


def _read(path: Path) -> Calibration | None:
    """One that counts, None if there is none or it can't be read."""
    try:
        if not _counts(path):
            return None
        return TypeAdapter(Calibration).validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(path: Path, measured: Calibration) -> None:
    """Keep one, and drop those that count no more; it can be measured again where that fails."""
    try:
        make_folder(path.parent)
        write_text(path, TypeAdapter(Calibration).dump_json(measured).decode())
    except SaveError as error:
        _log.info("What this machine takes is not kept: %s", error)
        return
    for other in path.parent.glob("*.json"):
        with suppress(OSError):
            if not _counts(other):
                other.unlink()


def _counts(path: Path) -> bool:
    return 0 <= time.time() - path.stat().st_mtime <= SECONDS
