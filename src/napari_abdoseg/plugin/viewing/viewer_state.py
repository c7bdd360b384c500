"""What belongs to a viewer: one object of a kind, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from napari.components import ViewerModel

Kept = TypeVar("Kept")


class _State(dict[Callable[[ViewerModel], Any], Any]):
    """The objects of a viewer, by what has made them."""


_states: WeakKeyDictionary[ViewerModel, ref[_State]] = WeakKeyDictionary()


def unwrapped(viewer: Any) -> Any:
    """The viewer itself, where napari hands plugins one that hides its private parts."""
    return getattr(viewer, "__wrapped__", viewer)


def state_of(viewer: ViewerModel, kind: Callable[[ViewerModel], Kept]) -> Kept:
    """The one object that ``kind`` has made of a viewer; it lives as long as the viewer.

    Parameters
    ----------
    viewer : ViewerModel
    kind : callable
        A class, or a function; called with the viewer when it is first asked for.
    """
    viewer = unwrapped(viewer)
    state = _state(viewer)
    if kind not in state:
        state[kind] = kind(viewer)
    kept: Kept = state[kind]
    return kept


def _state(viewer: ViewerModel) -> _State:
    if viewer in _states and (state := _states[viewer]()) is not None:
        return state
    state = _State()
    # The viewer itself holds what knows the viewer: held here, neither would ever go.
    viewer.events.theme.connect(lambda: state)
    _states[viewer] = ref(state)
    return state
