"""What organs of a label map tell together, found in a thread and again when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.organs.measuring import OrganTable

Found = TypeVar("Found")


class Finding(Generic[Found]):
    """Finds something in a thread, and says why where it can't be found.

    Parameters
    ----------
    layer : Labels
    find : callable
        Finds it in a label map, or raises an `AbdosegError` that says why not.
    leads : callable
        Whether an organ leads to it.
    is_expected : callable
        Whether the organs of a table, there or not, are enough to look for it.
    """

    found = Signal()
    """`result` and `problem` are new."""

    def __init__(
        self,
        layer: Labels,
        find: Callable[[LabelMap], Found],
        leads: Callable[[Organ], object],
        is_expected: Callable[[OrganTable], bool],
    ) -> None:
        self.result: Found | None = None
        self.problem = ""
        self._layer = layer
        self._look_for, self._leads, self._is_expected = find, leads, is_expected
        self._guides: object = None
        self._background = LatestWork(self._find)
        self._background.yielded.connect(self._take)
        self.close = self._background.close

    def follow(self, table: OrganTable) -> None:
        """Look for it again if an organ that leads to it has changed."""
        expected = self._is_expected(table)
        leading = {organ: each for organ, each in table.measures.items() if self._leads(organ)}
        guides = leading if expected else None
        if guides == self._guides:
            return
        self._guides = guides
        if expected:
            self._background.start_soon()
        else:
            self._tell(None, "")

    def _find(self) -> Iterator[Found | AbdosegError]:
        try:
            yield self._look_for(label_map_of(self._layer))
        except AbdosegError as error:
            yield error

    def _take(self, result: Found | AbdosegError) -> None:
        if self._guides is None:  # what it was found by is gone meanwhile
            return
        if isinstance(result, AbdosegError):
            self._tell(None, str(result))
        else:
            self._tell(result, "")

    def _tell(self, result: Found | None, problem: str) -> None:
        self.result, self.problem = result, problem
        self.found.emit()
