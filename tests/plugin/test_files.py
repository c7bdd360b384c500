"""Reader, writer and sample data through napari itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel as nib
import npe2
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Shapes
from napari.utils.colormaps.standardize_color import transform_color
from napari.utils.notifications import notification_manager

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.box_file import read_boxes
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import ENDINGS
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer, image_layer
from napari_abdoseg.plugin.reader import get_reader

PLUGIN = "napari-abdoseg"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    volume, truth = make_phantom(5, (8.0, 6.0, 6.0), "RAS")
    write_volume(tmp_path / "case_0000.nii.gz", volume)
    write_labels(tmp_path / "case.nii.gz", truth)
    return tmp_path


def test_a_scan_opens_as_an_image(make_napari_viewer, files):
    viewer = make_napari_viewer()
    (layer,) = viewer.open(files / "case_0000.nii.gz", plugin=PLUGIN)
    volume, _ = make_phantom(5, (8.0, 6.0, 6.0))
    assert isinstance(layer, Image)
    assert np.array_equal(layer.data, volume.data)
    assert layer.data.dtype == np.int16
    assert layer.contrast_limits == [-160, 240]
    assert layer.colormap.name == "gray"
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3
    assert layer.axis_labels == ("z", "y", "x")
    assert np.allclose(layer.scale, (8, 6, 6))


def test_labels_open_as_labels_below_nothing(make_napari_viewer, files):
    viewer = make_napari_viewer()
    image, labels = viewer.open(files, plugin=PLUGIN)
    assert isinstance(image, Image)
    assert isinstance(labels, Labels)
    assert labels.features["organ"].tolist() == [
        *("background", "liver", "kidney", "spleen", "pancreas"),
    ]
    assert np.allclose(labels.translate, image.translate)


def test_npe2_offers_the_reader_for_scans_and_folders(files):
    manager = npe2.PluginManager.instance()
    manager.discover()
    names = [f"case{ending}" for ending in ENDINGS]
    for path in (files, *(files / each for name in names for each in (name, name.upper()))):
        offered = {reader.plugin_name for reader in manager.iter_compatible_readers([str(path)])}
        assert PLUGIN in offered


def test_a_scan_of_another_format_opens_as_the_same_image(make_napari_viewer, files):
    scan = sitk.ReadImage(str(files / "case_0000.nii.gz"))
    sitk.WriteImage(scan, str(files / "case 0000.nrrd"), True)
    viewer = make_napari_viewer()
    (other,) = viewer.open(files / "case 0000.nrrd", plugin=PLUGIN)
    (layer,) = viewer.open(files / "case_0000.nii.gz", plugin=PLUGIN)
    assert isinstance(other, Image)
    assert np.array_equal(other.data, layer.data)
    assert np.allclose(other.scale, layer.scale)
    assert np.allclose(other.translate, layer.translate)


def test_a_4d_file_opens_its_first_volume_with_a_notice(make_napari_viewer, tmp_path):
    data = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / "cardiac.nii")
    viewer = make_napari_viewer()
    (layer,) = viewer.open(tmp_path / "cardiac.nii", plugin=PLUGIN)
    assert layer.data.shape == (4, 3, 2)
    assert any("cardiac.nii" in note.message for note in notification_manager.records)


def test_a_corrected_layer_is_saved_on_the_scans_exact_grid(make_napari_viewer, files):
    viewer = make_napari_viewer()
    (layer,) = viewer.open(files / "case.nii.gz", plugin=PLUGIN)
    layer.data[10, 10, 10] = 4
    target = files / "corrected.nii.gz"
    assert layer.save(str(target), plugin=PLUGIN) == [str(target)]
    before, after = (nib.load(files / name) for name in ("case.nii.gz", "corrected.nii.gz"))
    assert after.header.get_sform().tolist() == before.header.get_sform().tolist()
    assert after.header.get_qform().tolist() == before.header.get_qform().tolist()
    assert np.array_equal(read_labels(target).data, layer.data)
    changed = np.argwhere(np.asanyarray(after.dataobj) != np.asanyarray(before.dataobj))
    assert len(changed) == 1


def test_napari_saves_labels_with_this_plugin_by_the_suffix(make_napari_viewer, files):
    viewer = make_napari_viewer()
    (layer,) = viewer.open(files / "case.nii.gz", plugin=PLUGIN)
    for name in ("by_suffix.nii.gz", "by_suffix.nii"):
        layer.save(str(files / name))
        assert np.array_equal(read_labels(files / name).data, layer.data)


@pytest.mark.parametrize("name", ["by suffix.seg.nrrd", "by suffix.nrrd", "by suffix.mha"])
def test_labels_are_saved_for_other_programs_by_the_suffix(make_napari_viewer, files, name):
    viewer = make_napari_viewer()
    (layer,) = viewer.open(files / "case.nii.gz", plugin=PLUGIN)
    assert layer.save(str(files / name)) == [str(files / name)]
    (again,) = viewer.open(files / name, plugin=PLUGIN)
    assert np.array_equal(again.data, layer.data)
    assert again.features["organ"].tolist() == layer.features["organ"].tolist()
    assert again.metadata["grid"].matches(layer.metadata["grid"])
    for value in range(1, 5):
        assert np.allclose(again.get_color(value), layer.get_color(value))


def test_a_layer_from_elsewhere_is_saved_where_napari_shows_it(make_napari_viewer, tmp_path):
    data = np.zeros((4, 5, 6), dtype=np.int64)
    data[1, 2, 3] = 2
    viewer = make_napari_viewer()
    layer = viewer.add_labels(data, scale=(5, 2, 1), translate=(10, 20, 30))
    layer.save(str(tmp_path / "mine.nii.gz"), plugin=PLUGIN)
    saved = nib.load(tmp_path / "mine.nii.gz")
    (index,) = np.argwhere(np.asanyarray(saved.dataobj))
    s, p, left = 10 + 1 * 5, 20 + 2 * 2, 30 + 3 * 1
    assert np.allclose(saved.affine @ [*index, 1], [-left, -p, s, 1])
    assert np.allclose(sorted(saved.header.get_zooms()), [1, 2, 5])


def test_labels_of_another_shape_than_their_scan_are_an_error(make_napari_viewer, files):
    viewer = make_napari_viewer()
    (layer,) = viewer.open(files / "case.nii.gz", plugin=PLUGIN)
    layer.data = layer.data[:-1]
    with pytest.raises(AbdosegError, match="must have the same shape"):
        layer.save(str(files / "wrong.nii.gz"), plugin=PLUGIN)
    assert not (files / "wrong.nii.gz").exists()


def test_the_sample_is_a_phantom_with_its_truth(make_napari_viewer):
    viewer = make_napari_viewer()
    viewer.open_sample(PLUGIN, "phantom")
    image, truth = viewer.layers
    assert isinstance(image, Image)
    assert isinstance(truth, Labels)
    assert not truth.visible
    assert set(np.unique(truth.data)) == {0, 1, 2, 3, 4}


def test_opening_loads_neither_torch_nor_nnunet(files):
    code = (
        "import sys\n"
        "from napari_abdoseg.plugin.reader import get_reader\n"
        f"path = {str(files)!r}\n"
        "assert len(get_reader(path)(path)) == 2\n"
        "sys.exit(str({'torch', 'nnunetv2'} & set(sys.modules) or 0))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip().splitlines()[-1] == "0", run.stderr


@pytest.fixture
def boxes(qapp):
    """A viewer without a window, with the boxes of a phantom, and the phantom's truth."""
    viewer = ViewerModel()
    volume, truth = make_phantom(5, (8.0, 6.0, 6.0), "RAS")
    viewer.add_layer(Layer.create(*image_layer(volume)))
    follow_boxes(viewer)
    for organ, box in bounding_boxes(truth).items():
        viewer.add_layer(Layer.create(*box_layer(organ.name, organ.color, box, truth.grid)))
    return viewer, truth


