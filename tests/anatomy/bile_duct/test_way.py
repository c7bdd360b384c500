"""The line to look along."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree
from test_region_from_veins import DUCT, DUCT_COURSE, make_body

from napari_abdoseg.anatomy.bile_duct import RegionNotFoundError, measure_duct, way_to_duct
from napari_abdoseg.image.phantom import make_phantom

TRUE = np.array(DUCT_COURSE, float)[:, :3]
TRUE = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(TRUE)])


def _far(way) -> np.ndarray:
    return cKDTree(TRUE).query(way.course.points)[0]


def test_the_duct_where_one_is_labelled():
    body = make_body()
    way = way_to_duct(body)
    np.testing.assert_array_equal(way.course.points, measure_duct(body).course.points)
    assert "as it is labelled" in way.words
    assert _far(way).max() < 5


def test_the_middle_of_the_region_otherwise():
    body = make_body()
    way = way_to_duct(replace(body, data=np.where(body.data == DUCT, 0, body.data)))
    assert "middle of the bile-duct search region" in way.words
    assert "Found by pancreas and veins" in way.words
    assert np.median(_far(way)) < 12
    assert way.course.points[0, 0] > way.course.points[-1, 0] + 30


def test_from_liver_and_pancreas():
    _, labels = make_phantom(1, (4.0, 4.0, 4.0))
    way = way_to_duct(labels)
    points = way.course.points
    assert "Found by liver and pancreas" in way.words
    assert points[0, 0] > points[-1, 0]


def test_neither_duct_nor_organs():
    _, labels = make_phantom(1, (8.0, 6.0, 6.0))
    with pytest.raises(RegionNotFoundError, match="no pancreas"):
        way_to_duct(replace(labels, data=np.where(labels.data == 4, 0, labels.data)))
