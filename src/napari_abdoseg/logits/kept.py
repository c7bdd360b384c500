"""An ensemble's logits around the organs that it found, for as long as a case is corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.logits.along import Along

Axes = tuple[Along, Along, Along]


@dataclass(frozen=True, eq=False)
class Contested:
    """Where folds don't agree, and what each of them says there.

    Parameters
    ----------
    places : ndarray of uint32, shape (count,)
        Voxels of the logits, as indices into them as one row; they rise.
    answers : ndarray of uint8 or uint16, shape (fold, count)
        Number of the class that each fold gives them.
    """

    places: NDArray[np.uint32]
    answers: NDArray[np.unsignedinteger[Any]]

    @property
    def folds(self) -> int:
        """Folds that had a say."""
        return len(self.answers)


@dataclass(frozen=True, eq=False)
class KeptLogits:
    """Mean logits of an ensemble, with axes as the scan's are shown.

    Parameters
    ----------
    logits : ndarray of float16, shape (class, z, y, x)
        The largest wins. Of voxels around the organs alone.
    values : tuple of int
        Label value of each class, 0 for background; those of merged organs are the same.
    spacing : tuple of float
        mm along (z, y, x).
    box : Box
        The scan's voxels that lie between them; elsewhere nothing is known.
    axes : tuple of Along
        How these do, along z, y and x.
    contested : Contested or None
        Of the folds; None where no ensemble has made the logits.
    """

    logits: NDArray[np.float16]
    values: tuple[int, ...]
    spacing: Triple
    box: Box
    axes: Axes
    contested: Contested | None

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        contested = self.contested
        more = 0 if contested is None else contested.places.nbytes + contested.answers.nbytes
        return self.logits.nbytes + more

    @property
    def shape(self) -> Shape:
        """(z, y, x) of the logits."""
        z, y, x = self.logits.shape[1:]
        return z, y, x

    def classes(self, value: int) -> list[int]:
        """Numbers of the classes that are an organ."""
        return [number for number, each in enumerate(self.values) if each == value]

    def exactly(self, voxels: Sequence[Shape]) -> NDArray[np.float64]:
        """Where some of the scan's voxels in the box lie, in voxels of the logits.

        Returns
        -------
        ndarray of float, shape (3, voxels)
            Their z, y and x.
        """
        inside = np.array(voxels).reshape(-1, 3).T - np.array(self.box.start)[:, None]
        return np.stack(
            [
                axis.lower[at] + axis.weight[at].astype(np.float64)
                for axis, at in zip(self.axes, inside, strict=True)
            ]
        )
