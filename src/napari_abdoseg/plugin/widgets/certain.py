"""What is there, though its type does not say so.

PyQt calls every pointer that Qt gives or takes optional: the header of a table, the event
that is handled. What is none where it can't be is a mistake of ours, and ends as one.
"""

from __future__ import annotations

from typing import TypeVar

Thing = TypeVar("Thing")


def sure(thing: Thing | None) -> Thing:
    """What is certain to be there.

    Raises
    ------
    TypeError
        It isn't.
    """
    if thing is None:
        raise TypeError("None, where something is certain to be")
    return thing


def sure_of(kind: type[Thing], thing: object) -> Thing:
    """What is certain to be of a kind, such as the widget that is an object's parent.

    Raises
    ------
    TypeError
        It isn't.
    """
    if not isinstance(thing, kind):
        raise TypeError(f"{thing!r}, where a {kind.__name__} is certain to be")
    return thing
