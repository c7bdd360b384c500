"""Make the pictures of the README anew, from phantoms and the demo ensemble, in a real napari.

    xvfb-run -a -s "-screen 0 1600x1000x24" python docs/make_images.py [NAME ...]

Without a name all of them are made. Look at each before it is committed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

SCRATCH = Path(tempfile.gettempdir()) / "abdoseg_study"
os.environ["NAPARI_CONFIG"] = str(SCRATCH / "settings.yaml")  # napari as it comes
os.environ["XDG_DATA_HOME"] = str(SCRATCH / "data")
os.environ["ABDOSEG_MODELS"] = str(SCRATCH / "models")
sys.path.append(str(Path(__file__).parent.parent / "tests"))

import napari  # noqa: E402
import numpy as np  # noqa: E402
from ducts import phantom_with_duct  # noqa: E402
from napari.layers import Image, Layer, Surface  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image as Picture  # noqa: E402
from qtpy.QtCore import Qt  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402
from scipy import ndimage  # noqa: E402

from napari_abdoseg.batch.case import Case  # noqa: E402
from napari_abdoseg.batch.folder import predicting  # noqa: E402
from napari_abdoseg.image.nifti.volumes import write_volume  # noqa: E402
from napari_abdoseg.image.phantom import make_phantom  # noqa: E402
from napari_abdoseg.image.volume import LabelMap, Volume  # noqa: E402
from napari_abdoseg.inference.model.ensemble import load_ensemble  # noqa: E402
from napari_abdoseg.inference.model.known_models import PACKAGED  # noqa: E402
from napari_abdoseg.inference.result import Segmentation  # noqa: E402
from napari_abdoseg.inference.segmentation import segmenting  # noqa: E402
from napari_abdoseg.model_store import catalogue  # noqa: E402
from napari_abdoseg.model_store.catalogue import RECOMMENDED  # noqa: E402
from napari_abdoseg.plugin.compare.score_columns import DISTANCE  # noqa: E402
from napari_abdoseg.plugin.correct.following_tool import FOLLOW  # noqa: E402
from napari_abdoseg.plugin.correct.shape_tools import FILL_HOLES  # noqa: E402
from napari_abdoseg.plugin.four_panel.frame import TWO_BY_TWO  # noqa: E402
from napari_abdoseg.plugin.four_panel.view import (  # noqa: E402
    four_panel_view,
    toggle_four_panel_view,
)
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer  # noqa: E402
from napari_abdoseg.plugin.organs.scene import organ_scene  # noqa: E402
from napari_abdoseg.plugin.segment.result import Known, show_result  # noqa: E402
from napari_abdoseg.plugin.widgets.panel import open_panel  # noqa: E402
from napari_abdoseg.plugin.widgets.table_model import Role  # noqa: E402
from napari_abdoseg.progress import drain  # noqa: E402
from napari_abdoseg.training.watching.saving import save_curves  # noqa: E402
from napari_abdoseg.training.watching.watch import Watch  # noqa: E402

HERE = Path(__file__).parent
IMAGES = HERE / "images"
TRAINING = HERE.parent / "tests" / "training" / "data" / "Dataset001_Phantoms"
TRAINED = TRAINING / "nnUNetTrainer_tiny__nnUNetPlans__3d_fullres"
"""Logs of a real training on phantoms."""
WINDOW = (1600, 1000)
SEED = 7
SPACING = (3.0, 1.5, 1.5)
NOISE_HU = 24.0
SHELL_MM = 5.0
WIDEST_ROW = 36
"""How far along the phantom's duct it is about widest."""
COLORS = 256
SECOND = 1000
PATIENCE = 600.0
"""Seconds that a run may take on a busy machine."""
COHORT = 10_000
GAP = 12


def four_panels() -> None:
    """Three slices beside the organs in 3D, each with its box, and the organ list."""
    with segmented() as viewer:
        toggle_four_panel_view(viewer)
        rest(6)
        save_window(viewer, "four_panels")


def four_panels_grid() -> None:
    """The same, two by two."""
    with segmented() as viewer:
        toggle_four_panel_view(viewer)
        four_panel_view(viewer).frame.layouts.setCurrentText(TWO_BY_TWO)
        rest(6)
        save_window(viewer, "four_panels_grid")


