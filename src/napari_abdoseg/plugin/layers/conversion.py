"""Volumes, label maps and boxes as napari layers, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import LayerList, ViewerModel
from napari.layers import Image, Labels, Layer
from napari.layers import Surface as SurfaceLayer
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.surface import Surface
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ, number_name
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.boxes import draw_box
from napari_abdoseg.plugin.layers.first_picture import draw_in_a_turn
from napari_abdoseg.plugin.layers.surfaces import mesh_data, mesh_scale
from napari_abdoseg.plugin.layers.unseen_controls import make_controls_when_chosen
from napari_abdoseg.plugin.viewing.garbage import put_off_collections
from napari_abdoseg.plugin.viewing.painting_overlays import make_overlays_when_used

LayerData = tuple[Any, dict[str, Any], str]
"""Data, options and type of a layer, as npe2 readers return them."""

ABDOMINAL_WINDOW = (-160, 240)
MASK_OPACITY = 0.6
UNKNOWN_LABEL_COLOR = "#9a9a9a"
BACKGROUND = "background"
LARGEST_LABEL = 65535


def image_layer(volume: Volume) -> LayerData:
    """A CT as an Image layer in the abdominal window; its voxels are not copied."""
    options = {
        "name": _name_of(volume, "CT"),
        "colormap": "gray",
        "contrast_limits": ABDOMINAL_WINDOW,
        "metadata": {"grid": volume.grid, "path": volume.path, "notices": volume.notices},
        **place_of(volume.grid),
    }
    return volume.data, options, "image"


def labels_layer(label_map: LabelMap, name: str | None = None) -> LayerData:
    """A label map as a Labels layer that can be painted on and names the organ under the mouse."""
    options = {
        "name": name or _name_of(label_map, "organs"),
        **look_of(label_map.organs),
        "opacity": MASK_OPACITY,
        "iso_gradient_mode": "smooth",
        "metadata": labels_metadata(label_map),
        **place_of(label_map.grid),
    }
    return writable(label_map.data), options, "labels"


def look_of(organs: Sequence[Organ]) -> dict[str, Any]:
    """Colours and names of organs, as options of a Labels layer."""
    colors: dict[int | None, Any] = {organ.value: organ.color for organ in organs}
    return {
        "colormap": DirectLabelColormap(
            color_dict={None: UNKNOWN_LABEL_COLOR, 0: "transparent", **colors}
        ),
        "features": {
            "index": [0, *(organ.value for organ in organs)],
            "organ": [BACKGROUND, *(organ.name for organ in organs)],
        },
    }


def name_organs(layer: Labels, organs: Sequence[Organ]) -> None:
    """Let the organs of a label map be called otherwise; colours stay."""
    if tuple(organs) == layer.metadata.get("organs"):
        return
    layer.metadata = {**layer.metadata, "organs": tuple(organs)}
    layer.features = look_of(organs)["features"]


def labels_metadata(label_map: LabelMap) -> dict[str, Any]:
    """What a label map's layer knows besides its voxels."""
    return {
        "grid": label_map.grid,
        "organs": label_map.organs,
        "path": label_map.path,
        "notices": label_map.notices,
        "stamp": label_map.stamp,
        "ignored": label_map.ignored,
        "naming": label_map.naming,
    }


def box_layer(name: str, color: Any, box: Box, grid: Grid, hidden: int | None = 0) -> LayerData:
    """A bounding box as a Shapes layer.

    Parameters
    ----------
    name : str
        Such as ``"liver"``; the layer becomes ``"liver box"``.
    color : color
    box : Box
    grid : Grid
    hidden : int or None, optional
        Axis that is sliced: the box is its rectangle there. None for twelve
        edges in 3D. `BoxDisplay` keeps it right while a viewer changes.
    """
    drawing = draw_box(box, grid, hidden)
    options = {
        "name": f"{name} box",
        "shape_type": drawing.shape_type,
        "edge_color": color,
        "edge_width": drawing.edge_width,
        "face_color": "transparent",
        "opacity": 1.0,
        "metadata": {"grid": grid, "box": box, "organ": name},
        **place_of(grid),
        "scale": drawing.scale,
        "translate": drawing.translate,
    }
    return drawing.shapes, options, "shapes"


def surface_layer(name: str, color: Any, surface: Surface, grid: Grid) -> LayerData:
    """An organ's surface as a Surface layer, without faces as long as slices are shown.

    Parameters
    ----------
    name : str
        Such as ``"liver"``; the layer becomes ``"liver surface"``.
    color : color
    surface : Surface
    grid : Grid
        `SurfaceDisplay` keeps it right while a viewer changes.
    """
    options = {
        "name": f"{name} surface",
        "colormap": one_color(color),
        "contrast_limits": (0, 1),
        "shading": "smooth",
        "metadata": {"grid": grid, "surface": surface, "organ": name},
        **place_of(grid),
        "scale": mesh_scale(grid),
        "translate": (0.0,) * 3,
    }
    return mesh_data(surface, grid, in_3d=False), options, "surface"


def one_color(color: Any) -> Colormap:
    """A colormap of a single colour."""
    return Colormap([color, color])