def _box_layers(viewer):
    return [layer for layer in viewer.layers if isinstance(layer, Shapes)]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize("ndisplay", [2, 3])
def test_boxes_are_saved_and_opened_again(boxes, tmp_path, suffix, ndisplay):
    viewer, truth = boxes
    viewer.dims.ndisplay = ndisplay
    viewer.layers.selection = set(_box_layers(viewer))
    path = tmp_path / f"boxes{suffix}"
    assert viewer.layers.save(str(path), selected=True, plugin=PLUGIN) == [str(path)]
    viewer.layers.remove_selected()
    layers = viewer.open(path, plugin=PLUGIN)
    assert [layer.name for layer in layers] == [f"{organ.name} box" for organ in truth.organs]
    for layer, (organ, box) in zip(layers, bounding_boxes(truth).items(), strict=True):
        assert layer.metadata["box"] == box
        assert layer.metadata["grid"].matches(truth.grid)
        np.testing.assert_allclose(
            layer.edge_color[0], transform_color(organ.color)[0], atol=1 / 255
        )


def test_boxes_from_a_file_are_edges_in_3d_and_rectangles_in_slices(boxes, tmp_path):
    viewer, _ = boxes
    path = tmp_path / "boxes.json"
    viewer.layers.selection = set(_box_layers(viewer))
    viewer.layers.save(str(path), selected=True, plugin=PLUGIN)
    viewer.layers.remove_selected()
    liver, *_ = viewer.open(path, plugin=PLUGIN)
    assert len(liver.data) == 1
    viewer.dims.ndisplay = 3
    assert len(liver.data) == 12
    viewer.dims.ndisplay = 2
    viewer.dims.order = (1, 0, 2)
    assert np.ptp(liver.data[0][:, 1]) == 0


