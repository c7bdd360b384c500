"""A prediction that is to be compared with the truth."""

from __future__ import annotations

import comparing
import pytest
from comparing import compare

from napari_abdoseg.image.volume import LabelMap


@pytest.fixture
def truth(phantom) -> LabelMap:
    return comparing.changed(phantom[1], phantom[1].data.copy())


@pytest.fixture
def found(truth) -> LabelMap:
    return comparing.damaged(truth)


@pytest.fixture
def compared(widget, qtbot):
    """The panel after a press on its button."""
    compare(widget, qtbot)
    return widget
