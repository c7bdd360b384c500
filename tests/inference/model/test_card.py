"""What a model's card says, and what is told of one that says it wrongly."""

from __future__ import annotations

import json

import pytest

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.card import (
    CARD,
    ModelCard,
    Origin,
    Region,
    read_card,
    write_card,
)
from napari_abdoseg.inference.model.model_folder import read_model


def test_a_model_without_a_card_has_an_empty_one(make_model):
    model = read_model(make_model())
    assert model.card == ModelCard()
    assert model.card.axes == "stored"
    assert model.card.region is None


def test_a_card_is_read_as_it_was_written(make_model):
    folder = make_model()
    card = ModelCard(
        title="Organs",
        licence="Apache-2.0",
        axes="RAS",
        region=Region(organs=["pancreas"], margin_mm=[15.0, 50.0, 100.0]),
        merged={"kidney": ["kidney_left", "kidney_right"]},
        origin=Origin(url="https://example.org/a.zip", sha256="0" * 64),
    )
    write_card(folder, card)
    assert read_card(folder) == card
    assert read_card(folder).region.margins == (15.0, 50.0, 100.0)


def test_keys_of_others_are_kept(make_model):
    folder = make_model()
    content = {"title": "Organs", "author": "A", "origin": {"doi": "10.1/2"}}
    (folder / CARD).write_text(json.dumps(content))
    write_card(folder, read_card(folder))
    assert json.loads((folder / CARD).read_text()) == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"axes": "LPS"}, "axes"),
        ({"region": {"margin_mm": [1.0, 2.0]}}, "margin_mm"),
        ({"region": {"margin_mm": -1}}, "margin_mm"),
        ({"region": {"model": "../other"}}, "region.model"),
        ({"modality": 1}, "modality"),
        ({"checkpoint": "/tmp/x.pth"}, "checkpoint"),
        ({"source": "file:///etc/passwd"}, "source"),
        ({"merged": {"kidney": []}}, "merged.kidney"),
        ({"shown": "liver"}, "shown"),
        ({"sha256": "abc"}, "sha256"),
        ({"test": {"scan": "a.nii.gz"}}, "test.labels"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(make_model, content, said):
    folder = make_model()
    (folder / CARD).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=rf"model\.json .*{said}.*; correct it, or remove") as told:
        read_model(folder)
    assert "\n" not in str(told.value)


def test_a_card_that_is_no_json_is_named(make_model):
    folder = make_model()
    (folder / CARD).write_text("{")
    with pytest.raises(ModelError, match=r"model\.json can't be read as JSON"):
        read_model(folder)


def test_a_changed_card_is_a_changed_model(make_model):
    folder = make_model()
    model = read_model(folder)
    write_card(folder, ModelCard(title="Organs"))
    assert not model.is_current
    assert read_model(folder).is_current


def test_only_what_changes_results_changes_the_hash(make_model):
    folder = make_model()
    plain = read_model(folder).sha256(["0"])
    write_card(folder, ModelCard(title="Organs", axes="stored", sha256="0" * 64))
    assert read_model(folder).sha256(["0"]) == plain
    write_card(folder, ModelCard(axes="RAS"))
    assert read_model(folder).sha256(["0"]) != plain
