"""Data sets in the exact layouts of their releases, with small files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_scans import write_image, write_label_map, write_masks

from napari_abdoseg.training.conversion import flare


@pytest.fixture
def abdomenct1k(tmp_path: Path) -> Path:
    """Archives unpacked side by side, one of them into a folder of its own name."""
    root = tmp_path / "AbdomenCT-1K"
    first, second = "AbdomenCT-1K-ImagePart1", "AbdomenCT-1K-ImagePart2"
    for number, folder in ((1, f"{first}/{first}"), (2, f"{first}/{first}"), (401, second)):
        write_image(root / folder / f"Case_{number:05}_0000.nii.gz", number)
        write_label_map(root / "Mask" / f"Case_{number:05}.nii.gz")
    return root


@pytest.fixture
def msd(tmp_path: Path) -> Path:
    """A task of two channels, with the hidden files that its archive has."""
    root = tmp_path / "Task05_Prostate"
    for number in (0, 1):
        write_image(root / "imagesTr" / f"prostate_{number:02}.nii.gz", number, channels=2)
        write_label_map(root / "labelsTr" / f"prostate_{number:02}.nii.gz", (1, 2))
    write_image(root / "imagesTs" / "prostate_03.nii.gz", 3, channels=2)
    for folder in ("imagesTr", "labelsTr", "imagesTs"):
        (root / folder / "._prostate_00.nii.gz").write_bytes(b"Mac OS X")
    description = {
        "name": "PROSTATE",
        "description": "Prostate transitional zone and peripheral zone segmentation",
        "reference": "Radboud University, Nijmegen Medical Centre",
        "licence": "CC-BY-SA 4.0",
        "release": "1.0 04/05/2018",
        "tensorImageSize": "4D",
        "modality": {"0": "T2", "1": "ADC"},
        "labels": {"0": "background", "1": "PZ", "2": "TZ"},
        "numTraining": 2,
        "numTest": 1,
        "training": [{"image": "./imagesTr/prostate_00.nii.gz"}],
        "test": ["./imagesTs/prostate_03.nii.gz"],
    }
    (root / "dataset.json").write_text(json.dumps(description))
    return root


@pytest.fixture
def flare21(tmp_path: Path) -> Path:
    root = tmp_path / "FLARE21"
    for number in (0, 1):
        write_image(root / "TrainingImg" / f"train_{number:03}_0000.nii.gz", number)
        write_label_map(root / "TrainingMask" / f"train_{number:03}.nii.gz")
    write_image(root / "ValidationImg" / "validation_001_0000.nii.gz", 9)
    return root


@pytest.fixture
def flare22(tmp_path: Path) -> Path:
    root = tmp_path / "FLARE22Train" / "FLARE22_LabeledCase50-20230314"
    for number in (1, 2):
        write_image(root / "images" / f"FLARE22_Tr_{number:04}_0000.nii.gz", number)
        values = tuple(flare.SCHEME_22.values())
        write_label_map(root / "labels" / f"FLARE22_Tr_{number:04}.nii.gz", values[-9:])
    return root.parent


@pytest.fixture
def totalsegmentator(tmp_path: Path) -> Path:
    """Three cases with a mask an organ, and a table with a byte order mark."""
    root = tmp_path / "Totalsegmentator_dataset_v201"
    organs = {"kidney_left": (0, 1), "kidney_right": (2,), "liver": (2, 3), "aorta": (5,)}
    for number, case in enumerate(("s0000", "s0001", "s0004")):
        write_image(root / case / "ct.nii.gz", number)
        write_masks(root / case / "segmentations", organs)
    rows = "image_id;age;gender;institute;study_type;split", "s0000;64;m;I;ct abdomen;train"
    more = "s0001;46;m;C;ct pelvis;val", "s0004;63;f;F;ct thorax;test"
    (root / "meta.csv").write_text("\n".join((*rows, *more)), encoding="utf-8-sig")
    return root


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    root = tmp_path / "pairs"
    for case in ("anna", "bert"):
        write_image(root / "images" / f"{case}_0000.nii.gz", len(case))
        write_label_map(root / "labels" / f"{case}.nii.gz")
    return root
