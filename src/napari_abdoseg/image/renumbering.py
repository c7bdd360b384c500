"""Label maps with other values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.unsignedinteger[Any]]


def renumbered(data: Labels, new_values: Mapping[int, int]) -> Labels:
    """Label values changed, a slice at a time; those without a new value become background."""
    if all(old == new for old, new in new_values.items()):
        return data
    table = np.zeros(max(int(data.max()), *new_values) + 1, dtype=np.uint16)
    for old, new in new_values.items():
        table[old] = new
    changed = np.empty(data.shape, np.min_scalar_type(int(table.max())))
    for old_slice, new_slice in zip(data, changed):
        new_slice[...] = table[old_slice]
    return changed
