"""Make a trained model the demo that comes with the package.

Its weights are kept in half precision, which halves the size; networks are loaded in
single precision all the same. The demo that is there gives way when the new one is whole.

    python scripts/ship_demo.py MODEL_FOLDER
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.model_store.testing import recording_test
from napari_abdoseg.progress import drain

DEMO = Path(__file__).parent.parent / "src" / "napari_abdoseg" / "models" / "demo"
LICENCE = "BSD-3-Clause"
SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="an nnU-Net v2 model folder")
    model = parser.parse_args().model
    with TemporaryDirectory(dir=DEMO.parent) as folder:
        made = Path(folder, "demo")
        made.mkdir()
        copy_halved(model, made)
        record_test(made)
        shutil.rmtree(DEMO, ignore_errors=True)
        made.rename(DEMO)


def copy_halved(model: Path, folder: Path) -> None:
    """Copy what a model needs to segment into an empty folder."""
    for name in ("dataset.json", "plans.json"):
        shutil.copy(model / name, folder / name)
    for path in sorted(model.glob("fold_*/checkpoint_final.pth")):
        content = torch.load(path, "cpu", weights_only=True)
        weights = content["network_weights"]
        halves = {tensor.data_ptr(): tensor.half() for tensor in weights.values()}
        content["network_weights"] = {
            name: halves[tensor.data_ptr()] for name, tensor in weights.items()
        }
        (folder / path.parent.name).mkdir()
        torch.save(content, folder / path.parent.name / path.name)


def record_test(folder: Path) -> None:
    """Make the test that `abdoseg models test demo` runs, of a part of a phantom."""
    write_card(folder, ModelCard(licence=LICENCE))
    with TemporaryDirectory() as place:
        scan = Path(place, "phantom.nii.gz")
        write_volume(scan, make_phantom(SEED)[0])
        drain(recording_test(folder, scan, "cpu"))


if __name__ == "__main__":
    main()
