"""Fixtures for all floors: a small phantom, real CTs, small real nnU-Net models."""

from __future__ import annotations

import gc
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shared
from file_by_file import FileByFile

from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.log import log_folder

prepare_for_torch()

# One thread for torch: tests count passes, and slow them down one by one.
os.environ["OMP_NUM_THREADS"] = "1"

# A shell has what it runs in the background ignore Ctrl+C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

DEMO = Path(__file__).parent.parent / "src" / "napari_abdoseg" / "models" / "demo"


@pytest.fixture(scope="module", autouse=True)
def _imports_are_no_garbage() -> None:
    """Let collections of garbage pass over all that was imported: napari collects often."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Let torch begin with one, whatever a cluster's worker in this process was told."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _logs_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep logs and journals apart from the user's own, those of processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("share")))
        yield


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder of the logs that a test keeps; nothing is logged elsewhere before and after."""
    ours = logging.getLogger("napari_abdoseg")
    before = (ours.handlers, ours.propagate, ours.level)
    ours.handlers, ours.propagate = [logging.NullHandler()], True
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield log_folder()
    for handler in ours.handlers:
        with suppress(OSError):  # of a disk that is full
            handler.close()
    ours.handlers, ours.propagate = before[:2]
    ours.setLevel(before[2])


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real CTs; a user's checkout has none."""
    if not shared.FOLDER.is_dir():
        pytest.skip(shared.REASON)
    return shared.FOLDER


@pytest.fixture(scope="session")
def phantom() -> tuple[Volume, LabelMap]:
    """A coarse phantom and its truth."""
    return make_phantom(5, (8.0, 6.0, 6.0))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KB and 100 files, where this machine lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k,nr_inodes=100", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk takes root on Linux")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def built_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """A function that builds small random networks once, and gives the folder that holds them."""

    @cache
    def built(wanted: str) -> Path:
        folder = tmp_path_factory.mktemp("built")
        _build_model(folder, **json.loads(wanted))
        return folder

    return lambda **wanted: built(json.dumps(wanted))


@pytest.fixture
def make_model(tmp_path: Path, built_model: MakeModel) -> MakeModel:
    """A function that writes a real nnU-Net model folder with small random networks."""

    def make(
        folds: Iterable[int] = (0, 1),
        mirror_axes: tuple[int, ...] | None = (0, 1, 2),
        patch: tuple[int, ...] = (16, 16, 16),
        spacing: tuple[float, ...] = (10.0, 8.0, 8.0),
        name: str = "model",
        trainer: str = "nnUNetTrainer",
        kind: str | None = None,
        labels: dict[str, Any] | None = None,
        kernel: int = 3,
        **configuration: Any,
    ) -> Path:
        built = built_model(
            folds=list(folds),
            mirror_axes=mirror_axes and _within(mirror_axes, patch),
            patch=patch,
            spacing=spacing,
            trainer=trainer,
            kind=kind or ("2d" if len(patch) == 2 else "3d_fullres"),
            labels=labels or {},
            kernel=kernel,
            configuration=configuration,
        )
        return Path(shutil.copytree(built, tmp_path / name, copy_function=shutil.copyfile))

    return make


def _build_model(
    folder: Path,
    folds: list[int],
    mirror_axes: list[int] | None,
    patch: list[int],
    spacing: list[float],
    trainer: str,
    kind: str,
    labels: dict[str, Any],
    kernel: int,
    configuration: dict[str, Any],
) -> None:
    prepare_for_torch()  # again, since a viewer may be open by now
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    dataset = json.loads((DEMO / "dataset.json").read_text()) | labels
    plans = json.loads((DEMO / "plans.json").read_text()) | {"plans_name": "nnUNetPlans"}
    plans["configurations"] = {
        kind: _small_configuration(plans, patch, spacing, kernel) | configuration
    }
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "plans.json").write_text(json.dumps(plans))
    manager = PlansManager(plans)
    configured = manager.get_configuration(kind)
    channels = determine_num_input_channels(manager, configured, dataset)
    classes = manager.get_label_manager(dataset).num_segmentation_heads
    for fold in folds:
        torch.manual_seed(fold)
        network = nnUNetTrainer.build_network_architecture(
            manager, configured, channels, classes, enable_deep_supervision=False
        )
        (folder / f"fold_{fold}").mkdir()
        torch.save(
            {
                "network_weights": network.state_dict(),
                "trainer_name": trainer,
                "init_args": {"configuration": kind, "fold": fold},
                "inference_allowed_mirroring_axes": mirror_axes and tuple(mirror_axes),
            },
            folder / f"fold_{fold}" / "checkpoint_final.pth",
        )


def _within(axes: tuple[int, ...], patch: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis for axis in axes if axis < len(patch))


def _small_configuration(
    plans: dict[str, Any], patch: list[int], spacing: list[float], kernel: int
) -> dict[str, Any]:
    configuration = json.loads(json.dumps(plans["configurations"]["3d_fullres"]))
    dimensions = len(patch)
    configuration |= {"patch_size": patch, "spacing": spacing, "batch_dice": False}
    arguments = configuration["architecture"]["arch_kwargs"]
    arguments |= {
        "n_stages": 2,
        "features_per_stage": [4, 8],
        "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
        "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
        "kernel_sizes": [[kernel] * dimensions] * 2,
        "strides": [[1] * dimensions, [2] * dimensions],
        "n_conv_per_stage": [1, 1],
        "n_conv_per_stage_decoder": [1],
    }
    return configuration


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile | None:
    """What `--dist loadfile` is taken for."""
    return FileByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """What a test prints of names that are no UTF-8 can be sent to another process."""
    report = yield
    report.sections = [
        (head, text.encode(errors="backslashreplace").decode()) for head, text in report.sections
    ]
    return report
