"""A user sees three slices beside the organs in 3D, all at one place."""

from napari_abdoseg.plugin.four_panel.view import (
    FourPanelView,
    four_panel_view,
    toggle_four_panel_view,
)

__all__ = ["FourPanelView", "four_panel_view", "toggle_four_panel_view"]
