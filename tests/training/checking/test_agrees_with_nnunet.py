"""`dataset check` and nnU-Net's own functions say the same of a data set."""

from __future__ import annotations

import gzip
import json
import shutil
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.progress import drain
from napari_abdoseg.training.checking.check import checking
from napari_abdoseg.training.checking.description_problems import READERS

FOUR = {"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}
REGIONS = {"background": 0, "abdomen": [1, 2, 3, 4], "pair": [2, 3, 4], "third": 3, "last": [4]}
ORDER = [1, 2, 3, 4]


def labels(changes=(), **more):
    return {"labels": FOUR | dict(changes) | more}


def regions(order=ORDER, **more):
    return {"labels": REGIONS | more, "regions_class_order": order}


def listing(**changes):
    entry = {"images": ["imagesTr/case0_0000.nii.gz"], "label": "labelsTr/case0.nii.gz"}
    return {"dataset": {"x": entry | changes}}


RIGHT = {
    "whole numbers": labels(),
    "values as text": {"labels": {name: str(value) for name, value in FOUR.items()}},
    "values as lists of one": {
        "labels": {name: [value] if value else 0 for name, value in FOUR.items()}
    },
    "values as lists of text": {
        "labels": {name: [str(value)] if value else 0 for name, value in FOUR.items()}
    },
    "ignore is the highest": labels(ignore=5),
    "regions": regions(),
    "regions with ignore": regions(ignore=5),
    "regions as text": {
        "labels": {"background": 0, "all": ["1", "2", "3", "4"], "some": "3"},
        "regions_class_order": [1, 3],
    },
    "values of regions in another order": regions([4, 3, 2, 1]),
    "a reader of NIfTI": {"overwrite_image_reader_writer": "NibabelIO"},
    "a reader that reorients": {"overwrite_image_reader_writer": "NibabelIOWithReorient"},
    "SimpleITK": {"overwrite_image_reader_writer": "SimpleITKIO"},
    "no reader, in words": {"overwrite_image_reader_writer": "None"},
    "a listing": listing(),
    "a listing with a variable": listing(label="$FOLDER/case0.nii.gz"),
    "an order without regions": {"regions_class_order": [1]},
}
WRONG = {
    "no background": {"labels": {"liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}},
    "background is 1": {"labels": {"background": 1, "liver": 0, "a": 2, "b": 3, "c": 4}},
    "background is a list": labels(background=[0]),
    "background is a region": labels(background=[0, 1]),
    "a gap": labels(lung=9),
    "a value is negative": labels(lung=-5),
    "a value is missing": {"labels": {"background": 0, "liver": 1, "kidney": 2, "spleen": 3}},
    "a value is no number": labels(liver="one"),
    "a value is nothing": labels(liver=None),
    "a value is an object": labels(liver={}),
    "a value has a fraction, as text": labels(liver="1.5"),
    "labels is a list": {"labels": list(FOUR)},
    "ignore is in between": labels(pancreas=5, ignore=4),
    "ignore is 0": labels(ignore=0),
    "ignore is an organ": labels(ignore=4),
    "ignore leaves a gap": labels(ignore=7),
    "ignore is text": labels(ignore="5"),
    "ignore is a list": labels(ignore=[5]),
    "ignore has a point": labels(ignore=5.0),
    "regions without an order": regions(None),
    "too few values in the order": regions([1, 2, 3]),
    "too many values in the order": regions([1, 2, 3, 4, 5]),
    "ignore in the order": regions([1, 2, 3, 4, 5], ignore=5),
    "regions with a gap": regions([1, 2, 3, 4, 7], far=[7]),
    "background of regions as text": regions(background="0"),
    "a reader of pictures": {"overwrite_image_reader_writer": "NaturalImage2DIO"},
    "a reader of TIFF": {"overwrite_image_reader_writer": "Tiff3DIO"},
    "a reader that is none": {"overwrite_image_reader_writer": "np"},
    "a reader that is a number": {"overwrite_image_reader_writer": 5},
    "too many cases": {"numTraining": 6},
    "a number of cases as text": {"numTraining": "1"},
    "a number of cases with a point": {"numTraining": 1.0},
    "no channel": {"channel_names": {}},
    "channels as a list": {"channel_names": ["CT"]},
    "a channel too many": {"channel_names": {"0": "CT", "1": "PET"}},
    "a listing without images": {"dataset": {"x": {}}},
    "a listing as a list": {"dataset": ["x"]},
    "a listing of nothing that is there": listing(images=["imagesTr/z_0000.nii.gz"]),
}


@pytest.fixture
def nnunet(monkeypatch, capsys):
    """nnU-Net's `verify_dataset_integrity`, with threads for its processes."""
    from nnunetv2.experiment_planning import verify_dataset_integrity as module
    from nnunetv2.utilities import utils

    threads = SimpleNamespace(Pool=lambda processes: ThreadPool(2))
    monkeypatch.setattr(module, "multiprocessing", SimpleNamespace(get_context=lambda _: threads))
    monkeypatch.setattr(utils, "Pool", lambda processes: ThreadPool(1))

    def accepts(folder):
        try:
            module.verify_dataset_integrity(str(folder), 1)
        except Exception:
            return False
        return True

    return accepts


def we_accept(folder):
    try:
        return not drain(checking(folder)).ruined
    except DatasetError:
        return False


def describe(folder, changes):
    path = folder / "dataset.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: content[key] for key in content if content[key] is not None}))


@pytest.mark.parametrize(
    ("changes", "right"),
    [(changes, True) for changes in RIGHT.values()]
    + [(changes, False) for changes in WRONG.values()],
    ids=[*RIGHT, *WRONG],
)
def test_descriptions(changes, right, dataset, nnunet, monkeypatch):
    monkeypatch.setenv("FOLDER", str(dataset / "labelsTr"))
    for path in dataset.rglob("case[1-5]*.nii.gz"):
        path.unlink()
    describe(dataset, {"numTraining": 1} | changes)
    assert nnunet(dataset) is right
    assert we_accept(dataset) is right


@pytest.mark.parametrize("reader", ["SimpleITK", "os.system", "nnUNetTrainer", "{}", []])
def test_a_reader_that_nnunet_would_pass_over_is_told(reader, dataset):
    describe(dataset, {"overwrite_image_reader_writer": reader})
    assert not we_accept(dataset)


def test_the_readers_of_nifti_are_those_of_nnunet():
    from nnunetv2.imageio.reader_writer_registry import LIST_OF_IO_CLASSES

    endings = {reader.__name__: reader.supported_file_endings for reader in LIST_OF_IO_CLASSES}
    assert set(READERS) == {name for name, known in endings.items() if ".nii.gz" in known}


def rewrite(path, change):
    image = nib.load(path)
    nib.save(nib.Nifti1Image(change(np.asanyarray(image.dataobj)), image.affine), path)


SPOILED = {
    "a fraction": lambda path: rewrite(path, lambda data: (data * 1.5).astype(np.float32)),
    "whole numbers as floats": lambda path: rewrite(path, lambda data: data.astype(np.float32)),
    "nearly whole numbers": lambda path: rewrite(path, lambda data: data * np.float32(0.9999)),
    "a value too many": lambda path: rewrite(path, lambda data: data + 1),
    "negative values": lambda path: rewrite(path, lambda data: -data.astype(np.int16)),
    "another shape": lambda path: rewrite(path, lambda data: data[1:]),
    "no file": lambda path: path.unlink(),
}
STRICTER = {
    "half a file, which ITK fills up": lambda path: path.write_bytes(path.read_bytes()[:500]),
    "that of another case": lambda path: shutil.copy(path.with_name("case1.nii.gz"), path),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_label_maps(spoil, dataset, nnunet):
    spoil(dataset / "labelsTr" / "case0.nii.gz")
    assert we_accept(dataset) is nnunet(dataset)


@pytest.mark.parametrize("spoil", STRICTER.values(), ids=STRICTER)
def test_what_nnunet_lets_pass(spoil, dataset, nnunet):
    spoil(dataset / "labelsTr" / "case0.nii.gz")
    assert nnunet(dataset)
    assert not we_accept(dataset)


@pytest.mark.parametrize("reader", [None, *READERS])
@pytest.mark.parametrize("packed", [True, False])
def test_names_that_tell_the_wrong_compression(reader, packed, dataset, nnunet):
    """Names of all files end alike; the files of one case are packed otherwise."""
    changes = {"overwrite_image_reader_writer": reader}
    for path in sorted(dataset.rglob("case*.nii.gz")):
        plain = gzip.decompress(path.read_bytes())
        if packed:
            path.unlink()
            path.with_suffix("").write_bytes(
                gzip.compress(plain) if "case0" in path.name else plain
            )
            changes["file_ending"] = ".nii"
        elif "case0" in path.name:
            path.write_bytes(plain)
    describe(dataset, changes)
    assert we_accept(dataset) is nnunet(dataset)


@pytest.fixture
def nrrd(dataset):
    """The same data set with files that SimpleITK has written as NRRD."""
    for path in sorted(dataset.rglob("case*.nii.gz")):
        sitk.WriteImage(sitk.ReadImage(path), path.with_name(f"{path.name[:-7]}.nrrd"), True)
        path.unlink()
    describe(dataset, {"file_ending": ".nrrd"})
    return dataset


def in_layers(labels):
    layers = sitk.Compose([labels == 1, labels == 2])
    for number in range(2):
        layers.SetMetaData(f"Segment{number}_Name", ["liver", "kidney"][number])
        layers.SetMetaData(f"Segment{number}_Layer", str(number))
        layers.SetMetaData(f"Segment{number}_LabelValue", "1")
    return layers


@pytest.mark.parametrize(
    ("change", "right"),
    [
        (lambda labels: labels, True),
        (lambda labels: sitk.Cast(labels, sitk.sitkFloat32), True),
        (lambda labels: sitk.Cast(labels, sitk.sitkFloat32) * 0.9999, False),
        (lambda labels: labels[:-1], False),
        (in_layers, False),
    ],
    ids=["sound", "floats", "nearly whole numbers", "a slice less", "layers of 3D Slicer"],
)
def test_files_that_are_nrrd(nrrd, change, right, nnunet):
    path = nrrd / "labelsTr" / "case0.nrrd"
    sitk.WriteImage(change(sitk.ReadImage(path)), path, True)
    assert we_accept(nrrd) is nnunet(nrrd) is right


@pytest.mark.parametrize("reader", READERS)
def test_the_readers_of_nrrd_are_those_of_nnunet(nrrd, nnunet, reader):
    describe(nrrd, {"overwrite_image_reader_writer": reader})
    assert we_accept(nrrd) is nnunet(nrrd) is (reader == "SimpleITKIO")
