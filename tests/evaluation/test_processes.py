"""Work shared by processes."""

from __future__ import annotations

import multiprocessing
import os
from functools import partial

import pytest
from working import run

from napari_abdoseg.errors import AbdosegError, FaultError
from napari_abdoseg.evaluation.processes import available_cores, over_processes
from napari_abdoseg.progress import drain


def halve(number: int) -> tuple[float, int]:
    if number == 13:
        raise AbdosegError("13 is bad luck.")
    return number / 2, os.getpid()


def die_of(fatal: int, number: int) -> int:
    if number == fatal:
        os._exit(9)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_each_item_has_its_outcome_and_a_bad_one_stops_no_other(workers):
    steps, outcomes = run(over_processes(halve, [4, 13, 6, 8], workers, "Halving"))
    assert [step.done for step in steps] == [0, 1, 2, 3, 4]
    assert {(step.stage, step.total) for step in steps} == {("Halving", 4)}
    assert isinstance(outcomes[1], AbdosegError)
    assert [outcomes[place][0] for place in (0, 2, 3)] == [2, 3, 4]
    own = {outcomes[place][1] == os.getpid() for place in (0, 2, 3)}
    assert own == {workers == 1}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_must_be_known_of_an_item_is_told_with_its_outcome(workers):
    def tell(number, outcome):
        return f"{number}: {outcome}" if isinstance(outcome, AbdosegError) else None

    steps, _ = run(over_processes(halve, [4, 13, 6], workers, "Halving", tell))
    assert [step.notice for step in steps if step.notice] == ["13: 13 is bad luck."]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_with_one_item_is_told_with_its_place_and_the_others_go_on(workers):
    first, fault, last = drain(over_processes(halve, [4, None, 6], workers, "Halving"))
    assert (first[0], last[0]) == (2, 3)
    assert isinstance(fault, FaultError)
    assert "TypeError" in str(fault)
    assert "test_processes.py" in str(fault)
    assert "\n" not in str(fault)


@pytest.mark.timeout(120)
def test_an_item_that_kills_its_process_is_found_and_the_others_go_on():
    outcomes = drain(over_processes(partial(die_of, 3), [1, 2, 3, 4], 2, "Dying"))
    assert [outcomes[place] for place in (0, 1, 3)] == [1, 2, 4]
    assert "process that worked on it died" in str(outcomes[2])


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_closing_leaves_no_process_behind(steps):
    work = over_processes(halve, list(range(0, 12, 2)), 2, "Halving")
    for _ in range(steps):
        next(work)
    work.close()
    assert not multiprocessing.active_children()


def test_no_item_is_no_work():
    assert drain(over_processes(halve, [], 4, "Halving")) == []


def test_there_is_a_core():
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
