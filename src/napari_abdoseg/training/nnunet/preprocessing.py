"""Cases resampled and normalised by nnU-Net, each whole or not there."""

from __future__ import annotations

import multiprocessing
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.image.files.saving import replaced_file

PART = ".part"
"""Ending of the folder in which a case is written."""


def preprocess(preprocessed: str, raw: str, plans: str, configuration: str, processes: int) -> None:
    """Preprocess the cases that are not there yet.

    Parameters
    ----------
    preprocessed, raw : str
        The data set's folders.
    plans, configuration : str
    processes : int
    """
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
    from nnunetv2.utilities.utils import get_filenames_of_train_images_and_targets

    planned = PlansManager(str(Path(preprocessed) / f"{plans}.json"))
    target = Path(preprocessed) / planned.get_configuration(configuration).data_identifier
    target.mkdir(parents=True, exist_ok=True)
    for left in target.glob(f"*{PART}"):
        shutil.rmtree(left)
    cases = get_filenames_of_train_images_and_targets(raw)
    waiting = [
        (name, files) for name, files in cases.items() if not finished(target, name).exists()
    ]
    work = partial(preprocess_case, target, planned.plans, configuration, raw)
    if waiting:
        with multiprocessing.get_context("spawn").Pool(min(processes, len(waiting))) as pool:
            for _ in pool.imap_unordered(work, waiting):
                pass
    copy_labels(
        Path(preprocessed) / "gt_segmentations", [Path(files["label"]) for files in cases.values()]
    )


def finished(folder: Path, case: str) -> Path:
    """File that is there when a case is."""
    return folder / f"{case}.pkl"


def preprocess_case(
    target: Path,
    plans: dict[str, Any],
    configuration: str,
    raw: str,
    case: tuple[str, dict[str, Any]],
) -> None:
    """Preprocess a case in a folder of its own, and move its files out when they are all there."""
    from batchgenerators.utilities.file_and_folder_operations import load_json
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    name, files = case
    planned = PlansManager(plans)
    configured = planned.get_configuration(configuration)
    place = target / f"{name}{PART}"
    place.mkdir()
    try:
        configured.preprocessor_class(verbose=False).run_case_save(
            str(place / name),
            files["images"],
            files["label"],
            planned,
            configured,
            load_json(f"{raw}/dataset.json"),
        )
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            f"The case {name} can't be preprocessed ({reason}): look at it with `abdoseg dataset "
            "check`."
        ) from error
    last = place / finished(target, name).name
    for file in [*(each for each in place.iterdir() if each != last), last]:
        file.replace(target / file.name)
    place.rmdir()


def copy_labels(folder: Path, labels: list[Path]) -> None:
    """Copy label files for nnU-Net's validation."""
    folder.mkdir(exist_ok=True)
    for label in labels:
        copy = folder / label.name
        if not copy.exists() or copy.stat().st_size != label.stat().st_size:
            with replaced_file(copy) as temporary:
                shutil.copyfile(label, temporary)
