"""Sessions that are killed while they paint, and what comes back of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from painting_sessions import CT, MASKS, PaintingSessions, State, digest, states

from napari_abdoseg.correction.journal.holder import holder_of
from napari_abdoseg.correction.journal.places import CaseFiles, journals_of, lock_of
from napari_abdoseg.correction.journal.recovery import recoveries
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels, write_volume
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.saving.journals import journals
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels

PATIENCE = 60_000
A_SECOND = 1.0
"""In which a finished stroke is in the journal: one that is older must never be lost."""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Real windows, which keep no settings of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CONFIG", "CACHE"):
            patch.setenv(f"XDG_{kind}_HOME", str(tmp_path_factory.mktemp(kind)))
        running = PaintingSessions()
        yield running
        running.close()


@pytest.fixture
def case(phantom, tmp_path) -> Path:
    scan, truth = phantom
    write_volume(tmp_path / CT, scan)
    write_labels(tmp_path / MASKS, truth)
    return tmp_path


@dataclass
class Reopened:
    """A case that was opened again, with what was brought back."""

    layer: Labels
    is_offered: bool


def reopen(case: Path, qtbot) -> Reopened:
    """Open a case as the window does, and bring back what is offered."""
    viewer = ViewerModel()
    guard_unsaved(viewer)
    offers = []
    journals(viewer).offered.connect(offers.append)
    viewer.add_layer(Layer.create(*image_layer(read_volume(case / CT))))
    labels = read_labels(case / MASKS)
    layer = viewer.add_layer(Layer.create(*labels_layer(labels)))
    files = CaseFiles(labels.path, case / CT, labels.grid)
    qtbot.waitUntil(lambda: bool(offers) or not journals_of(files), timeout=PATIENCE)
    if offers:
        layer = journals(viewer).bring_back(offers[0])
        assert layer in unsaved_labels(viewer).layers
    return Reopened(layer, bool(offers))


def killed(sessions, seed: int, case: Path, seconds: float) -> tuple[list[State], float]:
    """What a session had, and when it was killed."""
    told = case / "told"
    process = sessions.start(seed, case, told)
    begin = time.monotonic()
    while not told.stat().st_size:
        assert time.monotonic() < begin + PATIENCE / 1000
        time.sleep(0.02)
    time.sleep(seconds)
    at = time.time()
    sessions.kill(process)
    return states(told), at


@dataclass
class Loss:
    """How many steps did not come back, and how long before the end the first of them was."""

    steps: int
    seconds: float


def loss(found: list[State], killed_at: float, reopened: Reopened) -> Loss:
    """What did not come back; what did must be undone and redone as before."""
    layer = reopened.layer
    voxels = digest(layer.data)
    same = [number for number, state in enumerate(found) if state.voxels == voxels]
    if not same:
        assert_is_one_step_on(layer, found[-1])
        return Loss(0, 0)
    if reopened.is_offered:
        history = steps_of(layer, layer.undo, layer.redo), steps_of(layer, layer.redo, layer.undo)
        same = [
            number
            for number in same
            if history == (found[number].pasts[::-1], found[number].futures[::-1])
        ]
        assert same, "what can be undone and redone is as it never was"
    last = next(at for at, each in enumerate(found) if each == replace(found[-1], at=each.at))
    steps = max(0, last - same[-1])
    return Loss(steps, killed_at - found[same[-1] + 1].at if steps else 0)


def steps_of(layer: Labels, step: Callable[[], None], back: Callable[[], None]) -> list[str]:
    """What comes step by step, until there is no more; then all is as it was."""
    found: list[str] = []
    before = digest(layer.data)
    while True:
        step()
        now = digest(layer.data)
        if now == (found[-1] if found else before):
            break
        found.append(now)
    for _ in found:
        back()
    assert digest(layer.data) == before
    return found


def assert_is_one_step_on(layer: Labels, last: State) -> None:
    """A step may be in the journal that a session was killed before it could tell of."""
    layer.undo()
    if digest(layer.data) != last.voxels:
        layer.redo()
        layer.redo()
    assert digest(layer.data) == last.voxels, "it is as it never was"


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_killed_session_comes_back(seed, sessions, case, qtbot):
    seconds = np.random.default_rng(seed).uniform(0.2, 2.5)
    found, at = killed(sessions, seed, case, seconds)
    assert loss(found, at, reopen(case, qtbot)).seconds < A_SECOND


@pytest.mark.slow
def test_a_living_session_is_told_of_and_not_taken_for_a_dead_one(sessions, case, qtbot):
    process = sessions.start(9, case, case / "told")
    labels = read_labels(case / MASKS)
    files = CaseFiles(labels.path, case / CT, labels.grid)
    qtbot.waitUntil(lambda: bool(journals_of(files)), timeout=PATIENCE)
    holder = holder_of(lock_of(journals_of(files)[0]))
    assert holder.process == process
    (notice,) = recoveries(files, labels.data)
    assert f"is being corrected by {holder.words}" in notice.words
    sessions.kill(process)
    assert holder_of(lock_of(journals_of(files)[0])) is None
    assert digest(reopen(case, qtbot).layer.data) != digest(labels.data)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_killed_sessions_come_back(sessions, case, qtbot, capsys):
    masks, scan = (case / MASKS).read_bytes(), case / CT
    steps, offered, losses = 0, 0, []
    for seed in range(100, 200):
        folder = case / str(seed)
        folder.mkdir()
        shutil.copy(scan, folder / CT)
        (folder / MASKS).write_bytes(masks)
        seconds = np.random.default_rng(seed).uniform(0.05, 3)
        found, at = killed(sessions, seed, folder, seconds)
        reopened = reopen(folder, qtbot)
        steps += len(found) - 1
        offered += reopened.is_offered
        losses.append(loss(found, at, reopened))
        with capsys.disabled():
            print(f"{seed}: killed after {seconds:.2f} s, {len(found) - 1} steps, {losses[-1]}")
    under_way = sum(each.steps for each in losses)
    with capsys.disabled():
        print(
            f"{len(losses)} kills, {steps} steps, {offered} offered; not written yet when killed: "
            f"{under_way}, the oldest {max(each.seconds for each in losses):.3f} s old"
        )
    assert all(each.seconds < A_SECOND for each in losses)
