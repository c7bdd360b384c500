"""What tools act on: an organ of the label map in view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.organ import Organ, in_sentence, number_name
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.organs.scene import OrganScene, organ_scene
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import scan_in_view
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped


@dataclass(frozen=True, eq=False)
class Target:
    """An organ of a label map.

    Parameters
    ----------
    viewer : ViewerModel
        The viewer itself, of which panels beside it have copies.
    layer : Labels
        In that viewer.
    scan : Image or None
        The CT on the same grid.
    value : int
        Label of the organ; 0 if none is chosen.
    """

    viewer: ViewerModel
    layer: Labels
    scan: Image | None
    value: int

    @classmethod
    def of(cls, viewer: ViewerModel) -> Target:
        """The organ that is chosen in the label map in view.

        Raises
        ------
        CorrectionError
            There is none, or its voxels can't be changed here.
        """
        viewer = unwrapped(viewer)
        layer = label_map_in_view(viewer)
        if layer is None:
            raise CorrectionError("There is no label map in view: open one, or segment a CT.")
        _require_editable(layer)
        return cls(viewer, layer, _scan_of(viewer, layer), int(layer.selected_label))

    @property
    def scene(self) -> OrganScene:
        """The organs of the label map: their measures, names and locks."""
        return organ_scene(self.viewer, self.layer)

    @property
    def name(self) -> str:
        """What the organ is called."""
        organs = self.scene.table.organs or self.layer.metadata.get("organs", ())
        names = {organ.value: organ.name for organ in organs}
        return names.get(self.value, number_name(self.value))

    @property
    def the_organ(self) -> str:
        """The organ within a sentence, such as ``"the liver"``."""
        return in_sentence(self.value, self.name)

    @property
    def organs(self) -> tuple[tuple[Organ, str], ...]:
        """All organs of the label map, there or not, with their colours as ``#rrggbb``."""
        masks = self.scene.masks
        return tuple(
            (organ, to_hex(masks.color(organ).tolist())) for organ in self.scene.table.organs
        )

    def editable(self) -> EditableLabels:
        """The label map as tools see it, with the boxes that the list of organs knows.

        They are right while `OrganScene.is_current`.

        Raises
        ------
        CorrectionError
            The organs could not be measured.
        """
        table, painting = self.scene.table, self.scene.painting
        if table.problem:
            raise CorrectionError(table.problem)
        if table.grid is None:
            raise CorrectionError("The organs are still being measured: try again in a moment.")
        return EditableLabels(
            self.layer.data,
            table.grid.spacing,
            {organ.value: measures.box for organ, measures in table.measures.items()},
            frozenset(organ.value for organ in table.organs if painting.is_locked(organ)),
            {organ.value: organ.name for organ in table.organs},
        )

    def require_organ(self) -> None:
        """Require that an organ is chosen.

        Raises
        ------
        CorrectionError
            None is.
        """
        if self.value == BACKGROUND:
            raise CorrectionError("No organ is chosen: choose one in the list of organs.")


def _require_editable(layer: Labels) -> None:
    """Require voxels that are in memory, in the order in which they are shown."""
    data: Any = layer.data
    name = f"The layer {layer.name}"
    if layer.multiscale or not isinstance(data, np.ndarray):
        raise CorrectionError(f"{name} is not in memory: save it as NIfTI, and open that.")
    if data.ndim != 3:
        raise CorrectionError(f"{name} has {data.ndim} dimensions: choose a 3D label map.")
    if not layer.editable or not data.flags.writeable:
        raise CorrectionError(f"{name} can't be edited: duplicate it, and correct the duplicate.")
    steps = np.stack([layer.data_to_world(unit) for unit in np.eye(3)])
    steps = steps - np.asarray(layer.data_to_world((0, 0, 0)))
    if not np.allclose(steps, np.diag(layer.scale)) or not (layer.scale > 0).all():
        raise CorrectionError(f"{name} is turned or flipped: save it as NIfTI, and open that.")


def _scan_of(viewer: ViewerModel, layer: Labels) -> Image | None:
    """The CT of a label map: of the same case, or else the one in view, on the same grid."""
    case = cases_in_view(viewer).case_of(layer)
    scan = scan_in_view(viewer) if case is None else case.scan
    if scan is None or scan.multiscale or scan.data.shape != layer.data.shape:
        return None
    fits = np.allclose(scan.scale, layer.scale) and np.allclose(scan.translate, layer.translate)
    return scan if fits else None
