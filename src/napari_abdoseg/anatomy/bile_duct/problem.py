"""Why the bile duct, or the region of it, can't be found."""

from __future__ import annotations

from napari_abdoseg.errors import AbdosegError

NAME = "bile-duct search region"

TURNED = ("upside down", "back to front", "mirrored")
"""What a body is that is turned round along (z, y, x)."""


class RegionNotFoundError(AbdosegError):
    """The organs do not tell where the bile duct is."""


class NoCourseError(AbdosegError):
    """A duct that was labelled can't be followed."""
