"""Volumes and results as they travel: voxels compressed, at their stored type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from napari_abdoseg.batch.case_report import Report
from napari_abdoseg.batch.segment_case import CaseResult
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.logits.file import PackedLogits

FAST = 1
"""Level of compression that no cable waits for."""


@dataclass(frozen=True, eq=False)
class PackedVoxels:
    """Voxels on a grid.

    Parameters
    ----------
    grid : Grid
    dtype : str
        As NumPy spells it.
    content : bytes
        Voxels in stored order, compressed by gzip.
    """

    grid: Grid
    dtype: str
    content: bytes

    @classmethod
    def of(cls, data: NDArray[Any], grid: Grid) -> Self:
        """Pack voxels of shape (z, y, x)."""
        stored = grid.to_stored(data)
        content = igzip.compress(stored.tobytes(order="F"), compresslevel=FAST)
        return cls(grid, stored.dtype.str, content)

    def unpack(self) -> NDArray[Any]:
        """Voxels of shape (z, y, x)."""
        flat = np.frombuffer(bytearray(igzip.decompress(self.content)), self.dtype)
        return self.grid.to_screen(flat.reshape(self.grid.stored_shape, order="F"))


@dataclass(frozen=True, eq=False)
class PackedVolume:
    """A `Volume`."""

    voxels: PackedVoxels
    path: Path | None
    notices: tuple[str, ...]

    @classmethod
    def of(cls, volume: Volume) -> Self:
        """Pack a scan."""
        return cls(PackedVoxels.of(volume.data, volume.grid), volume.path, volume.notices)

    def unpack(self) -> Volume:
        """The same scan."""
        return Volume(self.voxels.unpack(), self.voxels.grid, self.path, self.notices)


@dataclass(frozen=True, eq=False)
class PackedLabels:
    """A `LabelMap` that was just made."""

    voxels: PackedVoxels
    organs: tuple[Organ, ...]
    notices: tuple[str, ...]

    @classmethod
    def of(cls, labels: LabelMap) -> Self:
        """Pack a label map."""
        return cls(PackedVoxels.of(labels.data, labels.grid), labels.organs, labels.notices)

    def unpack(self) -> LabelMap:
        """The same label map."""
        return LabelMap(self.voxels.unpack(), self.voxels.grid, self.organs, notices=self.notices)


@dataclass(frozen=True, eq=False)
class PackedResult:
    """A `CaseResult`."""

    labels: PackedLabels
    disagreement: PackedLabels | None
    report: Report
    logits: PackedLogits | None
    no_logits: str

    @classmethod
    def of(cls, result: CaseResult) -> Self:
        """Pack a result."""
        return cls(
            PackedLabels.of(result.labels),
            None if result.disagreement is None else PackedLabels.of(result.disagreement),
            result.report,
            result.logits,
            result.no_logits,
        )

    def unpack(self) -> CaseResult:
        """The same result."""
        return CaseResult(
            self.labels.unpack(),
            None if self.disagreement is None else self.disagreement.unpack(),
            self.report,
            self.logits,
            self.no_logits,
        )
