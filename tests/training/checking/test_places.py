"""Organs among each other, from points alone."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.training.checking.facts import CaseFacts, OrganFacts
from napari_abdoseg.training.checking.places import MOVES, place_problems
from napari_abdoseg.training.checking.problem import Kind

PLACES = {1: (70, 20, 60), 2: (0, -40, 0), 3: (-90, -30, 50), 4: (-10, 30, 10)}
BODY = (0, 0, 40)


def case(name, values=(1, 2, 3, 4), body=BODY, scale=(1, 1, 1)):
    """A case with some organs in their usual places, mirrored by negative scales."""
    organs = {
        value: OrganFacts(100.0, tuple(np.multiply(PLACES[value], scale)), False)
        for value in values
    }
    return CaseFacts(
        name, False, organs=organs, body=None if body is None else tuple(np.multiply(body, scale))
    )


def problems(*cases):
    found = place_problems(cases, ABDOMINAL_ORGANS)
    return [(problem.case, problem.kind) for problem in found]


def test_there_are_47_ways_to_move_that_differ():
    assert len({move.tobytes() for move in MOVES}) == 47
    assert all(abs(np.linalg.det(move)) == 1 for move in MOVES)


def test_one_organ_and_the_body_tell_left_from_right():
    sound = [case(name, (1,)) for name in "abc"]
    assert problems(*sound) == []
    assert problems(*sound, case("mirrored", (1,), scale=(-1, 1, 1))) == [
        ("mirrored", Kind.ORIENTATION)
    ]


def test_one_organ_alone_tells_nothing():
    assert problems(*(case(name, (1,), None, (-1, 1, 1)) for name in "abcd")) == []


def test_a_case_that_shares_one_point_with_the_others_is_left_alone():
    sound = [case(name, (1, 2, 3)) for name in "abcde"]
    assert problems(*sound, case("other", (4,), scale=(-1, 1, 1))) == []


def test_without_enough_whole_cases_no_place_is_judged():
    partly = [case(str(gone), set(PLACES) - {gone}) for gone in PLACES]
    whole = case("whole")
    whole.organs[4] = OrganFacts(1.0, (60, 90, 10), False)
    assert problems(*partly, whole) == []


def test_an_organ_that_is_cut_off_is_not_called_out_of_place():
    sound = [case(name) for name in "abc"]
    for cut_off, expected in ((False, [("far", Kind.PLACE)]), (True, [])):
        far = case("far")
        far.organs[3] = OrganFacts(100.0, (-90, -30, 200), cut_off)
        assert problems(*sound, far) == expected
