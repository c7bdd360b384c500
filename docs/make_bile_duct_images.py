"""Make the pictures of docs/bile_duct.md anew, from label maps of PANORAMA.

    python docs/make_bile_duct_images.py FOLDER

FOLDER is that of `benchmarks/bile_duct.py`. Cases are not chosen by eye: of the half of the maps
that nothing was learned from they are those whose region holds the lowest tenth, the median and
the most of the duct, the one with the longest duct, and the first by name that is refused.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "benchmarks"))

from bile_duct import LEAST_ML, TEST, duct_of, maps_with_ducts  # noqa: E402

from napari_abdoseg.anatomy.bile_duct import (  # noqa: E402
    WIDE_MM,
    BileDuct,
    BileDuctRegion,
    NoCourseError,
    RegionNotFoundError,
    bile_duct_region,
    measure_duct,
    straighten,
)
from napari_abdoseg.anatomy.bile_duct.straightened import HALF_WIDTH_MM  # noqa: E402
from napari_abdoseg.image.volume import LabelMap  # noqa: E402

IMAGES = HERE / "images"
COLORS = {
    "pancreas": "#c9a26b",
    "veins": "#56b4e9",
    "arteries": "#d55e00",
    "tumor": "#7f5f9f",
    "pancreatic duct": "#999999",
    "common bile duct": "#007a5a",
}
REGION = "#b8860b"
SHARES = (0.1, 0.5, 1.0)
ROOM_MM = 12.0
DPI = 110
FONT = 9
FRONT, SIDE = 1, 2
"""Axes that a picture looks along."""


def held(region: BileDuctRegion, duct: NDArray[np.bool_]) -> float:
    return float((duct[region.box.slices] & region.mask).sum() / duct.sum())


@dataclass(frozen=True)
class Found:
    """A case with a region, what that holds of the duct, and how long the duct is."""

    held: float
    length_mm: float
    name: str


def found_and_refused(folder: Path) -> tuple[list[Found], list[tuple[str, LabelMap, str]]]:
    """Cases with a region, that which holds least first, and those without one."""
    found, refused = [], []
    for name, labels in maps_with_ducts(folder, TEST):
        duct = duct_of(labels)
        try:
            region = bile_duct_region(labels)
            length = measure_duct(labels).course.length_mm
        except RegionNotFoundError as error:
            refused.append((name, labels, str(error)))
        except NoCourseError:
            continue
        else:
            if duct.sum() * labels.grid.voxel_volume >= LEAST_ML:
                found.append(Found(held(region, duct), length, name))
    return sorted(found, key=attrgetter("held", "name")), refused


def cut(labels: LabelMap, region: BileDuctRegion | None) -> tuple[slice, ...]:
    """Where there is anything to be seen."""
    room = [round(ROOM_MM / mm) for mm in labels.grid.spacing]
    places = np.argwhere(labels.data)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    if region:
        low, high = np.minimum(low, region.box.start), np.maximum(high, region.box.stop)
    return tuple(slice(max(0, a - by), b + by) for a, b, by in zip(low, high, room, strict=True))


def draw(axes: Axes, labels: LabelMap, region: BileDuctRegion | None, along: int) -> None:
    """Organs seen through the body, the nearer ones not hiding the others."""
    part = cut(labels, region)
    data = labels.data[part]
    shape = tuple(size for axis, size in enumerate(data.shape) if axis != along)
    picture = np.ones((*shape, 3))
    for organ in labels.organs:
        depth = (data == organ.value).sum(axis=along)
        if depth.any() and organ.name in COLORS:
            opacity = (0.85 * np.minimum(1, depth / np.quantile(depth[depth > 0], 0.5)))[..., None]
            if organ.name == "common bile duct":
                opacity = (depth > 0)[..., None]
            picture = picture * (1 - opacity) + np.array(to_rgb(COLORS[organ.name])) * opacity
    mm = [step for axis, step in enumerate(labels.grid.spacing) if axis != along]
    extent = (0, shape[1] * mm[1], 0, shape[0] * mm[0])
    axes.imshow(picture, origin="lower", extent=extent, interpolation="nearest")
    if region:
        whole = np.zeros(labels.data.shape, bool)
        whole[region.box.slices] = region.mask
        shadow = whole[part].any(axis=along)
        axes.contour(shadow, [0.5], colors=REGION, linewidths=1.6, extent=extent)
    ends = ("right", "left") if along == FRONT else ("front", "back")
    axes.set_xlabel(f"{ends[0]}  –  {ends[1]}", fontsize=FONT - 1)
    axes.set_xticks([])
    axes.set_yticks([])


def key(figure: plt.Figure, with_region: bool = True) -> None:
    """What colours are."""
    names = ("pancreas", "veins", "arteries", "tumor", "pancreatic duct", "common bile duct")
    handles: list[Patch | Line2D] = [Patch(color=COLORS[name], label=name) for name in names]
    if with_region:
        handles.append(Line2D([], [], color=REGION, label="search region"))
    figure.legend(handles=handles, loc="lower center", ncols=7, frameon=False, fontsize=FONT - 1)


def draw_maps(cases: list[tuple[str, LabelMap]]) -> None:
    figure, rows = plt.subplots(2, len(cases), figsize=(9, 6.6), layout="constrained")
    for (name, labels), column in zip(cases, rows.T, strict=True):
        region = bile_duct_region(labels)
        ml = region.mask.sum() * labels.grid.voxel_volume
        column[0].set_title(
            f"{name}\n{held(region, duct_of(labels)):.0%} of the duct in {ml:.0f} ml", fontsize=FONT
        )
        for axes, along in zip(column, (FRONT, SIDE), strict=True):
            draw(axes, labels, region, along)
    key(figure)
    save(figure, "bile_duct_regions")


def draw_straightened(name: str, labels: LabelMap, duct: BileDuct) -> None:
    """The plane through the course at two angles, and the diameter beside."""
    figure, axes = plt.subplots(
        1, 3, figsize=(9, 5.8), layout="constrained", width_ratios=(3, 3, 2), sharey=True
    )
    colors = np.ones((int(labels.data.max()) + 1, 3))
    for organ in labels.organs:
        if organ.value < len(colors) and organ.name in COLORS:
            colors[organ.value] = to_rgb(COLORS[organ.name])
    length = duct.course.length_mm
    for panel, angle in zip(axes, (0, 90), strict=False):
        shown = straighten(labels.data, duct.course, angle, order=0)
        extent = (-HALF_WIDTH_MM, HALF_WIDTH_MM, length, 0)
        panel.imshow(colors[shown.values], extent=extent, interpolation="nearest")
        panel.set_title(f"plane at {angle}°", fontsize=FONT)
        panel.set_xlabel("mm from the course", fontsize=FONT - 1)
    axes[0].set_ylabel("mm from the porta hepatis", fontsize=FONT - 1)
    axes[2].plot(duct.diameters, np.linspace(0, length, len(duct.diameters)), color="#007a5a")
    axes[2].axvline(WIDE_MM, color="#666666", linewidth=0.8, linestyle="--")
    axes[2].set_xlim(0, None)
    axes[2].set_xlabel(f"diameter, mm (dashed: {WIDE_MM:g})", fontsize=FONT - 1)
    axes[2].set_title("as labelled by a network", fontsize=FONT)
    for panel, width in zip(axes, (3, 3, 2), strict=True):
        panel.tick_params(labelsize=FONT - 2)
        panel.set_box_aspect(length / (2 * HALF_WIDTH_MM) * 3 / width)
    figure.suptitle(f"{name}: labels along the duct, pulled straight", fontsize=FONT + 1)
    key(figure, with_region=False)
    save(figure, "bile_duct_straightened")


def draw_refused(name: str, labels: LabelMap, reason: str) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for panel, along in zip(axes, (FRONT, SIDE), strict=True):
        draw(panel, labels, None, along)
    figure.suptitle(f"{name}: no region\n" + textwrap.fill(reason, 90), fontsize=FONT)
    key(figure, with_region=False)
    save(figure, "bile_duct_refused")


def save(figure: plt.Figure, name: str) -> None:
    """Save a picture with few colours."""
    path = IMAGES / f"{name}.png"
    figure.get_layout_engine().set(rect=(0, 0.06, 1, 0.94))
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=3)
    few.save(path, optimize=True)
    print(f"{path.name}: {few.width} x {few.height}, {path.stat().st_size:,} bytes", flush=True)


def main() -> None:
    plt.switch_backend("Agg")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    found, refused = found_and_refused(folder)
    chosen = [found[round(share * (len(found) - 1))].name for share in SHARES]
    longest = max(found, key=attrgetter("length_mm")).name
    wanted = {*chosen, longest}
    maps = {name: labels for name, labels in maps_with_ducts(folder, TEST) if name in wanted}
    draw_maps([(name, maps[name]) for name in chosen])
    draw_straightened(longest, maps[longest], measure_duct(maps[longest]))
    draw_refused(*refused[0])


if __name__ == "__main__":
    main()