def running() -> None:
    """In mid-run: the masks of the first fold, as a preview."""
    with window() as viewer:
        add_scan(viewer, phantom()[0])
        panel = open_panel(viewer, "Segment organs")
        wait(lambda: panel.preflight.words.text() != "")
        panel.button.native.click()
        wait(lambda: has_all_surfaces(viewer))
        rest(2)
        save_window(viewer, "running")
        panel.cancel()
        wait(lambda: panel.job is None)


def three_clicks() -> None:
    """From the offer of a model to the model chosen, whose weights here are the demo's."""
    with local_catalogue(), window() as viewer:
        segment = open_panel(viewer, "Segment organs")
        add_scan(viewer, part_of_phantom())
        wait(lambda: segment.offer.isVisible() and is_foretold(segment))
        rest(1)
        pictures = [pixels(segment)]
        segment.offer.button.click()
        models = open_panel(viewer, "Models")
        wait(lambda: models.row is not None and models.row.name == RECOMMENDED)
        rest(1)
        pictures.append(pixels(models))
        models.install.click()
        rest(1)
        pictures.append(pixels(models.dialog))
        models.dialog.buttons()[0].click()
        wait(lambda: models.job is None and segment.choice.model.name.value == RECOMMENDED)
        open_panel(viewer, "Segment organs")
        wait(lambda: is_foretold(segment))
        rest(1)
        save(beside(*pictures, pixels(segment)), "three_clicks")


def review() -> None:
    """Places where the folds disagree, after a run on a noisy scan."""
    with segmented(noisy(phantom()[0])) as viewer:
        panel = open_panel(viewer, "Where to look next")
        wait(lambda: panel.table.isVisible())
        panel.table.setCurrentIndex(panel.places.index(0, 0))
        rest(4)
        save_window(viewer, "review")


def compare() -> None:
    """The way from the scores to an error of the liver, which is half corrected."""
    with window() as viewer:
        add_scan(viewer, phantom()[0])
        truth = phantom()[1]
        for labels, name in ((truth, "truth"), (with_errors(truth), "prediction")):
            viewer.add_layer(Layer.create(*labels_layer(labels, name)))
        panel = open_panel(viewer, "Compare with labels")
        panel.choice.prediction.value = prediction = viewer.layers["prediction"]
        panel.choice.reference.value = viewer.layers["truth"]
        toggle_four_panel_view(viewer)
        panel.button.native.click()
        wait(lambda: panel.job is None and panel.scene is not None)
        for row in range(len(truth.organs)):
            box = panel.findings.scores.index(row, DISTANCE)
            panel.findings.scores.setData(box, Qt.CheckState.Checked, Role.CheckStateRole)
        rest(5)
        errors = panel.findings.error_table
        errors.setCurrentIndex(errors.model().index(0, 0))
        rest(2)
        prediction.n_edit_dimensions, prediction.brush_size = 3, 14
        prediction.paint(tuple(map(round, prediction.world_to_data(viewer.dims.point))), 1)
        rest(6)
        save_window(viewer, "compare")


def correct() -> None:
    """What would fill the holes of a liver."""
    with window() as viewer:
        add_scan(viewer, phantom()[0])
        truth = phantom()[1]
        layer = viewer.add_layer(Layer.create(*labels_layer(with_holes(truth), "organs")))
        organ_scene(viewer, layer).boxes.show({organ.name: True for organ in truth.organs})
        layer.selected_label = 1
        toggle_four_panel_view(viewer)
        four_panel_view(viewer).frame.layouts.setCurrentText(TWO_BY_TWO)
        rest(2)
        bench = open_panel(viewer, "Correct").bench
        bench.choose(FILL_HOLES)
        wait(lambda: bench.proposal is not None)
        bench.go_to_change()
        rest(4)
        save_window(viewer, "correct")


