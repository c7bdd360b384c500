"""Tiles that cover a volume larger than a network's patch.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import torch

Tile = tuple[slice | int, ...]
"""Index of a tile in an image of (channel, z, y, x)."""

STEP = 0.5
"""Distance between neighbouring tiles as a share of the patch."""


@dataclass(frozen=True, eq=False)
class Tiling:
    """An image and the tiles that cover it.

    Parameters
    ----------
    padded : Tensor, shape (channel, z, y, x)
        The image, with zeros around it where it is smaller than the patch.
    inside : tuple of slice
        Where the image lies in it, along z, y and x.
    tiles : sequence of Tile
        In the padded image.
    """

    padded: torch.Tensor
    inside: tuple[slice, ...]
    tiles: Sequence[Tile]

    @cached_property
    def constants(self) -> list[float | None]:
        """For each tile the one value that it holds everywhere, as in air, or None."""
        return [_only_value(self.padded[tile]) for tile in self.tiles]

    def on(self, device: torch.device) -> Self:
        """The same with the image on a device."""
        return replace(self, padded=self.padded.to(device))

    def cut(self, tile: Tile, device: torch.device) -> torch.Tensor:
        """A tile's image on a device, shape (1, channel, *patch)."""
        import torch

        image = self.padded[tile][None].clone(memory_format=torch.contiguous_format)
        return image.to(device)

    @property
    def different(self) -> list[Tile]:
        """Tiles, those that repeat a constant one left out."""
        first = {constant: tile for tile, constant in reversed([*zip(self.tiles, self.constants)])}
        return [
            tile
            for tile, constant in zip(self.tiles, self.constants)
            if constant is None or first[constant] is tile
        ]


def tile_image(
    image: torch.Tensor,
    patch: tuple[int, ...],
    corners: Iterable[Sequence[int]] | None = None,
) -> Tiling:
    """Tiles of an image.

    Parameters
    ----------
    image : Tensor, shape (channel, z, y, x)
    patch : tuple of int
        Of two axes for a 2D network, which goes slice by slice.
    corners : iterable of sequence of int, optional
        Where each tile begins along z, y and x; as nnU-Net lays them by default.
    """
    from acvl_utils.cropping_and_padding.padding import pad_nd_image

    padded, inside = pad_nd_image(image, patch, "constant", {"value": 0}, True, None)
    shape = tuple(padded.shape[1:])
    kept = len(shape) - len(patch)
    sizes = [*[1] * kept, *patch]
    if corners is None:
        corners = itertools.product(*map(tile_starts, shape, sizes))
    tiles: list[Tile] = [
        (
            slice(None),
            *corner[:kept],
            *(slice(at, at + size) for at, size in zip(corner[kept:], patch, strict=True)),
        )
        for corner in corners
    ]
    return Tiling(padded, tuple(inside[1:]), tiles)


def tile_starts(size: int, tile: int) -> list[int]:
    """Where nnU-Net's half overlapping tiles begin along an axis."""
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    if tile == 1:
        return list(range(size))
    starts: list[int] = compute_steps_for_sliding_window((max(size, tile),), (tile,), STEP)[0]
    return starts


def mirrorings(axes: Sequence[int]) -> list[tuple[int, ...]]:
    """Every combination of mirrored axes of a batch, none first."""
    mirrored = [axis + 2 for axis in axes]
    counts = range(len(mirrored) + 1)
    return [chosen for count in counts for chosen in itertools.combinations(mirrored, count)]


def _only_value(tile: torch.Tensor) -> float | None:
    low, high = tile.aminmax()
    return float(low) if low == high else None