def add_beside(viewer: ViewerModel, neighbour: Layer, layer_data: LayerData) -> Any:
    """Add a layer that lies on the grid of another one; the selection stays as it is.

    Where the other one's units are pixels, so are the new layer's: napari shows
    no pixels and millimetres together.
    """
    data, options, kind = layer_data
    if not _has_length(neighbour):
        options = {**options, "units": neighbour.units}
    put_off_collections()
    draw_in_a_turn(viewer)
    make_controls_when_chosen(viewer)
    selection = viewer.layers.selection
    selected = set(selection)
    layer = Layer.create(data, options, kind)
    make_overlays_when_used(layer)
    with selection.events.blocker_all():
        viewer.layers.insert(_place_above(neighbour, viewer.layers), layer)
        viewer.layers.selection = selected
    return layer


def _place_above(neighbour: Layer, layers: LayerList) -> int:
    """Where a layer is seen, through surfaces as well; the first one, the liver's, is on top."""
    above = range(layers.index(neighbour) + 1, len(layers))
    surfaces = (place for place in above if isinstance(layers[place], SurfaceLayer))
    return next(surfaces, len(layers))


def label_layers(viewer: ViewerModel) -> list[Labels]:
    """Label maps of a viewer; layers that tell of other ones, such as agreement, are none."""
    return [
        layer
        for layer in viewer.layers
        if isinstance(layer, Labels) and "overlay" not in layer.metadata
    ]


def volume_of(layer: Image) -> Volume:
    """The scan of an Image layer.

    Raises
    ------
    ImageError
        The layer is no volume of one number a voxel.
    """
    if layer.rgb:
        raise ImageError(f"The layer {layer.name} is a colour image: choose a CT.")
    data, grid = _voxels_and_grid(layer)
    metadata = layer.metadata
    return Volume(data, grid, metadata.get("path"), metadata.get("notices", ()))


def label_map_of(layer: Labels) -> LabelMap:
    """The label map of a Labels layer.

    A layer that another program made lies where napari shows it.

    Raises
    ------
    ImageError
        The layer is no volume, has other voxels than its CT, or labels that
        are not from 0 to 65535.
    """
    data, grid = _voxels_and_grid(layer)
    if data.dtype not in (np.uint8, np.uint16):
        if data.min() < 0 or data.max() > LARGEST_LABEL:
            raise ImageError(
                f"The layer {layer.name} has labels that are not from 0 to {LARGEST_LABEL}: "
                "number them anew."
            )
        data = data.astype(np.uint8 if data.max() <= 255 else np.uint16)
    metadata = layer.metadata
    organs = metadata.get("organs")
    if organs is None:
        counts = np.bincount(data.ravel(order="K"))
        organs = tuple(Organ(int(v), number_name(int(v))) for v in np.flatnonzero(counts) if v)
    return LabelMap(
        data,
        grid,
        organs,
        metadata.get("path"),
        metadata.get("notices", ()),
        metadata.get("stamp", ""),
        metadata.get("ignored"),
        metadata.get("naming", ()),
    )


def _voxels_and_grid(layer: Any) -> tuple[Any, Grid]:
    """Array in (z, y, x) order and its grid, of this package or as napari shows the layer."""
    data = np.asarray(layer.data[0] if layer.multiscale else layer.data)
    if data.ndim != 3:
        raise ImageError(f"The layer {layer.name} has {data.ndim} dimensions: choose a 3D volume.")
    grid = layer.metadata.get("grid")
    if isinstance(grid, Grid):
        if data.shape != grid.shape:
            raise ImageError(
                f"The layer {layer.name} has shape {data.shape}, its CT {grid.shape} (z, y, x): "
                "labels and CT must have the same shape."
            )
        return data, grid
    grid = _shown_grid(layer, data.shape)
    return grid.to_screen(data.T), grid


def _shown_grid(layer: Layer, shape: tuple[int, ...]) -> Grid:
    """Grid of the transposed data, whose world is (S, P, L)."""
    origin = np.asarray(layer.data_to_world((0, 0, 0)))
    steps = [np.asarray(layer.data_to_world(unit)) - origin for unit in np.eye(3)]
    in_mm = float((1 * layer.units[0]).to("mm").magnitude) if _has_length(layer) else 1.0
    spl = np.column_stack([*reversed(steps), origin]) * in_mm
    affine = np.vstack([spl[[2, 1, 0]] * [[-1], [-1], [1]], [0, 0, 0, 1]])
    z, y, x = shape
    return Grid((x, y, z), affine)


def _has_length(layer: Layer) -> bool:
    """Whether a layer's units are lengths rather than pixels."""
    return bool(layer.units[0].is_compatible_with("mm"))


def place_of(grid: Grid) -> dict[str, Any]:
    """Where and how large a grid's voxels are, as options of a layer."""
    return {
        "scale": grid.spacing,
        "translate": grid.origin,
        "units": ("mm",) * 3,
        "axis_labels": ("z", "y", "x"),
    }


def _name_of(image: Volume | LabelMap, default: str) -> str:
    return stem(image.path) if image.path else default


def paintable(labels: LabelMap) -> LabelMap:
    """The same label map with voxels that can be written."""
    return replace(labels, data=writable(labels.data))


def writable(data: Any) -> Any:
    """An array that can be painted on, copied only if need be."""
    return data if data.flags.writeable else data.copy()
