"""How far an organ is ahead, slice by slice, is what the logits give between their voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.interpolation import gathered, interpolated
from napari_abdoseg.logits.kept import KeptLogits

SHAPE, SIZE = (9, 10, 11), (21, 25, 18)
VALUES = (0, 1, 2, 1, 5)
BOX = Box((4, 3, 2), (25, 28, 20))
WHOLE = Box((4, 3, 2), (25, 28, 20))
PART = Box((8, 10, 5), (19, 22, 15))


@pytest.fixture
def kept() -> KeptLogits:
    draw = np.random.default_rng(0)
    logits = np.stack([gaussian_filter(draw.normal(size=SHAPE), 1.2) for _ in VALUES])
    z, y, x = (Along.between(old, new) for old, new in zip(SHAPE, SIZE, strict=True))
    scaled = (logits * 8 / logits.std()).astype(np.float16)
    return KeptLogits(scaled, VALUES, (3.0, 2.0, 2.0), BOX, (z, y, x), None)


@pytest.mark.parametrize("value", [0, 1, 2, 5])
@pytest.mark.parametrize("box", [WHOLE, PART])
def test_lead_on_the_scan(kept, value, box):
    """Of the organs that win somewhere, by all classes between all voxels."""
    exact = [interpolated(each.astype(np.float32), kept.axes) for each in kept.logits]
    own = [number for number, each in enumerate(VALUES) if each == value]
    nodes = kept.logits.astype(np.float32)
    organ = interpolated(np.maximum.reduce(nodes[own]), kept.axes)
    others = {each: np.full(SIZE, -np.inf) for each in VALUES if each != value}
    for number, each in enumerate(VALUES):
        if each != value:
            others[each] = np.maximum(others[each], exact[number])
    lead, seen = Lead.of(kept, value, box), np.zeros(SIZE, bool)
    extra = np.random.default_rng(1).normal(size=lead.least.shape).astype(np.float32)
    everywhere = np.ones(lead.least.shape, bool)
    close = best = 0
    for slab, ahead, rival, (more,) in lead.on_scan([extra], everywhere):
        inside = tuple(
            slice(a - first, b - first)
            for a, b, first in zip(slab.start, slab.stop, BOX.start, strict=True)
        )
        wanted = organ[inside] - np.maximum.reduce([*others.values()])[inside]
        close += np.count_nonzero(np.abs(ahead - wanted) < 1e-3)
        chosen = np.choose(
            np.searchsorted(sorted(others), lead.labels[rival]),
            [others[each][inside] for each in sorted(others)],
        )
        best += np.count_nonzero(np.abs(organ[inside] - chosen - wanted) < 1e-3)
        assert more.shape == ahead.shape
        seen[inside] = True
    whole = np.zeros(SIZE, bool)
    whole[tuple(slice(a - f, b - f) for a, b, f in zip(box.start, box.stop, BOX.start))] = True
    np.testing.assert_array_equal(seen, whole)
    assert min(close, best) > 0.97 * whole.sum()  # a class that wins at no voxel is left out


def test_slices_where_nothing_is_wanted_are_left_out(kept):
    lead = Lead.of(kept, 1, WHOLE)
    near = np.zeros(lead.least.shape, bool)
    near[3, 4, 5] = True
    boxes = [slab for slab, *_ in lead.on_scan([], near)]
    assert 0 < len(boxes) < 3
    assert all(b.stop[1] - b.start[1] < 10 for b in boxes)


def test_a_place_is_found_between_the_voxels(kept):
    place = (12, 15, 9)
    lead = Lead.of(kept, 2, PART)
    squares = sum(np.ix_(*(axis[0] ** 2 for axis in lead.away_mm([place]))))
    assert squares.min() < sum((step / 2) ** 2 for step in kept.spacing)
    corners = squares[lead.around([place])]
    assert corners.max() <= sum(step**2 for step in kept.spacing)


def test_values_are_gathered_from_all_voxels_around():
    axes = tuple(Along.between(old, new) for old, new in zip(SHAPE, SIZE, strict=True))
    np.testing.assert_allclose(gathered(np.full(SIZE, 3, np.float32), axes), 3, rtol=1e-5)
    ramp = np.broadcast_to(np.arange(SIZE[2], dtype=np.float32), SIZE)
    middle = gathered(ramp, axes)[4, 4, 2:-2]
    steps = np.arange(SHAPE[2])[2:-2]
    np.testing.assert_allclose(middle, (steps + 0.5) * SIZE[2] / SHAPE[2] - 0.5, atol=0.3)
