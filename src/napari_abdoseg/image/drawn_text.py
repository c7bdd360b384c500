"""Names in pictures that matplotlib draws."""

from __future__ import annotations

import re

_UNDRAWABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def as_drawn(name: str) -> str:
    """A text that matplotlib draws as it is, without a formula between dollar signs."""
    return _UNDRAWABLE.sub("\ufffd", name).replace("$", r"\$")
