"""Labels renamed, merged and chosen by name."""

from __future__ import annotations

import pytest

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion.flare import SCHEME_22
from napari_abdoseg.training.conversion.label_mapping import map_labels, read_map

KIDNEYS = {"left kidney": "kidney", "Right_Kidney": "kidney"}


def test_nothing_changes_without_a_wish():
    mapping = map_labels({"liver": 1, "kidney": 2})
    assert mapping.labels == {"background": 0, "liver": 1, "kidney": 2}
    assert not mapping.changes


def test_left_and_right_become_one_and_values_stay_without_a_gap():
    mapping = map_labels(SCHEME_22, KIDNEYS)
    assert mapping.organs[:4] == ("liver", "kidney", "spleen", "pancreas")
    assert list(mapping.labels.values()) == list(range(13))
    assert mapping.table[2] == mapping.table[13] == 2
    assert mapping.changes


def test_organs_are_kept_in_the_order_asked_for():
    mapping = map_labels(SCHEME_22, KIDNEYS, ("kidney", "liver"))
    assert mapping.labels == {"background": 0, "kidney": 1, "liver": 2}
    assert mapping.table == {value: {1: 2, 2: 1, 13: 1}.get(value, 0) for value in range(14)}


def test_a_label_can_be_removed_and_others_close_the_gap():
    mapping = map_labels({"liver": 1, "tumor": 2, "spleen": 5}, {"tumor": "background"})
    assert mapping.labels == {"background": 0, "liver": 1, "spleen": 2}
    assert mapping.table == {0: 0, 1: 1, 2: 0, 5: 2}


def test_a_number_stands_for_a_label_with_or_without_a_name():
    assert map_labels({}, {"1": "liver", "3": "spleen"}).table == {0: 0, 1: 1, 3: 2}
    mapping = map_labels({"liver": 1}, {"1": "Leber", "7": "background"})
    assert mapping.organs == ("Leber",)
    assert mapping.table == {0: 0, 1: 1, 7: 0}


def test_the_label_to_be_ignored_has_the_highest_value():
    assert map_labels({"ignore": 1, "liver": 2}).labels == {
        "background": 0,
        "liver": 1,
        "ignore": 2,
    }


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (({"left lung": "lung"},), "no label 'left lung' to be mapped: labels are called liver"),
        (({}, ("kidney",)), "merge them with --map 'right kidney=kidney,left kidney=kidney'"),
        (({}, ("heart",)), "no organ 'heart' to be kept, only liver, .* and 8 more: choose"),
        ((dict.fromkeys(SCHEME_22, "background"),), "No organ is left"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(wishes, message):
    with pytest.raises(AbdosegError, match=message):
        map_labels(SCHEME_22, *wishes)


def test_labels_without_names_are_asked_for():
    with pytest.raises(AbdosegError, match="give them some with --map 1=liver"):
        map_labels({}, {"liver": "organ"})


def test_a_map_is_read_from_text_and_from_files(tmp_path):
    lines, json_file = tmp_path / "map.txt", tmp_path / "map.json"
    lines.write_text("# both\nleft kidney = kidney\n\nright kidney=kidney\n")
    json_file.write_text('{"left kidney": "kidney", "right kidney": "kidney"}')
    wanted = {"left kidney": "kidney", "right kidney": "kidney"}
    for texts in (["left kidney=kidney, right kidney = kidney"], [str(lines)], [str(json_file)]):
        assert read_map(texts) == wanted
    assert read_map(["left kidney=kidney", "right kidney=kidney"]) == wanted


@pytest.mark.parametrize(
    ("text", "content", "message"),
    [
        ("kidney", None, "neither OLD=NEW nor a file"),
        ("a=b=c", None, "not a list of OLD=NEW"),
        ("=b", None, "not a list of OLD=NEW"),
        ("map.json", "{broken", "no JSON object"),
        ("map.txt", "liver\n", "not a list of OLD=NEW"),
    ],
)
def test_a_map_that_can_not_be_read_is_told(tmp_path, monkeypatch, text, content, message):
    monkeypatch.chdir(tmp_path)
    if content:
        (tmp_path / text).write_text(content)
    with pytest.raises(AbdosegError, match=message):
        read_map([text])
