"""Logits that a segmentation in a window has left in memory, written beside its label map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from napari.layers import Labels

from napari_abdoseg.batch.case_logits import NETWORKS
from napari_abdoseg.correction.provenance import Origin
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.logits.file import logits_path, write_logits
from napari_abdoseg.logits.kept import KeptLogits

KEY = "unsaved_logits"
"""In the metadata of a layer."""


@dataclass(eq=False)
class UnsavedLogits:
    """Logits of a label map that was found in a window.

    Parameters
    ----------
    kept : KeptLogits
    scan : Volume
        That they are of.
    networks : callable
        Gives the SHA-256 of the model and its folds.
    are_wanted : bool
        Whether they are written when the label map is saved.
    """

    kept: KeptLogits
    scan: Volume
    networks: Callable[[], str]
    are_wanted: bool = False
    _written: set[Path] = field(default_factory=set)

    def write(self, labels: Path) -> None:
        """Write them beside a label map, once.

        Raises
        ------
        SaveError
            They can't be written.
        """
        path = logits_path(labels)
        if path not in self._written or not path.exists():
            write_logits(path, self.kept, self.scan, self.networks())
            self._written.add(path)

    def named(self, origin: Origin, labels: Path) -> Origin:
        """An origin that also tells the networks, where they have logits beside a label map."""
        if logits_path(labels) not in self._written:
            return origin
        return {**(origin or {}), NETWORKS: self.networks()}


def unsaved_logits(layer: Labels) -> UnsavedLogits | None:
    """Logits of a layer that was found in a window; None where there are none."""
    found: UnsavedLogits | None = layer.metadata.get(KEY)
    return found
