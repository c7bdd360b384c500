"""A click moves an organ's boundary, and nothing that is locked, painted or elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg import make_phantom
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import move_boundary
from napari_abdoseg.correction.hints.clicks import Addition, Click
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.image.volume import LabelMap

SPACING = (4.0, 3.0, 3.0)
LIVER, KIDNEY, SPLEEN, PANCREAS, TUMOUR = 1, 2, 3, 4, 9
LESS_MM = 5.0


@pytest.fixture(scope="module")
def truth() -> LabelMap:
    return make_phantom(5, SPACING)[1]


@pytest.fixture(scope="module")
def small(truth) -> LabelMap:
    """All organs lack 5 mm all round."""
    data = truth.data.copy()
    for organ in truth.organs:
        mask = truth.data == organ.value
        depth = ndimage.distance_transform_edt(mask, sampling=SPACING)
        data[mask & (depth <= LESS_MM)] = 0
    return replace(truth, data=data)


@pytest.fixture(scope="module")
def kept(small):
    return presumed_logits(EditableLabels.of(small))


def changed(data, edit) -> np.ndarray:
    np.testing.assert_array_equal(data[edit.where], edit.before)
    assert (edit.before != edit.after).all()
    new = data.copy()
    new[edit.where] = edit.after
    return new


def lacking(truth, data, organ, draw) -> tuple[int, int, int]:
    """A voxel near the true boundary that the organ lacks."""
    wrong = (truth == organ) & (data != organ)
    near = ndimage.distance_transform_edt(data != organ, sampling=SPACING)
    places = np.argwhere(wrong & (near > 0.6 * near[wrong].max()))
    return tuple(places[draw.integers(len(places))].tolist())


def test_one_click_mends_much_of_a_shell_all_round_and_more_clicks_more_of_it(truth, small, kept):
    draw = np.random.default_rng(0)
    should, data, clicks = truth.data == LIVER, small.data, []
    scores = [dice_of_masks(data == LIVER, should)]
    for _ in range(6):
        clicks.append(Click(lacking(truth.data, data, LIVER, draw), inside=True, more=0.0))
        edit = move_boundary(
            EditableLabels.of(replace(small, data=data)), kept, LIVER, clicks[-1], clicks[:-1]
        )
        assert (edit.after == LIVER).mean() > 0.99
        data = changed(data, edit)
        scores.append(dice_of_masks(data == LIVER, should))
    assert np.diff(scores).min() > -0.002
    assert scores[1] - scores[0] > 0.03 * (1 - scores[0])
    assert scores[-1] - scores[0] > 0.5 * (1 - scores[0])
    _, before = ndimage.label(small.data == LIVER)
    _, after = ndimage.label(data == LIVER)
    assert after <= before
    np.testing.assert_array_equal(changed(data, edit.reverted)[edit.where], edit.before)


@pytest.mark.parametrize("seed", range(4))
def test_every_clicked_voxel_comes_to_its_side_and_stays_there(truth, small, kept, seed):
    """Whatever is clicked, in any order, inside and outside, of the place alone or of all."""
    draw = np.random.default_rng(seed)
    data, clicks = small.data, []
    shell = ndimage.binary_dilation(small.data == SPLEEN, iterations=2)
    shell &= ~ndimage.binary_erosion(small.data == SPLEEN, iterations=2)
    places = np.argwhere(shell & np.isin(small.data, (0, SPLEEN)))
    for place in map(tuple, draw.permutation(places)[:12].tolist()):
        if any(np.linalg.norm(np.subtract(place, each.place) * SPACING) < 12 for each in clicks):
            continue
        clicks.append(Click(place, bool(data[place] != SPLEEN)))
        data = changed(
            data,
            move_boundary(
                EditableLabels.of(replace(small, data=data)), kept, SPLEEN, clicks[-1], clicks[:-1]
            ),
        )
        assert all((data[each.place] == SPLEEN) == each.inside for each in clicks)
    assert len(clicks) > 4


def test_a_click_of_the_place_alone_changes_nothing_far_from_it(truth, small, kept):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(1))
    labels = EditableLabels.of(small)
    edit = move_boundary(labels, kept, LIVER, Click(place, True, reach_mm=10.0))
    data = changed(small.data, edit)
    away = np.linalg.norm((np.stack(edit.where, 1) - place) * SPACING, axis=1)
    assert 0 < away.max() < 30
    parts, _ = ndimage.label(data != small.data, np.ones((3, 3, 3)))
    assert parts.max() == 1
    everywhere = move_boundary(labels, kept, LIVER, Click(place, True))
    assert everywhere.after.size > edit.after.size


def test_more_goes_farther_and_less_not_so_far(truth, small, kept):
    place = lacking(truth.data, small.data, KIDNEY, np.random.default_rng(3))
    labels = EditableLabels.of(small)
    less, same, more = (
        move_boundary(labels, kept, KIDNEY, Click(place, True, None, by)).after.size
        for by in (-0.5, 0.0, 0.5)
    )
    assert less < same < more


def test_an_organ_shrinks_to_its_nearest_rival(truth, small, kept):
    place = tuple(
        np.argwhere((small.data == PANCREAS) & ~ndimage.binary_erosion(small.data == PANCREAS))[
            7
        ].tolist()
    )
    edit = move_boundary(EditableLabels.of(small), kept, PANCREAS, Click(place, False))
    assert set(edit.before.tolist()) == {PANCREAS}
    assert changed(small.data, edit)[place] != PANCREAS


def test_what_is_locked_or_painted_or_elsewhere_stays(truth, small, kept):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(4))
    data = small.data.copy()
    free = move_boundary(EditableLabels.of(small), kept, LIVER, Click(place, True, None, 3.0))
    others = {KIDNEY, SPLEEN, PANCREAS} & set(free.before.tolist())
    locked = EditableLabels.of(small, others)
    edit = move_boundary(locked, kept, LIVER, Click(place, True, None, 3.0))
    assert not others & set(edit.before.tolist())
    data[free.where[0][::2], free.where[1][::2], free.where[2][::2]] = TUMOUR
    data[place] = 0
    with_tumour = EditableLabels.of(replace(small, data=data))
    edit = move_boundary(with_tumour, kept, LIVER, Click(place, True, None, 3.0))
    assert TUMOUR not in edit.before
    by_hand = np.zeros(small.data.shape, np.uint8)
    by_hand[:, :, ::2] = 1
    sparing = Sparing(by_hand=by_hand)
    edit = move_boundary(EditableLabels.of(small), kept, LIVER, Click(place, True), sparing=sparing)
    assert not by_hand[edit.where].any()
    assert edit.after.size
    slab = Box((place[0], 0, 0), (place[0] + 1, *small.data.shape[1:]))
    edit = move_boundary(
        EditableLabels.of(small), kept, LIVER, Click(place, True), sparing=Sparing(within=slab)
    )
    assert set(edit.where[0].tolist()) == {place[0]}


def test_what_can_not_be_is_said(truth, small, kept):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(5))
    inner = tuple(np.argwhere(small.data == LIVER)[99].tolist())

    def clicked(value=LIVER, at=place, inside=True, locked=(), sparing=Sparing()):  # noqa: B008
        labels = EditableLabels.of(small, locked)
        return move_boundary(labels, kept, value, Click(at, inside), sparing=sparing)

    with pytest.raises(CorrectionError, match="The liver is locked"):
        clicked(locked=[LIVER])
    with pytest.raises(CorrectionError, match="is the liver already"):
        clicked(at=inner)
    with pytest.raises(CorrectionError, match="is not the liver"):
        clicked(inside=False)
    with pytest.raises(CorrectionError, match="too far from all organs"):
        clicked(at=(0, 0, 0))
    with pytest.raises(CorrectionError, match="knows no label 9"):
        clicked(value=TUMOUR)
    elsewhere = Sparing(within=Box((place[0] + 1, 0, 0), small.data.shape))
    with pytest.raises(CorrectionError, match="not where the hint may change"):
        clicked(sparing=elsewhere)


def test_clicks_that_are_right_already_add_nothing(truth, small, kept):
    """The likeliest addition is none where nothing is needed, and what is added is no more."""
    inner = tuple(np.argwhere(small.data == LIVER)[99].tolist())
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(6))
    assert Addition.of(kept, LIVER, [Click(inner, True)]).weights == (0.0,)
    both = Addition.of(kept, LIVER, [Click(place, True), Click(inner, True)])
    assert both.weights[0] > 0
    assert both.weights[1] == 0
    assert Addition.of(kept, LIVER, []).weights == ()


def test_clicks_side_by_side_that_contradict_each_other_are_no_fault(small, kept):
    middle = np.argwhere(small.data == SPLEEN)[500]
    places = [tuple((middle + by).tolist()) for by in np.ndindex(2, 3, 3)]
    clicks = [Click(place, bool(number % 2)) for number, place in enumerate(places)]
    assert np.isfinite(Addition.of(kept, SPLEEN, clicks).weights).all()
