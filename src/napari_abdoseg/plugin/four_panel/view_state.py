"""How a viewer looks at its layers, to come back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari.components import ViewerModel


@dataclass(frozen=True)
class ViewState:
    """Dimensions, camera and scale bar of a viewer.

    Parameters
    ----------
    ndisplay : int
    order : tuple of int
    camera : dict
        Its orientation, angles, centre and zoom.
    scale_bar : bool
    """

    ndisplay: int
    order: tuple[int, ...]
    camera: dict[str, Any]
    scale_bar: bool

    @classmethod
    def of(cls, viewer: ViewerModel) -> ViewState:
        """What a viewer looks like now."""
        camera = viewer.scene.camera
        return cls(
            viewer.dims.ndisplay,
            viewer.dims.order,
            {name: getattr(camera, name) for name in ("orientation", "angles", "center", "zoom")},
            viewer.canvas.overlays.scale_bar.visible,
        )

    def restore(self, viewer: ViewerModel) -> None:
        """Let a viewer look like that again."""
        viewer.dims.ndisplay = self.ndisplay
        if len(self.order) == viewer.dims.ndim:
            viewer.dims.order = self.order
        for name, value in self.camera.items():
            setattr(viewer.scene.camera, name, value)
        viewer.canvas.overlays.scale_bar.visible = self.scale_bar
