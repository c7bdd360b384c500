"""The whole road, stopped wherever it can be and taken up again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import psutil
import pytest
from raw_datasets import write_case, write_raw_dataset
from training_places import Place

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.progress import drain
from napari_abdoseg.training.beginnings import require_free_name, require_same_data
from napari_abdoseg.training.export import export_model
from napari_abdoseg.training.fold import Fold
from napari_abdoseg.training.folds import training_folds
from napari_abdoseg.training.run import Run
from napari_abdoseg.training.run_lock import locked
from napari_abdoseg.training.settings import CONFIGURATIONS
from napari_abdoseg.training.training import training

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
ARGUMENTS = (
    *("--planner", "small", "--spacing", "10,8,8", "--trainer", "nnUNetTrainerNoDA"),
    *("--epochs", "2", "--iterations", "1", "--devices", "cpu,cpu", "--preset", "fast"),
)


class Killed:
    """`abdoseg train` in a process, killed without warning when something is to be seen."""

    def __init__(self, raw: Path, work: Path, share: Path, *options: str) -> None:
        self.command = [
            *(sys.executable, "-c", "from napari_abdoseg.cli.app import main; main()"),
            *("train", str(raw)),
            *("--work", str(work), "--name", "killed", *ARGUMENTS, *options),
        ]
        self.environment = {**os.environ, "XDG_DATA_HOME": str(share), "OMP_NUM_THREADS": "1"}

    def when(self, seen: Callable[[], bool]) -> None:
        process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.PIPE)
        while not seen():
            assert process.poll() is None, process.stdout.read().decode()
            time.sleep(0.02)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(KILL)
        process.wait()
        _, left = psutil.wait_procs(children, timeout=60)
        assert not left

    def never(self) -> str:
        ended = subprocess.run(self.command, env=self.environment, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def ends_of_stages(run: Run) -> dict[str, Callable[[], bool]]:
    """What is to be seen in each, in their order."""
    plans, results = run.settings.plans, run.folder("3d_fullres")
    preprocessed = run.folders.preprocessed

    def step(name: str) -> Callable[[], bool]:
        return lambda: run.steps.get(name) is not None

    def file(folder: Path, pattern: str, count: int = 1) -> Callable[[], bool]:
        return lambda: len(list(folder.glob(pattern))) >= count

    return {
        "beginning": file(preprocessed, "abdoseg.log"),
        "fingerprint": step("fingerprint"),
        "planning": step(plans),
        "trial": step(f"{plans} 3d_fullres on cpu 0"),
        "preprocessing": file(preprocessed, f"{plans}_3d_fullres/*.pkl"),
        "first epoch": file(results, "fold_*/checkpoint_latest.pth"),
        "first fold": file(results, "fold_*/checkpoint_final.pth"),
        "validation": file(results, "fold_*/validation/summary.json", len(run.settings.folds)),
    }


HALF_WRITTEN = "checkpoint_best.pth.part", "checkpoint_latest.pth.part"
EVERY_STAGE = pytest.param(
    None, range(5), id="every", marks=(pytest.mark.slow, pytest.mark.timeout(1200))
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("stage", "folds"), [pytest.param("first epoch", range(2), marks=pytest.mark.slow), EVERY_STAGE]
)
def test_it_is_killed_and_goes_on(stage, folds, raw, prepared, tmp_path):
    work, share = tmp_path / "work", tmp_path / "share"
    if stage:
        shutil.copytree(prepared, work)
    run = Place(raw, work).run(folds=tuple(folds))
    results = run.folder("3d_fullres")
    killed = Killed(raw, work, share, "--folds", ",".join(map(str, folds)))
    ends = ends_of_stages(run)
    for each in [stage] if stage else ends:
        killed.when(ends[each])
    for half_written in HALF_WRITTEN if stage else ():
        (results / "fold_0" / half_written).write_bytes(b"half")
    said = killed.never()

    assert "The model is killed" in said
    assert not list(results.glob("*/*.part"))
    for fold in folds:
        folder = results / f"fold_{fold}"
        assert Fold("3d_fullres", fold, folder).finished
        assert Fold("3d_fullres", fold, folder).epochs_done(2) == 2
    assert (results / "curves.png").is_file()
    assert len((results / "curves.csv").read_text().splitlines()) == 1 + len(folds) * 2
    assert (results / "test_predictions" / "t_000.nii.gz").is_file()
    assert (results / "test_evaluation" / "summary.csv").is_file()
    if len(folds) == 5:
        assert "cross-validation" in said
        assert (results / "crossval_results_folds_0_1_2_3_4" / "summary.json").is_file()
        assert (run.folders.results / "inference_information.json").is_file()
    model = share / "napari-abdoseg" / "models" / "killed"
    ensemble = load_ensemble(model, device="cpu")
    assert len(ensemble.configurations[0].folds) == len(folds)
    before = (model / f"fold_{folds[0]}" / "checkpoint_final.pth").read_bytes()
    killed.never()
    assert (model / f"fold_{folds[0]}" / "checkpoint_final.pth").read_bytes() == before


@pytest.mark.slow
def test_a_model_is_trained_on_with_corrected_cases(place, make_model):
    model = make_model(folds=(0, 1))
    run = place.run(folds=(3,), epochs=1, name="corrected", start_from=model)
    trained = drain(training(run))
    (corrected,) = trained.best
    assert corrected.plans["plans_name"] == "abdosegSmallPlans_from_model"
    own = read_model(model).plans["configurations"]["3d_fullres"]
    assert corrected.plans["configurations"]["3d_fullres"]["spacing"] == own["spacing"]
    assert corrected.folds == ("3",)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_configurations_are_trained_and_the_best_of_them_or_of_their_means_is_chosen(
    tmp_path, models
):
    """Phantoms fine enough for a cascade."""
    raw = write_raw_dataset(tmp_path / "raw" / "Dataset009_All", spacing=(4.0, 4.0, 4.0))
    run = Place(raw, tmp_path / "work").run(
        "all", "cpu,cpu", epochs=1, spacing=(3.0, 3.0, 3.0), configurations=CONFIGURATIONS
    )
    trained = drain(training(run))
    names = ("all", *(f"all_{name}" for name in CONFIGURATIONS[1:]))
    assert tuple(model.name for model in trained.models.values()) == names
    assert set(names) < set(known_models())
    means = {f"{one} + {other}" for one, other in combinations(CONFIGURATIONS, 2)}
    scores = trained.cross_validation.scores
    assert set(scores) == {*CONFIGURATIONS, *means}
    assert max(scores, key=scores.get) == " + ".join(trained.cross_validation.best)
    best = load_ensemble([model.name for model in trained.best], device="cpu")
    assert tuple(each.name for each in best.configurations) == trained.cross_validation.best


@pytest.mark.usefixtures("here")
def test_other_settings_are_refused(place):
    work = training(place.run(folds=(0,)))
    for step in work:
        if step.stage.startswith("Training"):
            break
    work.close()
    with pytest.raises(TrainingError, match="begun with epochs 2, not 3: give the same"):
        drain(training(place.run(folds=(0,), epochs=3)))


def test_other_data_are_measured_anew_until_something_was_trained(tmp_path):
    raw = write_raw_dataset(tmp_path / "Dataset008_New", cases=2, tests=0)
    place = Place(raw, tmp_path / "work")
    run = place.run()
    require_same_data(run)
    run.steps.add("fingerprint", True)
    require_same_data(place.run())
    assert run.steps.hold("fingerprint", True)
    write_case(raw, "Tr", "p_001", 5)
    require_same_data(place.run())
    assert not run.steps.hold("fingerprint", True)
    write_case(raw, "Tr", "p_001", 6)
    checkpoint = run.folder("3d_fullres") / "fold_0" / "checkpoint_latest.pth"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    with pytest.raises(TrainingError, match="has changed since"):
        require_same_data(place.run())


def test_a_model_of_another_training_is_not_replaced(place, models, make_model):
    model = make_model(folds=(0,))
    export_model(model, models / "tiny", (0,), "Another's.")
    with pytest.raises(TrainingError, match=r"There is a model tiny already"):
        require_free_name(place.run())


def test_an_exported_model_says_the_same(make_model, tmp_path, phantom):
    model = make_model(folds=(0, 1))
    export_model(model, tmp_path / "copy", (0, 1), "A copy.")
    copy = read_model(tmp_path / "copy")
    assert copy.description == read_model(model).description
    before = copy.sha256(copy.folds)
    export_model(model, tmp_path / "copy", (0, 1), "A copy.")
    assert copy.sha256(copy.folds) == before
    assert copy.folds == ("0", "1")
    before, after = (load_ensemble(each, device="cpu") for each in (model, tmp_path / "copy"))
    for old, new in zip(
        before.configurations[0].members, after.configurations[0].members, strict=True
    ):
        assert old.mirror_axes == new.mirror_axes
        assert all((old.weights[name] == value).all() for name, value in new.weights.items())


def test_two_trainings_do_not_meet(tmp_path):
    path = tmp_path / "new" / ".lock"
    with locked(path), pytest.raises(TrainingError, match="Another `abdoseg train`"):
        locked(path).__enter__()
    with locked(path):
        pass


@pytest.mark.slow
def test_a_fold_that_fails_stops_the_others(place):
    run = place.run(folds=(0, 1), devices="cpu,cpu", trainer="nnUNetTrainerNoSuch")
    with pytest.raises(TrainingError, match=r"step train_fold .*abdoseg.log tells"):
        drain(training_folds(run, ("3d_fullres",)))


def test_a_summary_half_written_is_no_end(tmp_path):
    fold = Fold("2d", 0, tmp_path)
    assert fold.epochs_done(5) == 0
    (tmp_path / "checkpoint_final.pth").touch()
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "summary.json").write_text('{"half')
    assert not fold.finished
    (tmp_path / "validation" / "summary.json").write_text(json.dumps({}))
    assert fold.finished
    assert fold.epochs_done(5) == 5
