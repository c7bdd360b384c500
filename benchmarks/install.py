"""Downloads and installations of a model from a local server against copying and unzipping it.

The model has a network of the size of nnU-Net's 3D ones, with random weights, and one fold; its
archive is made as publishers make them. All ways run in turn, several times, and medians count.

    python benchmarks/install.py
    python benchmarks/install.py --rounds 9
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.progress import drain

MB = 1e6
STAGES = (32, 64, 128, 256, 320, 320)
"""Features of nnU-Net's 3D networks, stage by stage."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["ABDOSEG_MODELS"] = str(place / "models")
        os.environ["NO_PROXY"] = "localhost"
        served = place / "served"
        served.mkdir()
        archive = zipped(make_model(place / "model"), served / "model.zip")
        with serving(served) as url:
            compare(archive, f"{url}/model.zip", place / "here", rounds)


def compare(archive: Path, url: str, place: Path, rounds: int) -> None:
    """Time each way in turn."""
    ways: dict[str, Callable[[], object]] = {
        "copying and unzipping": lambda: copy_and_unzip(archive, place),
        "copying": lambda: shutil.copyfile(archive, place / "model.zip"),
        "downloading": lambda: drain(downloading(url, place / "model.zip")),
        "`models install`": lambda: drain(installing(url, "timed")),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            clear(place)
            begin = time.perf_counter()
            work()
            seconds[way].append(time.perf_counter() - begin)
    peer = statistics.median(seconds["copying and unzipping"])
    print(f"{archive.stat().st_size / MB:.0f} MB, {rounds} rounds\n")
    print("| | seconds | ratio | ratios of single rounds |\n|---|--:|--:|---|")
    for way, each in seconds.items():
        median = statistics.median(each)
        singles = sorted(a / b for a, b in zip(each, seconds["copying and unzipping"]))
        print(
            f"| {way} | {median:.2f} | {median / peer:.2f} | {singles[0]:.2f}-{singles[-1]:.2f} |"
        )


def copy_and_unzip(archive: Path, place: Path) -> None:
    """What a user would do by hand."""
    shutil.copyfile(archive, place / "model.zip")
    subprocess.run(["unzip", "-q", place / "model.zip", "-d", place / "model"], check=True)


def clear(place: Path) -> None:
    """Have nothing there, on the disk too, as before each way."""
    for each in (place, Path(os.environ["ABDOSEG_MODELS"])):
        shutil.rmtree(each, ignore_errors=True)
    place.mkdir()
    os.sync()


def make_model(folder: Path) -> Path:
    """A model folder of the demo's make with one large network."""
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    import napari_abdoseg

    demo = Path(napari_abdoseg.__file__).parent / "models" / "demo"
    plans = json.loads((demo / "plans.json").read_text())
    dataset = json.loads((demo / "dataset.json").read_text())
    configuration = plans["configurations"]["3d_fullres"]
    arguments = configuration["architecture"]["arch_kwargs"] | {
        "n_stages": len(STAGES),
        "features_per_stage": STAGES,
        "kernel_sizes": [[3, 3, 3]] * len(STAGES),
        "strides": [[1, 1, 1], *[[2, 2, 2]] * (len(STAGES) - 1)],
        "n_conv_per_stage": [2] * (len(STAGES) - 2) + [3, 3],
        "n_conv_per_stage_decoder": [2] * (len(STAGES) - 1),
    }
    configuration["architecture"]["arch_kwargs"] = arguments
    configuration["patch_size"] = [96, 96, 96]
    plans["configurations"] = {"3d_fullres": configuration}
    manager = PlansManager(plans)
    network = nnUNetTrainer.build_network_architecture(
        manager,
        manager.get_configuration("3d_fullres"),
        1,
        manager.get_label_manager(dataset).num_segmentation_heads,
        enable_deep_supervision=False,
    )
    (folder / "fold_0").mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(plans))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    torch.save(
        {
            "network_weights": network.state_dict(),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": "3d_fullres", "fold": 0},
            "inference_allowed_mirroring_axes": None,
        },
        folder / "fold_0" / "checkpoint_final.pth",
    )
    return folder


def zipped(model: Path, archive: Path) -> Path:
    """The archive of a model, packed."""
    inside = Path("Dataset001_Timed", "nnUNetTrainer__nnUNetPlans__3d_fullres")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for each in model.rglob("*"):
            if each.is_file():
                file.write(each, inside / each.relative_to(model))
    return archive


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of a folder in a process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet)
    try:
        while process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
