"""Preset `exact` against `nnUNetv2_predict`, the demo ensemble on real CTs and phantoms."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import shared
from kept_answers import Origin, keep_answer, kept_answer

from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.segmentation import segment

PHANTOMS = {
    "ras": ((3.0, 3.0, 3.0), "RAS"),
    "lai": ((3.5, 2.5, 2.5), "LAI"),
    "psr": ((3.0, 3.0, 3.0), "PSR"),
    "anisotropic": ((7.0, 1.8, 1.8), "LPS"),
}
REAL = ("abdomen_ct", "torso_ct")
CASES = [
    pytest.param("ras", marks=pytest.mark.slow),
    *("lai", "psr", "anisotropic"),
    *(
        pytest.param(
            name,
            marks=[
                pytest.mark.skipif(not shared.FOLDER.is_dir(), reason=shared.REASON),
                *marks,
            ],
        )
        for name, marks in zip(REAL, ((), (pytest.mark.slow,)))
    ),
]
LIMIT = 5e-5
"""Share of voxels that may differ."""
CHANGED = (
    "nnU-Net's kept answers for {} are of another scan, model or nnU-Net; new ones are made for "
    "this run alone. To keep them: pytest -m slow tests/inference/test_agreement.py"
)
MIDDLE = slice(0.21, 0.72)
"""Part of each axis of a phantom that is kept: most of the organs, in two tiles of the demo."""


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    for seed, (name, (spacing, orientation)) in enumerate(PHANTOMS.items()):
        path = folder / f"{name}_0000.nii.gz"
        write_volume(path, make_phantom(seed, spacing, orientation)[0])
        whole = nib.load(path)
        middle = tuple(
            slice(int(size * MIDDLE.start), int(size * MIDDLE.stop)) for size in whole.shape
        )
        nib.Nifti1Image.from_bytes(whole.slicer[middle].to_bytes()).to_filename(path)
    for name in REAL if shared.FOLDER.is_dir() else ():
        shutil.copy(shared.FOLDER / f"{name}.nii.gz", folder / f"{name}_0000.nii.gz")
    return folder


@pytest.fixture(scope="module")
def by_nnunet(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nnU-Net's label maps: those that are kept, and new ones where something is another."""
    output, unknown = tmp_path_factory.mktemp("nnunet"), []
    for scan, origin in origins(scans).items():
        kept = kept_answer(case_of(scan), origin)
        if kept is None:
            unknown.append(scan)
        else:
            shutil.copy(kept, output)
    if unknown:
        warnings.warn(CHANGED.format(", ".join(map(case_of, unknown))), stacklevel=1)
        predict_by_nnunet(unknown, output, tmp_path_factory.mktemp("unknown"))
    return output


def origins(scans: Path) -> dict[Path, Origin]:
    model = read_model("demo").folder
    return {scan: Origin.of(model, scan) for scan in sorted(scans.iterdir())}


def case_of(scan: Path) -> str:
    return scan.name.removesuffix("_0000.nii.gz")


def predict_by_nnunet(scans: list[Path], output: Path, place: Path) -> None:
    """Let nnU-Net's own command predict scans, of which it finds copies in ``place``."""
    for scan in scans:
        shutil.copy(scan, place)
    predict = Path(sys.executable).parent / "nnUNetv2_predict_from_modelfolder"
    model = read_model("demo")
    subprocess.run(
        [
            *(predict, "-i", place, "-o", output, "-m", model.folder, "-f", *model.folds),
            *("-device", "cpu", "-npp", "1", "-nps", "1", "--disable_progress_bar"),
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def ensemble():
    return load_ensemble("demo", device="cpu")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES)
def test_exact_is_what_nnunet_predicts(case, scans, by_nnunet, ensemble):
    ours = segment(read_volume(scans / f"{case}_0000.nii.gz"), ensemble, "exact")
    theirs = read_labels(by_nnunet / f"{case}.nii.gz", ensemble.organs)
    differing = np.count_nonzero(ours.data != theirs.data)
    scores = dice(ours, replace(theirs, grid=ours.grid))
    print(
        f"{case}: {differing} of {ours.data.size} voxels differ, lowest DSC {min(scores.values())}"
    )
    assert ours.data.any()
    assert ours.grid.matches(theirs.grid, tolerance=0.01)
    assert differing <= LIMIT * ours.data.size
    assert min(scores.values()) >= 0.9999


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kept_answers_are_nnunets(scans, tmp_path):
    """Those that are of something else are replaced."""
    known = origins(scans)
    (tmp_path / "scans").mkdir()
    predict_by_nnunet(list(known), tmp_path, tmp_path / "scans")
    for scan, origin in known.items():
        answer = tmp_path / f"{case_of(scan)}.nii.gz"
        kept = kept_answer(case_of(scan), origin)
        if kept is None:
            keep_answer(case_of(scan), origin, answer)
            continue
        now, then = (np.asanyarray(nib.load(path).dataobj) for path in (answer, kept))
        assert np.count_nonzero(now != then) <= LIMIT * now.size, case_of(scan)
