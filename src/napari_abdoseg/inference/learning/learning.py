"""What an ensemble would say of a case after it has learnt from slices that were corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.organ import in_sentence, number_name
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.export.keeping import scores
from napari_abdoseg.inference.learning.kept_grid import OTHERS, KeptGrid
from napari_abdoseg.inference.learning.slices import ImageGrid, ScanSlice
from napari_abdoseg.inference.learning.tuning import tuning
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.sliding_window import predict_within
from napari_abdoseg.inference.network.tiling import tile_image
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.preset import Arithmetic, Preset
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.progress import Work, as_part, relay

if TYPE_CHECKING:
    import torch

AROUND_MM = 24.0
"""From the organ: so far slices tell of it, and logits change."""
SHARE = 0.5
"""Of what one fold has learnt that the mean of all gets; see `benchmarks/interaction.py`."""
ONE_FOLD = Preset(
    "one fold", "The fold that has learnt, without mirroring.", False, True, Arithmetic.SAME
)
TUNED, ASKED = 0.8, 0.9
"""Shares of the work after which the fold has learnt, and has said what it said before."""


def learning(
    volume: Volume,
    labels: LabelMap,
    kept: KeptLogits,
    ensemble: Ensemble,
    value: int,
    slices: Sequence[ScanSlice],
) -> Work[KeptLogits]:
    """Let the first fold of an ensemble learn from corrected slices of an organ.

    Of what it says of the organ and around it then, more or less than before, the mean logits get
    a half, as if half of all folds had learnt alike. Neither the ensemble nor its files change.
    It is worth its time where the ensemble is wrong in these slices, and brings next to nothing
    where it is fair; see `benchmarks/README.md`.

    Parameters
    ----------
    volume : Volume
        The CT.
    labels : LabelMap
        With the slices as they should be.
    kept : KeptLogits
        What the ensemble has said of the CT.
    ensemble : Ensemble
    value : int
        Label of the organ.
    slices : sequence of ScanSlice

    Yields
    ------
    Progress
        After each step, and each pass of a network. Closing the generator ends the work.

    Raises
    ------
    CorrectionError
        No slice was corrected; the organ isn't there, or the model does not know it; the logits
        are no ensemble's, or another's, or of another CT; or the ensemble is of a kind that can't.

    Examples
    --------
    >>> from napari_abdoseg import load_ensemble, make_phantom, segmenting
    >>> from napari_abdoseg.inference.learning.learning import learning
    >>> from napari_abdoseg.inference.learning.slices import ScanSlice
    >>> from napari_abdoseg.progress import drain
    >>> scan, truth = make_phantom(1, (12.0, 10.0, 10.0))
    >>> ensemble = load_ensemble("demo", [0], "cpu")
    >>> found = drain(segmenting(scan, ensemble, "fast", keep_logits=True))
    >>> slices = [ScanSlice(0, 16), ScanSlice(1, 12)]
    >>> work = learning(scan, truth, found.logits, ensemble, 1, slices)
    >>> next(work).stage
    'Learning from slices'
    >>> work.close()  # cancels it
    """
    trained = _able(ensemble)
    classes = _require_sound(volume, labels, kept, trained, value, slices)
    box = _around(labels, kept, value)
    prepared = preprocess_volume(volume, trained)
    shape = tuple(prepared.image.shape[1:])
    image = ImageGrid.of(shape, prepared.crop, volume.grid, trained)
    grid = KeptGrid.of(kept, image, trained.image_spacing(prepared.crop.spacing))
    old, part = grid.around(box)
    known, true = image.drawn(labels.data == value, slices, part)
    work = _tuning(prepared.image, trained, known, true, classes)
    weights = yield from relay(work, as_part(0, TUNED))
    asked = _asking(prepared.image, trained, trained.members[0].weights, part)
    before = yield from relay(asked, as_part(TUNED, ASKED))
    asked = _asking(prepared.image, trained, weights, part)
    after = yield from relay(asked, as_part(ASKED, 1))
    return grid.added(old, SHARE * (after - before))


def _able(ensemble: Ensemble) -> TrainedConfiguration:
    """The one configuration of an ensemble that can learn."""
    trained = ensemble.configurations[0]
    if len(ensemble.configurations) > 1 or len(ensemble.stages) > 1:
        raise CorrectionError(
            "Only a model of one configuration can learn from a case, without a stage before it: "
            "correct this one by the other tools."
        )
    return trained


def _require_sound(
    volume: Volume,
    labels: LabelMap,
    kept: KeptLogits,
    trained: TrainedConfiguration,
    value: int,
    slices: Sequence[ScanSlice],
) -> list[int]:
    """Numbers of the classes that are the organ."""
    organ = next((each.name for each in labels.organs if each.value == value), number_name(value))
    classes = require_of_ensemble(kept, value, organ)
    merged = trained.model.merged_values
    if kept.values != tuple(merged.get(each, each) for each in trained.class_values):
        raise CorrectionError("The logits are another model's: choose the one that made them.")
    sizes = volume.data.shape
    if labels.data.shape != sizes or any(
        stop > size for stop, size in zip(kept.box.stop, sizes, strict=True)
    ):
        raise CorrectionError(OTHERS)
    if not slices:
        raise CorrectionError(
            f"No slice of {in_sentence(value, organ)} was corrected yet: correct one first."
        )
    if any(not 0 <= each.number < sizes[each.axis] for each in slices):
        raise CorrectionError("A slice is not in the scan: choose those that are.")
    return classes


def require_of_ensemble(kept: KeptLogits | None, value: int, organ: str) -> list[int]:
    """Require logits of an ensemble that knows an organ; numbers of the classes that are it.

    Raises
    ------
    CorrectionError
        They are not, or are none.
    """
    if kept is None or kept.contested is None:
        raise CorrectionError(
            "There are no logits of an ensemble for this label map, so none can learn from it: "
            "segment the CT first."
        )
    classes = kept.classes(value)
    if not classes:
        raise CorrectionError(f"The model knows no {organ}, and can't learn it from a case.")
    return classes


def _around(labels: LabelMap, kept: KeptLogits, value: int) -> Box:
    """The organ's box with a margin, as far as logits were kept."""
    boxes = {organ.value: box for organ, box in bounding_boxes(labels).items()}
    margin = [ceil(AROUND_MM / step) for step in labels.grid.spacing]
    if value in boxes:
        box = boxes[value]
        z, y, x = (first - more for first, more in zip(box.start, margin, strict=True))
        d, h, w = (stop + more for stop, more in zip(box.stop, margin, strict=True))
        common = Box((z, y, x), (d, h, w)).common(kept.box)
        if common is not None:
            return common
    raise CorrectionError(
        "The organ is nowhere near those that were found: paint some of it first."
    )


def _tuning(
    image: NDArray[np.float32],
    trained: TrainedConfiguration,
    known: torch.Tensor,
    true: torch.Tensor,
    classes: list[int],
) -> Work[Mapping[str, torch.Tensor]]:
    import torch

    tiling = tile_image(torch.from_numpy(image), tuple(trained.planned.patch_size))
    padded = [torch.zeros(tiling.padded.shape[1:], dtype=torch.bool) for _ in range(2)]
    for larger, mask in zip(padded, (known, true), strict=True):
        larger[tiling.inside] = mask
    return tuning(trained, tiling, padded[0], padded[1], classes)


def _asking(
    image: NDArray[np.float32],
    trained: TrainedConfiguration,
    weights: Mapping[str, torch.Tensor],
    part: Sequence[slice],
) -> Work[torch.Tensor]:
    """Scores of one fold in a part of the image, were its weights these."""
    import torch

    member = replace(trained.members[0], weights=weights)
    fold = replace(trained, members=(member,), folds=trained.folds[:1])
    found = yield from predict_within(torch.from_numpy(image), fold, ONE_FOLD, part)
    return scores(found.logits.float(), trained.model.described.has_regions)