def hints() -> None:
    """What slices of a liver, of which a shell lacks, would gain from one that was drawn."""
    with window() as viewer:
        add_scan(viewer, phantom()[0])
        truth = phantom()[1]
        thin, drawn = thin_liver(truth), truth.organs[0].value
        layer = viewer.add_layer(Layer.create(*labels_layer(thin, "organs")))
        layer.selected_label = drawn
        toggle_four_panel_view(viewer)
        four_panel_view(viewer).frame.layouts.setCurrentText(TWO_BY_TWO)
        rest(2)
        bench = open_panel(viewer, "Correct").bench
        z, y, x = front_of(truth, drawn, 30.0).tolist()
        bench.go_to((z, y, x))
        rows, columns = np.nonzero((truth.data[z] == drawn) & (thin.data[z] != drawn))
        layer.data_setitem((np.full(rows.size, z), rows, columns), drawn)
        bench.choose(FOLLOW)
        wait(lambda: bench.proposal is not None)
        bench.go_to((z + 3, y, x))
        rest(4)
        save_window(viewer, "hints")


def bile_duct() -> None:
    """A candidate bile duct, drawn into a phantom, pulled straight beside the panels."""
    with window() as viewer:
        volume, labels = phantom_with_duct(SPACING, gap=(0.6, 0.75))
        add_scan(viewer, volume)
        layer = viewer.add_layer(Layer.create(*labels_layer(labels, "organs")))
        layer.contour = 1
        scene = organ_scene(viewer, layer)
        toggle_four_panel_view(viewer)
        four_panel_view(viewer).frame.layouts.setCurrentText(TWO_BY_TWO)
        panel = open_panel(viewer, "Bile duct")
        wait(lambda: panel.way.duct is not None and panel.picture.isVisible())
        scene.show_all(False)
        scene.masks.show({organ.name: True for organ in labels.organs})
        scene.surfaces.show({"pancreas": True, "common bile duct": True})
        rest(3)
        while panel.along.row is None or panel.along.row < WIDEST_ROW:
            panel.along.down()
            rest(0.2)
        rest(6)
        save_window(viewer, "bile_duct")


def cohort() -> None:
    """The organs of ten thousand cases, one of them opened."""
    results, scans = SCRATCH / "results", SCRATCH / "cts"
    case = Case("case_00042", scans / "case_00042_0000.nii.gz", results)
    scans.mkdir(parents=True, exist_ok=True)
    write_volume(case.image, phantom()[0])
    drain(predicting([case], ensemble(), "fast"))
    multiply(results / "organs.csv")
    with window() as viewer:
        panel = open_panel(viewer, "Cohort")
        panel.results.value, panel.scans.value = results, scans
        wait(lambda: panel.job is None and panel.table.isVisible())
        panel.organ.value = "liver"
        (row,) = (n for n, each in enumerate(panel.model.rows) if each.organ.case == case.name)
        panel.table.setCurrentIndex(panel.model.index(row, 0))
        panel.table.doubleClicked.emit(panel.model.index(row, 0))
        wait(lambda: panel.job is None and any(layer.name == case.name for layer in viewer.layers))
        panel.table.scrollTo(panel.model.index(row, 0), panel.table.ScrollHint.PositionAtCenter)
        rest(3)
        save_window(viewer, "cohort")


def training_panel() -> None:
    """All folds, and one fold by organ."""
    with window() as viewer:
        panel = open_panel(viewer, "Training")
        panel.folder.value = copy_of_training()
        wait(lambda: len(panel.all_folds) > 1)
        pictures = []
        for row in (0, 1):
            panel.table.setCurrentIndex(panel.folds.index(row, 0))
            rest(3)
            pictures.append(pixels(panel))
        save(beside(*pictures), "training_panel")


def training_curves() -> None:
    """What `abdoseg watch --output` and `Save curves` write."""
    picture = save_curves(Watch(copy_of_training()).look(), SCRATCH)[0]
    save(np.asarray(Picture.open(picture).convert("RGB")), "training_curves")


@cache
def phantom() -> tuple[Volume, LabelMap]:
    """A phantom's CT and its truth."""
    return make_phantom(SEED, SPACING)


@cache
def ensemble() -> Any:
    """The demo ensemble."""
    return load_ensemble("demo")


@cache
def segmentation(volume: Volume) -> Segmentation:
    """What the demo ensemble finds in a scan."""
    return drain(segmenting(volume, ensemble()))


