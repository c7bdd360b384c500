"""What the values of a label map are called, and what is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.label_table import IGNORE
from napari_abdoseg.image.names.organ_spelling import organ_key, organ_of_file
from napari_abdoseg.image.names.published_schemes import SCHEMES, find_scheme
from napari_abdoseg.image.names.stated_names import read_stated
from napari_abdoseg.image.nifti.volumes import read_image, read_labels, write_labels
from napari_abdoseg.image.organ import Organ

CARET = (
    '<?xml version="1.0" encoding="UTF-8"?><CaretExtension><VolumeInformation Index="0">'
    "<LabelTable>{labels}</LabelTable></VolumeInformation></CaretExtension>"
)
SNAP = '# ITK-SnAP Label Description File\n0 0 0 0 0 0 0 "Clear Label"\n1 255 0 0 1 1 1 "Spleen"\n'
SLICER = "# Color table file x.ctbl\n# 2 values\n0 Background 0 0 0 0\n1 left_kidney 9 9 9 255\n"


@pytest.fixture
def label_file(tmp_path: Path):
    """A function that writes a label map with some values, and perhaps an extension."""

    def write(name: str, *values: int, extension: tuple[int, bytes] | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = np.zeros((4, 5, 6), np.uint8)
        data[0, 0, : len(values)] = values
        image = nib.Nifti1Image(data, np.eye(4))
        if extension:
            image.header.extensions.append(nib.nifti1.Nifti1Extension(*extension))
        nib.save(image, path)
        return path

    return write


def write_json(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def names(path: Path, **options: Any) -> dict[int, str]:
    return {organ.value: organ.name for organ in read_labels(path, **options).organs}


def caret(*labels: tuple[Any, str]) -> bytes:
    each = (f'<Label Key="{value}"><![CDATA[{name}]]></Label>' for value, name in labels)
    return CARET.format(labels="".join(each)).encode()


class TestInTheFile:
    @pytest.mark.parametrize(
        ("code", "content"),
        [
            (0, caret((0, "???"), (1, "Spleen"))),
            (30, caret((1, "Spleen"))),
            (6, b'{"labels": {"Spleen": 1}}'),
            (6, b'{"labels": {"1": "Spleen", "0": "background"}}'),
            (6, SNAP.encode()),
            (44, b"Segment0_Name:=Spleen\nSegment0_LabelValue:=1\n"),
        ],
    )
    def test_names_are_read(self, label_file, code: int, content: bytes) -> None:
        labels = read_labels(label_file("case.nii", 1, extension=(code, content)))
        assert labels.organs == (Organ(1, "Spleen"),)
        assert labels.notices == ()

    @pytest.mark.parametrize(
        "content",
        [
            b'{"labels": {"liver": 1e999}}',
            b'{"labels": {"liver": true}}',
            b'{"labels": {"liver": -1}}',
            b'{"labels": {"liver": 65536}}',
            b'{"labels": {"liver": {}}}',
            b'{"labels": {"liver": 1, "spleen": 1}}',
            b'{"labels": {"": 1}}',
            b'{"labels": ' + b"[" * 100_000,
            b'{"labels": {"liver": 1' + b"0" * 5000 + b"}}",
            caret(("x", "liver")),
            caret((10**30, "liver")),
            b"<Label Key='1'>liver",
            b"\xff\xfe<",
            b'<!DOCTYPE a [<!ENTITY b "liver">]><a><Label Key="1">&b;</Label></a>',
            b"<a><Label>liver</Label></a>",
        ],
    )
    def test_nonsense_names_nothing(self, label_file, content: bytes) -> None:
        path = label_file("case.nii", 1, extension=(6, content))
        assert names(path) == {1: "label 1"}

    def test_names_are_saved_and_numbers_are_not(self, label_file, tmp_path: Path) -> None:
        path = label_file("case.nii", 1, 3, extension=(6, b'{"labels": {"a": 1, "ignore": 3}}'))
        labels = read_labels(path)
        assert (labels.organs, labels.ignored) == ((Organ(1, "a"),), 3)
        write_labels(tmp_path / "again.nii", labels)
        again = read_labels(tmp_path / "again.nii")
        assert (again.organs, again.ignored) == (labels.organs, 3)
        write_labels(tmp_path / "spleen.nii", read_labels(label_file("b.nii", 1)))
        assert names(tmp_path / "spleen.nii") == {1: "spleen"}


class TestDataset:
    @pytest.mark.parametrize("folder", ["labelsTr", "labelsTs", "labelsVa", "gt_segmentations"])
    @pytest.mark.parametrize(
        "labels", [{"0": "background", "1": "Spleen"}, {"background": "0", "Spleen": "1"}]
    )
    def test_names_the_label_maps_below_it(self, label_file, tmp_path, folder, labels) -> None:
        (tmp_path / "imagesTr").mkdir()
        write_json(tmp_path / "dataset.json", {"labels": labels})
        found = read_labels(label_file(f"{folder}/renamed.nii", 1))
        assert found.organs == (Organ(1, "Spleen"),)
        assert "dataset.json gives them" in found.notices[0]

    def test_names_what_a_fold_has_validated(self, label_file, tmp_path) -> None:
        path = label_file("model/fold_0/validation/case.nii", 1)
        write_json(tmp_path / "model/dataset.json", {"labels": {"Spleen": 1}})
        assert names(path) == {1: "Spleen"}

    @pytest.mark.parametrize("folder", ["imagesTs", "predictions"])
    def test_is_not_about_other_folders_of_a_data_set(self, label_file, tmp_path, folder) -> None:
        (tmp_path / "imagesTr").mkdir()
        write_json(tmp_path / "dataset.json", {"labels": {"Spleen": 1}})
        assert names(label_file(f"{folder}/case.nii", 1)) == {1: "label 1"}

    def test_leaves_values_that_it_lacks_without_a_name(self, label_file, tmp_path) -> None:
        write_json(tmp_path / "dataset.json", {"labels": {"Spleen": 1}})
        labels = read_labels(label_file("case.nii", 1, 9))
        assert labels.organs == (Organ(1, "Spleen"), Organ(9, "label 9"))
        assert labels.naming[-1] == "It has the value 9 without a name."

    def test_that_speaks_against_the_files_name_is_believed_and_told(self, label_file, tmp_path):
        write_json(tmp_path / "dataset.json", {"labels": {"liver": 1}})
        labels = read_labels(label_file("spleen.nii", 1))
        assert labels.organs == (Organ(1, "liver"),)
        assert labels.naming[0].endswith("gives them, though its file is called spleen.")

    def test_without_labels_is_about_something_else(self, label_file, tmp_path) -> None:
        write_json(tmp_path / "dataset.json", {"training": []})
        assert names(label_file("case.nii", 1)) == {1: "label 1"}

    @pytest.mark.parametrize(
        ("regions", "expected"),
        [
            (
                {"kidney": [1, 2, 3], "masses": [2, 3], "tumor": 2},
                {1: "kidney without masses", 2: "tumor", 3: "masses without tumor"},
            ),
            ({"kidney": [1, 2], "liver": 3}, {1: "kidney", 3: "liver"}),
            ({"a": [1, 2], "b": [2, 3]}, {1: "a without b", 2: "a and b", 3: "b without a"}),
        ],
    )
    def test_regions_name_what_they_are(self, label_file, tmp_path, regions, expected) -> None:
        write_json(tmp_path / "dataset.json", {"labels": {"background": 0, **regions}})
        labels = read_labels(label_file("case.nii", 1, 2, 3))
        assert {organ.value: organ.name for organ in labels.organs} == expected
        assert set(np.unique(labels.data)) == {0, *expected}

    @pytest.mark.parametrize(
        "content",
        [
            '{"labels": {"liver": 1e999}}',
            '{"labels": {"liver": true}}',
            '{"labels": {"liver": []}}',
            '{"labels": {"liver": {"a": 1}}}',
            '{"labels": ["liver"]}',
            '{"labels": null}',
            '{"a": ' + "[" * 200_000,
            "no JSON",
            b"\xff\xfe".decode("latin-1"),
        ],
    )
    def test_nonsense_is_one_sentence(self, label_file, tmp_path, content) -> None:
        write_json(tmp_path / "dataset.json", content)
        path = label_file("case.nii", 1)
        with pytest.raises(ImageError, match=r"dataset\.json gives no whole number .*mend it"):
            read_labels(path)
        shown = read_image(path)
        assert shown.organs == (Organ(1, "label 1"),)
        assert "dataset.json gives no whole number" in shown.notices[-1]


class TestDescriptionBeside:
    @pytest.mark.parametrize(
        ("name", "text", "organ"),
        [
            ("case.label", SNAP, "Spleen"),
            ("case.txt", SNAP, "Spleen"),
            ("any.label", SNAP, "Spleen"),
            ("any.ctbl", SLICER, "left kidney"),
            ("labels.txt", SLICER, "left kidney"),
            ("case.csv", "LabelValue,Name,Color_R\n1,liver,9\n", "liver"),
            ("dseg.tsv", "index\tname\tcolor\n1\tliver\t#fff\n", "liver"),
            ("labels.json", '{"1": "liver"}', "liver"),
            ("case.json", '{"labels": {"liver": 1}}', "liver"),
            ("class_map.csv", "id;label\n1;liver\n", "liver"),
        ],
    )
    def test_names_are_read(self, label_file, tmp_path, name, text, organ) -> None:
        (tmp_path / name).write_text(text)
        labels = read_labels(label_file("case.nii.gz", 1))
        assert labels.organs == (Organ(1, organ),)
        assert name in labels.notices[0]

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("case.txt", "1 liver looks fine\n"),
            ("case.json", '{"case": "case", "organs": [{"value": 1, "name": "liver"}]}'),
            ("case.csv", "case,organ\n1,2\n"),
            ("case.txt", "\xff\n"),
            ("other.txt", SNAP),
        ],
    )
    def test_other_files_name_nothing(self, label_file, tmp_path, name, text) -> None:
        (tmp_path / name).write_text(text, encoding="latin-1")
        assert names(label_file("case.nii.gz", 1)) == {1: "label 1"}

    def test_numbers_for_names_name_nothing(self, label_file, tmp_path) -> None:
        (tmp_path / "case.label").write_text(SNAP.replace("Spleen", "Label 1"))
        (organ,) = read_labels(label_file("case.nii.gz", 1)).organs
        assert not is_named(organ)

    def test_two_for_a_folder_name_nothing(self, label_file, tmp_path) -> None:
        for name in ("a.label", "b.label"):
            (tmp_path / name).write_text(SNAP)
        assert names(label_file("case.nii.gz", 1)) == {1: "label 1"}

    def test_a_broken_one_is_one_sentence(self, label_file, tmp_path) -> None:
        (tmp_path / "case.label").write_text(SNAP + '1 0 0 0 1 1 1 "Liver"\n')
        with pytest.raises(ImageError, match=r"case\.label gives no .*1 has the names Spleen and"):
            read_labels(label_file("case.nii.gz", 1))


class TestFileName:
    @pytest.mark.parametrize(
        ("stem", "organ"),
        [
            ("spleen", "spleen"),
            ("kidney_left", "left kidney"),
            ("Left-Kidney", "left kidney"),
            ("left kidney", "left kidney"),
            ("kidney_l", "left kidney"),
            ("LK", "left kidney"),
            ("LeftKidney", "left kidney"),
            ("s0001_spleen", "spleen"),
            ("case_003_right_kidney", "right kidney"),
            ("liver_mask", "liver"),
            ("adrenal_gland_right", "right adrenal gland"),
            ("Gall Bladder", "gallbladder"),
            ("vertebrae_L5", "vertebra l5"),
        ],
    )
    @pytest.mark.parametrize("value", [1, 255])
    def test_names_a_binary_mask(self, label_file, stem, organ, value) -> None:
        labels = read_labels(label_file(f"{stem}.nii.gz", value))
        assert labels.organs == (Organ(value, organ),)
        assert organ in labels.notices[0]

    def test_names_an_empty_mask(self, label_file) -> None:
        assert names(label_file("spleen.nii.gz")) == {1: "spleen"}

    @pytest.mark.parametrize("stem", ["no_liver", "peri_pancreas", "lung_001", "liver_2", "labels"])
    def test_with_anything_else_names_nothing(self, label_file, stem) -> None:
        assert names(label_file(f"{stem}.nii.gz", 1)) == {1: "label 1"}

    @pytest.mark.parametrize("values", [(1, 2, 3, 4), (3,)])
    def test_of_a_map_of_more_labels_names_nothing(self, label_file, values) -> None:
        found = names(label_file("spleen.nii.gz", *values))
        assert found == {value: f"label {value}" for value in values}


class TestPublishedSchemes:
    @pytest.mark.parametrize(
        ("path", "values", "expected"),
        [
            ("Mask/Case_00001.nii.gz", (1, 4), {1: "liver", 4: "pancreas"}),
            ("TrainingMask/train_000.nii.gz", (2,), {2: "kidney"}),
            ("labels/FLARE22_Tr_0001.nii.gz", (2, 13), {2: "right kidney", 13: "left kidney"}),
            ("labelsTr/amos_0001.nii.gz", (1, 15), {1: "spleen", 15: "prostate or uterus"}),
            ("label/label0001.nii.gz", (6, 13), {6: "liver", 13: "left adrenal gland"}),
            ("case_00000/segmentation.nii.gz", (1, 2), {1: "kidney", 2: "kidney tumor"}),
            ("segmentation-0.nii", (1, 2), {1: "liver", 2: "liver tumor"}),
            ("Task10_Colon/labelsTr/renamed.nii.gz", (1,), {1: "colon tumor"}),
            ("labelsTr/pancreas_001.nii.gz", (1, 2), {1: "pancreas", 2: "pancreas tumor"}),
            ("100008_00001.nii.gz", (4, 6), {4: "pancreas", 6: "common bile duct"}),
            ("PanTS_00000001/combined_labels.nii.gz", (28,), {28: "pancreatic lesion"}),
        ],
    )
    def test_are_told_by_the_files_names(self, label_file, path, values, expected) -> None:
        labels = read_labels(label_file(path, *values))
        assert {o.value: o.name for o in labels.organs}.items() >= expected.items()
        assert "as its file is called" in labels.naming[0]

    @pytest.mark.parametrize(
        ("path", "values"),
        [
            ("Case_00001.nii.gz", (1, 5)),
            ("predictions/amos_0001.nii.gz", (1, 2)),
            ("nnUNet_results/labels/amos_0001.nii.gz", (1, 2)),
            ("label0001.nii.gz", (1,)),
            ("case_00000.nii.gz", (1, 2)),
            ("s0001/multi.nii.gz", (1, 2)),
        ],
    )
    def test_are_not_believed_where_they_may_be_wrong(self, label_file, path, values) -> None:
        labels = read_labels(label_file(path, *values))
        assert [o.name for o in labels.organs] == [f"label {value}" for value in values]

    def test_values_beyond_are_told(self, label_file) -> None:
        (notice,) = read_labels(label_file("Case_00001.nii.gz", 1, 5)).naming
        assert "of AbdomenCT-1K, which do not have the value 5: its labels are left" in notice

    def test_are_distinct(self) -> None:
        assert len({scheme.key for scheme in SCHEMES}) == len(SCHEMES)
        for scheme in SCHEMES:
            keys = {organ_key(name) for name in scheme.names}
            assert len(keys) == len(scheme.names), scheme.key
        new, old = find_scheme("totalsegmentator"), find_scheme("TotalSegmentator v1")
        assert (len(new.names), len(old.names)) == (117, 104)
        assert (new.names.index("pancreas"), old.names.index("pancreas")) == (6, 9)


class TestWhatTheUserSays:
    def test_comes_before_everything(self, label_file, tmp_path) -> None:
        write_json(tmp_path / "dataset.json", {"labels": {"Spleen": 1}})
        path = label_file("spleen.nii", 1, extension=(6, b'{"labels": {"liver": 1}}'))
        assert names(path, organs=read_stated("1=kidney")) == {1: "kidney"}
        assert names(path, organs=read_stated("own")) == {1: "liver"}

    def test_is_a_scheme_a_file_or_pairs(self, tmp_path) -> None:
        assert read_stated("AMOS-22")[0] == Organ(1, "spleen")
        file = write_json(tmp_path / "dataset.json", {"labels": {"liver": "2", "background": 0}})
        assert read_stated(str(file)) == (Organ(2, "liver"),)
        assert read_stated(" 2 = left kidney, 3=ignore") == (
            Organ(2, "left kidney"),
            Organ(3, IGNORE),
        )

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("amos99", "names no labels: give a published scheme .*amos22"),
            ("x" * 5000, "names no labels"),
            ("1=", "does not give a name"),
            ("1=liver,2", "does not give a name"),
            ("0=liver", "does not give a name"),
            ("1=liver,1=spleen", "does not give a name"),
            ("99999=liver", "does not give a name"),
        ],
    )
    def test_that_is_nothing_of_this_is_one_sentence(self, text, said) -> None:
        with pytest.raises(ImageError, match=said):
            read_stated(text)

    def test_of_a_file_without_names_is_one_sentence(self, tmp_path) -> None:
        with pytest.raises(ImageError, match="names no labels: give a dataset"):
            read_stated(str(write_json(tmp_path / "x.txt", "1 liver is fine")))

    def test_of_several_values_is_one_organ(self, label_file) -> None:
        path = label_file("case.nii", 2, 3, 5)
        labels = read_labels(path, read_stated("2=kidney,3=kidney,5=ignore"))
        assert labels.organs == (Organ(2, "kidney"),)
        assert labels.data[labels.data > 0].tolist() == [2, 2, 5]
        assert "Values 2, 3 are all the kidney" in labels.notices[0]


def test_sides_are_kept_apart():
    assert len({organ_key(name) for name in ("kidney", "left kidney", "right kidney")}) == 3
    assert organ_of_file("no organ") == ("", "")
