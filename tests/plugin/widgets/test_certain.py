"""What is there, though its type does not say so."""

from __future__ import annotations

import pytest

from napari_abdoseg.plugin.widgets.certain import sure, sure_of


def test_what_is_there_is_given_back():
    empty: list[int] = []
    assert sure(empty) is empty
    assert sure_of(list, empty) is empty


def test_what_is_not_there_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="None"):
        sure(None)
    with pytest.raises(TypeError, match="a list is certain"):
        sure_of(list, None)