def noisy(volume: Volume) -> Volume:
    """A scan with more noise than the demo ensemble has seen."""
    noise = np.random.default_rng(SEED).normal(0, NOISE_HU, volume.data.shape)
    return replace(volume, data=(volume.data + noise).astype(volume.data.dtype))


def part_of_phantom() -> Volume:
    """A scan that doesn't show its ends, so that it isn't taken for a phantom."""
    volume = phantom()[0]
    grid = volume.grid.part((8, 0, 0), volume.grid.shape)
    return Volume(volume.data[8:], grid)


@contextmanager
def local_catalogue() -> Iterator[None]:
    """The catalogue's recommended model, whose archive a server on this machine has."""
    served, folder = SCRATCH / "served", SCRATCH / "catalogue"
    for place in (served, folder):
        place.mkdir(parents=True, exist_ok=True)
    archive = Path(shutil.make_archive(str(served / "model"), "zip", PACKAGED / "demo"))
    server = ThreadingHTTPServer(
        ("localhost", 0), partial(SimpleHTTPRequestHandler, directory=served)
    )
    Thread(target=server.serve_forever, daemon=True).start()
    entry = json.loads((catalogue.CATALOGUE / f"{RECOMMENDED}.json").read_text())
    entry["parts"] = [{"url": f"http://localhost:{server.server_port}/{archive.name}"}]
    (folder / f"{RECOMMENDED}.json").write_text(json.dumps(entry))
    real, catalogue.CATALOGUE = catalogue.CATALOGUE, folder
    try:
        yield
    finally:
        catalogue.CATALOGUE = real
        server.shutdown()


def with_errors(truth: LabelMap) -> LabelMap:
    """A label map that lacks a piece of liver, with too much spleen and its pancreas moved."""
    data = truth.data.copy()
    liver, _, spleen, pancreas = (organ.value for organ in truth.organs)
    data[ball(truth, front_of(truth, liver, 15.0), 26.0) & (truth.data == liver)] = 0
    data[ball(truth, front_of(truth, spleen), 12.0) & (truth.data == 0)] = spleen
    moved = np.roll(truth.data == pancreas, 3, axis=2)
    data[data == pancreas] = 0
    data[moved & (data == 0)] = pancreas
    return replace(truth, data=data)


