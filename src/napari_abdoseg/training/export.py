"""A trained configuration as a model that is predicted with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from napari_abdoseg.image.files.saving import replaced_file, write_text

KEPT = ("network_weights", "trainer_name", "inference_allowed_mirroring_axes")


def export_model(trained: Path, target: Path, folds: Iterable[int], description: str) -> None:
    """Keep of a model folder what inference reads, a third of its size.

    Parameters
    ----------
    trained : Path
        nnU-Net's model folder.
    target : Path
        Model folder to write.
    folds : iterable of int
    description : str
        What the model says of itself.
    """
    import torch

    target.mkdir(parents=True, exist_ok=True)
    for fold in folds:
        name = f"fold_{fold}"
        content = torch.load(trained / name / "checkpoint_final.pth", "cpu", weights_only=False)
        kept = {key: content[key] for key in KEPT}
        kept["init_args"] = {"configuration": content["init_args"]["configuration"], "fold": fold}
        (target / name).mkdir(exist_ok=True)
        with (
            replaced_file(target / name / "checkpoint_final.pth") as temporary,
            temporary.open("wb") as file,
        ):
            torch.save(kept, file)
    plans = json.loads((trained / "plans.json").read_text(encoding="utf-8"))
    dataset = json.loads((trained / "dataset.json").read_text(encoding="utf-8"))
    write_text(target / "plans.json", json.dumps(plans, indent=1) + "\n")
    dataset.setdefault("description", description)
    write_text(target / "dataset.json", json.dumps(dataset, indent=1) + "\n")
