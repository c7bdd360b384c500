"""`dataset.json`, which nnU-Net reads.

The format is that of nnU-Net 2.8: ``nnunetv2.dataset_conversion.generate_dataset_json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.training.conversion.naming import ENDING

NAME = "dataset.json"


def write_dataset_json(
    folder: Path,
    channels: Sequence[str],
    labels: Mapping[str, int],
    training: int,
    about: Mapping[str, Any],
) -> Path:
    """Describe a data set to nnU-Net.

    Parameters
    ----------
    folder : Path
    channels : sequence of str
        nnU-Net normalizes the one called ``CT`` as CT, others by their mean and deviation.
    labels : mapping of str to int
        From ``background``, which is 0, without a gap.
    training : int
        Number of cases to train on.
    about : mapping
        Anything else.

    Raises
    ------
    SaveError
        It could not be written.
    """
    content = {
        "channel_names": {str(number): name for number, name in enumerate(channels)},
        "labels": dict(labels),
        "numTraining": training,
        "file_ending": ENDING,
        "converted_by": f"napari-abdoseg {version('napari-abdoseg')}",
        **about,
    }
    path = folder / NAME
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path