def with_holes(truth: LabelMap) -> LabelMap:
    """A label map whose liver lacks balls in its inside."""
    data = truth.data.copy()
    liver = truth.organs[0].value
    for depth, beside in ((40.0, 0), (52.0, 14), (52.0, -14)):
        middle = np.add(front_of(truth, liver, depth), (beside // 3, 0, beside))
        data[ball(truth, middle, 11.0) & (truth.data == liver)] = 0
    return replace(truth, data=data)


def thin_liver(truth: LabelMap) -> LabelMap:
    """A label map whose liver lacks a shell all round."""
    data, liver = truth.data.copy(), truth.organs[0].value
    depth = ndimage.distance_transform_edt(data == liver, sampling=truth.grid.spacing)
    data[(depth > 0) & (depth <= SHELL_MM)] = 0
    return replace(truth, data=data)


def front_of(labels: LabelMap, value: int, depth_mm: float = 0.0) -> NDArray[np.intp]:
    """A voxel so deep in an organ, seen from the front, in the middle of it otherwise."""
    z, _, x = np.argwhere(labels.data == value).mean(axis=0).round().astype(int)
    first = np.flatnonzero(labels.data[z, :, x] == value)[0]
    return np.array([z, first + round(depth_mm / labels.grid.spacing[1]), x])


def ball(labels: LabelMap, middle: NDArray[np.intp], radius: float) -> NDArray[np.bool_]:
    """Voxels around one, up to a radius in mm."""
    offsets = np.indices(labels.data.shape).T - middle
    return (np.square(offsets * labels.grid.spacing).sum(axis=-1) < radius**2).T


def multiply(table: Path) -> None:
    """Make of the organs of one case those of many, each of another size."""
    with table.open(encoding="utf-8", newline="") as file:
        columns, *rows = list(csv.reader(file))
    rng = np.random.default_rng(SEED)
    corners = slice(columns.index("r_min_mm"), columns.index("s_max_mm") + 1)
    volume, density = columns.index("volume_ml"), columns.index("mean_hu")
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for number in range(COHORT):
            for row in rows:
                entry = list(row)
                if number != 42:
                    size = rng.normal(1, 0.055)
                    entry[0] = f"case_{number:05}"
                    entry[volume] = f"{float(row[volume]) * size**3:.3f}"
                    entry[density] = f"{float(row[density]) + rng.normal(0, 9):.2f}"
                    entry[corners] = [f"{float(mm) * size:.3f}" for mm in row[corners]]
                writer.writerow(entry)


def copy_of_training() -> Path:
    """The training's folder, written just now."""
    target = SCRATCH / TRAINING.name / TRAINED.name
    shutil.copytree(TRAINED, target, dirs_exist_ok=True)
    for file in target.rglob("*"):
        os.utime(file)
    return target


@contextmanager
def window() -> Iterator[napari.Viewer]:
    """A napari window."""
    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    viewer.window._qt_window.move(0, 0)
    try:
        yield viewer
    finally:
        viewer.close()
        rest(1)


@contextmanager
def segmented(volume: Volume | None = None) -> Iterator[napari.Viewer]:
    """A window with the panel `Segment organs` and the result of a run on the phantom."""
    with window() as viewer:
        volume = volume or phantom()[0]
        scan = add_scan(viewer, volume)
        open_panel(viewer, "Segment organs")
        found = segmentation(volume)
        show_result(viewer, scan, found.labels, Known(found.disagreement))
        wait(lambda: has_all_surfaces(viewer))
        rest(3)
        yield viewer


def add_scan(viewer: napari.Viewer, volume: Volume) -> Image:
    """Open a CT."""
    data, options, _ = image_layer(volume)
    return viewer.add_image(data, **{**options, "name": "ct"})


def is_foretold(panel: Any) -> bool:
    """Whether the panel `Segment organs` tells what a run will take."""
    return panel.preflight.words.text().startswith("About")


def has_all_surfaces(viewer: napari.Viewer) -> bool:
    """Whether the surface of each organ of the phantom is there."""
    surfaces = [layer for layer in viewer.layers if isinstance(layer, Surface)]
    return len(surfaces) == len(phantom()[1].organs)


def wait(condition: Callable[[], bool]) -> None:
    """Let napari work until something is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "napari takes too long"
        QTest.qWait(50)


def rest(seconds: float) -> None:
    """Let napari draw."""
    QTest.qWait(round(seconds * SECOND))


def pixels(widget: Any) -> NDArray[np.uint8]:
    """What a widget shows, shape (height, width, RGB)."""
    image = widget.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return rows.reshape(image.height(), image.width(), 4)[..., :3].copy()


def beside(*pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures beside each other, their upper ends on a line."""
    height = max(len(picture) for picture in pictures)
    filled = []
    for picture in pictures:
        below = ((0, height - len(picture)), (0, 0), (0, 0))
        whole = np.pad(picture, below, mode="edge")
        filled.append(np.pad(whole, ((0, 0), (0, GAP), (0, 0))))
    return np.concatenate(filled, axis=1)[:, :-GAP]


def save_window(viewer: napari.Viewer, name: str) -> None:
    """Save a picture of the whole window."""
    save(viewer.window.screenshot(flash=False)[..., :3], name)


def save(picture: NDArray[np.uint8], name: str) -> None:
    """Save a picture with as few colours as it can do with."""
    few = Picture.fromarray(picture).quantize(COLORS, Picture.Quantize.MAXCOVERAGE, kmeans=3)
    path = IMAGES / f"{name}.png"
    few.save(path, optimize=True)
    print(f"{path.name}: {few.width} x {few.height}, {path.stat().st_size:,} bytes", flush=True)


PICTURES = (
    *(three_clicks, four_panels, four_panels_grid, running, review, correct, hints, bile_duct),
    *(compare, cohort, training_panel, training_curves),
)


def main() -> None:
    """Make the pictures that are named, or all."""
    makers = {maker.__name__: maker for maker in PICTURES}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(makers))
    for name in parser.parse_args().names or makers:
        makers[name]()
    shutil.rmtree(SCRATCH, ignore_errors=True)


if __name__ == "__main__":
    main()
