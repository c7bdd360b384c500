"""What torch can do on this machine, and whether networks find organs there.

It is run in a process of its own, `python -m napari_abdoseg.inference.self_test`, so that
whatever goes wrong in a library ends that alone. It prints a line of JSON for each thing as soon
as that is known.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator
from typing import Any

from napari_abdoseg.inference.hardware.device import Device, choose_device
from napari_abdoseg.inference.hardware.machine import machine_warnings
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segment

SEED, SPACING = 7, (8.0, 6.0, 6.0)


def main() -> None:
    """Print what `facts` finds."""
    try:
        for fact in facts():
            print(json.dumps(fact), flush=True)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.name}, line {place.lineno}"
        print(json.dumps({"error": f"{type(error).__name__} in {where}: {error}"}), flush=True)


def facts() -> Iterator[dict[str, Any]]:
    """Facts as they become known: torch's build, the device, and how the phantom went."""
    prepare_for_torch()
    import torch

    yield {"torch": torch.__version__, "build": _build(), "threads": torch.get_num_threads()}
    device = choose_device()
    yield {
        "device": device.name,
        "reason": device.reason,
        "gpus": [_gpu(number) for number in range(torch.cuda.device_count())],
        "warnings": machine_warnings(device),
    }
    yield {"self_test": _try(device)}


def _build() -> str:
    import torch

    if torch.version.hip:
        return f"for ROCm {torch.version.hip}"
    if torch.version.cuda:
        return f"for CUDA {torch.version.cuda}"
    return "with MPS" if torch.backends.mps.is_built() else "for the CPU alone"


def _gpu(number: int) -> str:
    import torch

    properties = torch.cuda.get_device_properties(number)
    free, total = torch.cuda.mem_get_info(number)
    kind = f"sm_{properties.major}{properties.minor}"
    return f"{properties.name}, {kind}, {free / 1e9:.1f} of {total / 1e9:.1f} GB free"


def _try(device: Device) -> dict[str, Any]:
    """Segment a tiny phantom by one fold of the demo ensemble."""
    from napari_abdoseg.image.phantom import make_phantom

    volume, truth = make_phantom(SEED, SPACING)
    ensemble = load_ensemble("demo", folds=[0], device=device.name)
    begin = time.perf_counter()
    found = segment(volume, ensemble, preset="fast")
    seconds = time.perf_counter() - begin
    overlaps = {}
    for organ in truth.organs:
        ours, real = found.data == organ.value, truth.data == organ.value
        overlaps[organ.name] = float(2 * (ours & real).sum() / max(ours.sum() + real.sum(), 1))
    return {"device": device.name, "seconds": seconds, "dsc": overlaps}


if __name__ == "__main__":
    main()
