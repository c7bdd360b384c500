"""What a scan will take is told before, and close to what it does take."""

from __future__ import annotations

import warnings
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from small_models import cascade
from working import load_configuration, run

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.device import choose_device
from napari_abdoseg.inference.hardware.memory import Growth, watch_growth
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.preflight import preflight as preflight_module
from napari_abdoseg.inference.preflight.calibration import calibrating
from napari_abdoseg.inference.preflight.preflight import Preflight, preflighting
from napari_abdoseg.inference.preflight.workload import expect_workload
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain

COARSE = (10.0, 8.0, 8.0)
MB = 10**6


@pytest.fixture
def scan() -> Volume:
    return make_phantom(5, COARSE)[0]


@pytest.mark.parametrize("preset", ["exact", "fast"])
@pytest.mark.parametrize("orientation", ["LPS", "SAL"])
def test_passes_everywhere_are_counted(preset, orientation, make_model):
    scan, _ = make_phantom(5, (10.0, 6.0, 6.0), orientation)
    ensemble = load_ensemble(make_model(mirror_axes=(2,), patch=(32, 32, 32)), device="cpu")
    (share,) = drain(segmenting(scan, ensemble, preset)).shares
    work = expect_workload(scan, share.trained, PRESETS[preset])
    assert work.passes == share.passes
    assert work.region == 0


def test_passes_of_a_2d_model_are_counted(make_model):
    scan, _ = make_phantom(5, (25.0, 8.0, 8.0))
    folder = make_model(folds=(0,), mirror_axes=None, patch=(32, 32), spacing=(8.0, 8.0))
    ensemble = load_ensemble(folder, device="cpu")
    (share,) = drain(segmenting(scan, ensemble, "fast")).shares
    assert expect_workload(scan, share.trained, PRESETS["fast"]).passes == share.passes


def test_planes_of_zeros_are_no_work(scan, make_model):
    trained = load_configuration(make_model())
    wide = np.pad(scan.data, ((30, 0), (0, 0), (0, 40)))
    padded = Volume(wide, Grid.from_spacing(wide.shape, COARSE))
    preset = PRESETS["exact"]
    assert expect_workload(padded, trained, preset) == expect_workload(scan, trained, preset)


@pytest.mark.parametrize(("mirror_axes", "rounds"), [(None, 1), ((0,), 1), ((0, 1, 2), 5)])
def test_balanced_looks_everywhere_once_and_around_organs_until_settled(
    mirror_axes, rounds, make_model
):
    scan, _ = make_phantom(5, (5.0, 5.0, 5.0))
    trained = load_configuration(make_model(mirror_axes=mirror_axes, spacing=(5.0, 5.0, 5.0)))
    work, fast, exact = (
        expect_workload(scan, trained, PRESETS[name]) for name in ("balanced", "fast", "exact")
    )
    assert work.rounds == rounds
    assert 0 < work.region < work.image == fast.image
    assert fast.passes < work.passes < fast.passes * (1 + 2 * rounds)
    members = PRESETS["exact"].count_members(trained)
    assert exact.passes == fast.passes * members


def test_all_rounds_are_expected_of_a_scan_of_organs_alone(make_model):
    scan, _ = make_phantom(5, (5.0, 5.0, 5.0))
    cut = Volume(scan.data[20:60, :40, 10:70], Grid.from_spacing((40, 40, 60), (5.0, 5.0, 5.0)))
    trained = load_configuration(make_model(spacing=(5.0, 5.0, 5.0)))
    work, exact = (expect_workload(cut, trained, PRESETS[name]) for name in ("balanced", "exact"))
    assert work.rounds == 8
    assert work.passes == exact.passes


def test_a_single_member_looks_once(scan, make_model):
    trained = load_configuration(make_model(folds=(0,), mirror_axes=None))
    work, fast = (expect_workload(scan, trained, PRESETS[name]) for name in ("balanced", "fast"))
    assert work == fast


def test_the_measurement_is_a_few_passes(scan, make_model):
    trained = load_configuration(make_model())
    steps, calibration = run(calibrating(scan, trained, PRESETS["exact"]))
    assert len(steps) < 10
    pace = calibration.pace
    assert min(calibration.preprocessing, calibration.labelling) > 0
    assert min(pace.starting, pace.passing, pace.finishing, pace.judging) > 0
    assert pace.gpu_memory == 0


