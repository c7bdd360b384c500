"""The record of what is done."""

from __future__ import annotations

from napari_abdoseg.training.finished_steps import FinishedSteps


def test_a_step_is_finished_with_the_same_inputs_alone(tmp_path):
    steps = FinishedSteps(tmp_path / "new" / "steps.json")
    assert not steps.hold("plan", (1, 2))
    steps.add("plan", (1, 2))
    steps.add("other", None)
    assert steps.hold("plan", (1, 2))
    assert not steps.hold("plan", (1, 3))
    assert steps.get("plan") == [1, 2]
    assert steps.get("unknown") is None


def test_a_damaged_record_is_none(tmp_path):
    (tmp_path / "steps.json").write_text("{")
    steps = FinishedSteps(tmp_path / "steps.json")
    assert not steps.hold("plan", 1)
    steps.add("plan", 1)
    assert steps.hold("plan", 1)