def test_other_tables_are_left_to_other_readers(tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("index,axis-0,axis-1\n0,1,2\n")
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert get_reader(str(points)) is None
    assert get_reader(str(other)) is None
    assert get_reader([str(points), str(other)]) is None


def test_shapes_that_are_no_boxes_are_saved_as_napari_does(make_napari_viewer, tmp_path):
    viewer = make_napari_viewer()
    viewer.add_shapes([np.array([[0, 0], [0, 5], [5, 5], [5, 0]])], name="mark")
    path = tmp_path / "shapes.csv"
    assert viewer.layers.save(str(path), plugin="napari") == [str(path)]
    with pytest.raises(AbdosegError, match="mark is no box"):
        viewer.layers.save(str(tmp_path / "boxes.csv"), plugin=PLUGIN)


@pytest.mark.parametrize(
    ("shown", "saved"),
    [
        ("liver box", "liver"),
        ("liver box [1]", "liver"),
        ("liver box (cut (corrected)) [1]", "liver"),
        ("my box", "my"),
        ("where it hurts", "where it hurts"),
        ("liver box of mine", "liver box of mine"),
    ],
)
def test_a_box_is_saved_as_its_organ_or_as_the_user_calls_it(boxes, tmp_path, shown, saved):
    viewer, _ = boxes
    liver, *others = _box_layers(viewer)
    liver.name = shown
    viewer.layers.selection = {liver, *others}
    path = tmp_path / "boxes.csv"
    viewer.layers.save(str(path), selected=True, plugin=PLUGIN)
    assert next(iter(read_boxes(path).boxes)) == saved


def test_boxes_of_one_organ_in_two_label_maps_are_told_apart_in_a_file(boxes, tmp_path):
    viewer, truth = boxes
    organ, box = next(iter(bounding_boxes(truth).items()))
    other = viewer.add_layer(Layer.create(*box_layer(organ.name, "red", box, truth.grid)))
    viewer.layers["liver box"].name = "liver box (mine)"
    other.name = "liver box (yours)"
    viewer.layers.selection = set(_box_layers(viewer))
    path = tmp_path / "boxes.csv"
    viewer.layers.save(str(path), selected=True, plugin=PLUGIN)
    names = ["liver (mine)", "kidney", "spleen", "pancreas", "liver (yours)"]
    assert list(read_boxes(path).boxes) == names


def test_boxes_of_two_scans_are_not_put_into_one_file(boxes, tmp_path):
    viewer, _ = boxes
    _, other = make_phantom(5, (8.0, 6.0, 7.0), "RAS")
    organ, box = next(iter(bounding_boxes(other).items()))
    viewer.add_layer(Layer.create(*box_layer("other", organ.color, box, other.grid)))
    viewer.layers.selection = set(_box_layers(viewer))
    with pytest.raises(AbdosegError, match="several scans"):
        viewer.layers.save(str(tmp_path / "boxes.csv"), selected=True, plugin=PLUGIN)
    assert not (tmp_path / "boxes.csv").exists()