@pytest.mark.parametrize("patch", [(16, 16), (64, 64, 64)], ids=["2D", "larger than the scan"])
def test_patches_of_all_kinds_are_measured(patch, scan, make_model):
    folder = make_model(folds=(0,), patch=patch, spacing=(10.0, 8.0, 8.0)[-len(patch) :])
    calibration = drain(calibrating(scan, load_configuration(folder), PRESETS["fast"]))
    assert calibration.pace.passing > 0


def test_nothing_is_said_of_slices_far_thinner_than_the_models(make_model):
    thin, _ = make_phantom(6, (2.0, 8.0, 8.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drain(calibrating(thin, load_configuration(make_model(folds=(0,))), PRESETS["fast"]))


@pytest.mark.parametrize("preset", list(PRESETS))
def test_all_presets_are_foretold(preset, scan, make_model):
    ensemble = load_ensemble(make_model(), device="cpu")
    preflight = drain(preflighting(scan, ensemble, preset))
    (trained,) = ensemble.configurations
    assert preflight.passes == expect_workload(scan, trained, PRESETS[preset]).passes
    assert preflight.seconds > 0
    assert preflight.gpu_bytes == 0
    assert preflight.device == ensemble.device
    assert preflight.warnings == ()


def test_both_stages_of_a_cascade_are_foretold(scan, make_model):
    ensemble = load_ensemble(cascade(make_model), device="cpu")
    preflight = drain(preflighting(scan, ensemble))
    assert len(ensemble.stages) == 2
    works = [expect_workload(scan, stage, PRESETS["balanced"]) for stage in ensemble.stages]
    assert preflight.passes == sum(work.passes for work in works)


@pytest.mark.slow
def test_memory_is_foretold(make_model):
    """Each in a process of its own, which holds no memory that others have given back."""
    folder = make_model(folds=(0,), patch=(96, 96, 96), spacing=(3.0, 3.0, 3.0))
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        expected = pool.apply(foretell, (folder,))
        growth = pool.apply(measure, (folder,))
    assert growth.bytes > 50 * MB
    assert 1 / 1.5 < (growth.before + growth.bytes) / expected < 1.5


def foretell(folder: Path) -> int:
    scan, _ = make_phantom(5)
    return drain(preflighting(scan, load_ensemble(folder, device="cpu"), "fast")).memory_bytes


def measure(folder: Path) -> Growth:
    scan, _ = make_phantom(5)
    ensemble = load_ensemble(folder, device="cpu")
    with watch_growth() as growth:
        drain(segmenting(scan, ensemble, "fast"))
    return growth


def test_too_little_memory_is_named(scan, make_model, monkeypatch):
    monkeypatch.setattr(preflight_module, "available_bytes", lambda: 1000)
    ensemble = load_ensemble(make_model(), device="cpu")
    (warning,) = drain(preflighting(scan, ensemble, "fast")).warnings
    assert "more memory" in warning


def test_an_unsuitable_scan_is_named(scan, make_model):
    ensemble = load_ensemble(make_model(folds=(0,)), device="cpu")
    wrong = replace(scan, data=scan.data + 1024)
    (warning,) = drain(preflighting(wrong, ensemble, "fast")).warnings
    assert "Hounsfield" in warning


def test_an_unknown_preset_is_refused_before_anything_is_measured(scan, make_model):
    ensemble = load_ensemble(make_model(folds=(0,)), device="cpu")
    with pytest.raises(AbdosegError, match="is no preset"):
        next(preflighting(scan, ensemble, "best"))


def test_the_line_says_all():
    cpu = choose_device("cpu")
    on_cpu = Preflight(170, 2_140_000_000, 0, cpu, "the CPU", 32, ())
    assert on_cpu.line == "About 3 min and 2.1 GB on the CPU."
    on_gpu = Preflight(8, 310 * MB, 5_300_000_000, cpu, "cuda:0 (NVIDIA A100)", 32, ())
    assert on_gpu.line == (
        "About 8 s, 310 MB of memory and 5.3 GB of GPU memory on cuda:0 (NVIDIA A100)."
    )


def test_watched_memory_is_what_was_taken():
    with watch_growth() as growth:
        np.ones(50 * MB)
    assert 300 * MB < growth.bytes < 500 * MB  # what tests before left may go meanwhile
