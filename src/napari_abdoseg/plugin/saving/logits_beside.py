"""Logits beside the label map of a layer: those in memory are written there, others are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from napari.layers import Labels

from napari_abdoseg.batch.case_logits import NETWORKS, logits_of_case, networks_of_case
from napari_abdoseg.correction.provenance import Origin
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.networks import Networks
from napari_abdoseg.logits.file import logits_path, write_logits
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.plugin.saving.claim_of import CLAIM

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


def logits_beside(layer: Labels, scan: Volume) -> KeptLogits | None:
    """Read the logits beside a layer's file, or else beside its case's own label map.

    Parameters
    ----------
    layer : Labels
    scan : Volume
        The CT that it is of.

    Returns
    -------
    KeptLogits or None
        None where none lie there.

    Raises
    ------
    LogitsFileError
        They don't fit, can't be read or are damaged.
    """
    labels, own = _places(layer)
    if labels is None:
        return None
    kept = logits_of_case(labels, scan)
    return kept if kept is not None or own is None else logits_of_case(labels, scan, own)


def networks_of(layer: Labels) -> Networks:
    """The networks that made a layer's logits, as far as it, or the JSON beside its file, tells."""
    unsaved = unsaved_logits(layer)
    if unsaved is not None:
        return Networks.told(layer.metadata.get("origin"), unsaved.networks())
    labels, own = _places(layer)
    return Networks() if labels is None else networks_of_case(labels, own)


def _places(layer: Labels) -> tuple[Path | None, Path | None]:
    """A layer's file, or else its case's own label map, and that."""
    path, claim = layer.metadata.get("path"), layer.metadata.get(CLAIM)
    own = None if claim is None else claim.folder.labels_of(claim.case)
    return path or own, own
