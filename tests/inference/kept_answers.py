"""nnU-Net's own label maps, kept in a folder beside what each was made of."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np

FOLDER = Path(__file__).parent / "data" / "nnunet_answers"
ORIGINS = "made_of.json"
READ_BY_NNUNET = "dataset.json", "plans.json", "fold_*/checkpoint_final.pth"
"""Files of a model folder: what else is in it makes no other answer."""


@dataclass(frozen=True)
class Origin:
    """What an answer was made of: hashes of a model folder and a scan, and nnU-Net's version."""

    model: str
    scan: str
    nnunet: str

    @classmethod
    def of(cls, model: Path, scan: Path) -> Origin:
        """What an answer would be made of here."""
        return cls(_hash_of_model(model), _hash_of_scan(scan), version("nnunetv2"))


def kept_answer(name: str, origin: Origin) -> Path | None:
    """The label map that is kept; None if there is none, or one of something else."""
    return FOLDER / f"{name}.nii.gz" if _origins().get(name) == asdict(origin) else None


def keep_answer(name: str, origin: Origin, answer: Path) -> None:
    """Keep a label map instead of what is kept."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(answer, FOLDER / f"{name}.nii.gz")
    origins = dict(sorted((_origins() | {name: asdict(origin)}).items()))
    (FOLDER / ORIGINS).write_text(json.dumps(origins, indent=2) + "\n")


def _origins() -> dict[str, dict[str, str]]:
    path = FOLDER / ORIGINS
    return json.loads(path.read_text()) if path.is_file() else {}


def _hash_of_model(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for pattern in READ_BY_NNUNET for path in folder.glob(pattern)):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _hash_of_scan(path: Path) -> str:
    """Of voxels and affine: the same scan need not be packed in the same way."""
    image = nib.load(path)
    voxels = np.ascontiguousarray(image.dataobj)
    shape = f"{voxels.shape} {voxels.dtype}".encode()
    affine = np.asarray(image.affine, np.float64).tobytes()
    return hashlib.sha256(shape + affine + voxels.tobytes()).hexdigest()
