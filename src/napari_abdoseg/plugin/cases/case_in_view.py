"""A case of a work list as layers: it comes looking as the one before was looked at."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.jobs.warm_up import make_first_layer
from napari_abdoseg.plugin.layers.conversion import LayerData, add_beside, image_layer, labels_layer
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.layers.spare_layers import spare_layers
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.saving.claim_of import CLAIM
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.viewing.case_layers import BEGINS_CASE, OF_SCAN
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import Window, follow_windows, scan_in_view
from napari_abdoseg.plugin.viewing.garbage import pass_over_what_is_there
from napari_abdoseg.plugin.viewing.painting_overlays import make_overlays_when_used
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import own_canvas_held
from napari_abdoseg.worklist.opening.claims import Claim
from napari_abdoseg.worklist.opening.opening import OpenCase

TAKEN_ALONG = ("mode", "brush_size", "n_edit_dimensions", "contour", "opacity", "preserve_labels")
"""What of a Labels layer is the user's way of working, and no matter of the case."""


def showing(
    viewer: ViewerModel, case: OpenCase, before: CaseInView | None
) -> Generator[None, None, CaseInView]:
    """Show a case that was read already; panels, window, tool and organ stay as they are.

    Each step takes the window's thread a moment. Whoever has read a case ahead calls this and
    nothing else.

    Parameters
    ----------
    viewer : ViewerModel
    case : OpenCase
        Where it is read-only, nothing of the label map can be changed.
    before : CaseInView or None
        The case whose place it takes, which goes.

    Returns
    -------
    CaseInView
    """
    make_first_layer()
    pass_over_what_is_there(viewer)
    guard_unsaved(viewer)
    follow_windows(viewer)
    cases_in_view(viewer)
    look = _Look.of(viewer)
    below = None if before is None else before.scan
    with own_canvas_held(viewer) if before is not None else nullcontext():
        with viewer.layers.batched_update() if before is not None else nullcontext():
            if before is not None:
                with spare_layers(viewer).kept():
                    yield from before.removing_but_scan()
            scan = _add(viewer, image_layer(case.scan), case.claim, {BEGINS_CASE: True}, below)
            if look.window is not None:
                scan.contrast_limits = look.window.limits
            yield
            if before is not None:
                before.remove()
                scan.name = image_layer(case.scan)[1]["name"]  # as alone, not beside another one
                yield
            labels = None if case.labels is None else _add_labels(viewer, case, scan, look)
            yield
        yield  # the canvas has all of it, and draws it next
    return CaseInView(viewer, case, scan, labels)


@dataclass(frozen=True, eq=False)
class CaseInView:
    """The layers of a case.

    Parameters
    ----------
    viewer : ViewerModel
    case : OpenCase
    scan : Image
    labels : Labels or None
        As it was read.
    """

    viewer: ViewerModel
    case: OpenCase
    scan: Image
    labels: Labels | None

    @property
    def name(self) -> str:
        """The case."""
        return self.case.record.case

    @property
    def claim(self) -> Claim:
        """What this session may do with it."""
        return self.case.claim

    @property
    def is_there(self) -> bool:
        """Whether its scan was not deleted."""
        return self.scan in self.viewer.layers

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All of the case: also what was made of it since."""
        case = cases_in_view(self.viewer).case_of(self.scan)
        return () if case is None else tuple(case.layers)

    def layer_of(self, file: Path) -> Labels | None:
        """The layer of a label map that is open already."""
        for layer in self.layers:
            if isinstance(layer, Labels) and layer.metadata.get("path") == file:
                return layer
        return None

    def show_beside(self, labels: LabelMap, name: str) -> Labels:
        """Show another version of the case beside the one that it was opened with."""
        data, options, kind = labels_layer(labels, name)
        options["metadata"] = {**options["metadata"], OF_SCAN: self.case.scan.grid}
        layer: Labels = add_beside(self.viewer, self.scan, (data, options, kind))
        _lock(layer, self.claim)
        return layer

    def removing_but_scan(self) -> Iterator[None]:
        """Delete the other layers, one a step: first label maps, with which boxes go."""
        others = [layer for layer in self.layers if layer is not self.scan]
        for layer in sorted(others, key=lambda layer: not isinstance(layer, Labels)):
            if layer in self.layers:
                self.viewer.layers.remove(layer)
                yield

    def remove(self) -> None:
        """Delete the layers."""
        for layer in reversed(self.layers):
            self.viewer.layers.remove(layer)


@dataclass(frozen=True)
class _Look:
    """How a viewer is looked at and worked in."""

    window: Window | None
    organ: str
    value: int
    options: dict[str, Any]

    @classmethod
    def of(cls, viewer: ViewerModel) -> Self:
        scan, labels = scan_in_view(viewer), label_map_in_view(viewer)
        window = None if scan is None else Window.of(scan)
        if labels is None:
            return cls(window, "", 1, {})
        value = int(labels.selected_label)
        names = {organ.value: organ.name for organ in labels.metadata.get("organs", ())}
        options = {name: getattr(labels, name) for name in TAKEN_ALONG}
        return cls(window, names.get(value, ""), value, options)

    def organ_in(self, organs: Iterable[Organ]) -> int:
        """The label of the organ that was chosen, in a label map that may number them anew."""
        values = {organ.name: organ.value for organ in organs}
        return values.get(self.organ, self.value)

    def give(self, labels: Labels) -> None:
        for name, value in self.options.items():
            if getattr(labels, name) != value:
                setattr(labels, name, value)


def _add_labels(viewer: ViewerModel, case: OpenCase, scan: Image, look: _Look) -> Any:
    label_map = sure(case.labels)
    data, options, kind = labels_layer(label_map, case.record.case)
    options["selected_label"] = look.organ_in(label_map.organs)
    labels = _add(viewer, (data, options, kind), case.claim, {OF_SCAN: case.scan.grid}, scan)
    look.give(labels)
    _lock(labels, case.claim)
    organ_scene(viewer, labels).show_at_first()
    return labels


def _lock(labels: Labels, claim: Claim) -> None:
    """Let nothing of a label map be changed where the case is read-only."""
    if claim.lease is None:
        labels.editable = False
        labels.data.flags.writeable = False


def _add(
    viewer: ViewerModel,
    layer: LayerData,
    claim: Claim,
    more: dict[str, Any],
    below: Layer | None,
) -> Any:
    data, options, kind = layer
    options["metadata"] = {**options["metadata"], CLAIM: claim, **more}
    selected = options.pop("selected_label", None)
    made = Layer.create(data, options, kind)
    if selected is not None:
        made.selected_label = selected
    make_overlays_when_used(made)
    layers = viewer.layers
    layers.insert(len(layers) if below is None else layers.index(below) + 1, made)
    return made
