"""Where logits that were kept lie on the image that networks take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import TYPE_CHECKING

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.inference.learning.slices import ImageGrid
from napari_abdoseg.logits.kept import KeptLogits

if TYPE_CHECKING:
    import torch

OTHERS = "The logits, or the labels, are of another CT, or model: choose theirs."


@dataclass(frozen=True, eq=False)
class KeptGrid:
    """Kept logits and the image whose they are.

    Parameters
    ----------
    kept : KeptLogits
    image : ImageGrid
    joined : tuple of int
        Voxels of the image along each axis (z, y, x) of the screen that have become one.
    first : tuple of int
        Where they begin along the same axes, on the image; the last of them where it is turned.
    """

    kept: KeptLogits
    image: ImageGrid
    joined: tuple[int, ...]
    first: tuple[int, ...]

    @classmethod
    def of(cls, kept: KeptLogits, image: ImageGrid, spacing: Sequence[float]) -> KeptGrid:
        """Of an image of a spacing, in mm along its axes.

        Raises
        ------
        CorrectionError
            They can't be of that image.
        """
        joined, first = [], []
        for axis, (across, turned) in enumerate(image.screen):
            count = round(kept.spacing[axis] / spacing[across])
            along, begin = kept.axes[axis], kept.box.start[axis]
            middle = along.lower.size // 2
            place = image.place(axis, begin + middle)
            same = isclose(kept.spacing[axis], count * spacing[across], rel_tol=0.01)
            if place is None or not same:
                raise CorrectionError(OTHERS)
            ours = float(along.lower[middle] + along.weight[middle])
            if turned:
                ours = kept.shape[axis] - 1 - ours
            joined.append(count)
            first.append(round(place + 0.5 - (ours + 0.5) * count))
        return cls(kept, image, tuple(joined), tuple(first))

    def around(self, box: Box) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Logits around a box of the scan, which is in theirs, and their part of the image.

        Returns
        -------
        old : tuple of slice
            Of the logits, along z, y and x of the screen.
        part : tuple of slice
            Of the image, along its own axes.

        Raises
        ------
        CorrectionError
            It does not show them.
        """
        old, part = [], [slice(0)] * 3
        for axis, (across, turned) in enumerate(self.image.screen):
            begin = self.kept.box.start[axis]
            there, _ = self.kept.axes[axis].part(
                slice(box.start[axis] - begin, box.stop[axis] - begin)
            )
            old.append(there)
            size = self.kept.shape[axis]
            start, stop = (
                (size - there.stop, size - there.start) if turned else (there.start, there.stop)
            )
            count, origin = self.joined[axis], self.first[axis]
            part[across] = slice(origin + start * count, origin + stop * count)
            if part[across].start < 0 or part[across].stop > self.image.shape[across]:
                raise CorrectionError(OTHERS)
        return tuple(old), tuple(part)

    def added(self, old: tuple[slice, ...], more: torch.Tensor) -> KeptLogits:
        """The logits with more of each class in a part.

        Parameters
        ----------
        old : tuple of slice
            The part, as `around` gives it.
        more : Tensor, shape (class, *part)
            On the image.
        """
        import torch

        turned = [axis for axis, (_, turned) in enumerate(self.image.screen, 1) if turned]
        order = [0, *(across + 1 for across, _ in self.image.screen)]
        shown = more.float().permute(order).flip(turned)
        means = torch.nn.functional.avg_pool3d(shown[None], self.joined)[0]
        logits = self.kept.logits.copy()
        there = (slice(None), *old)
        logits[there] = (logits[there] + means.numpy()).astype(np.float16)
        return replace(self.kept, logits=logits)
