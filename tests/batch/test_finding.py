"""Cases of files, folders of any depth and lists."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.errors import AbdosegError, ImageError

NOBODY = 65534


@contextmanager
def as_owner():
    """The user that this process was started by."""
    user = os.geteuid()
    os.seteuid(os.getuid())
    yield
    os.seteuid(user)


@pytest.fixture
def tree(tmp_path):
    """Files as they lie about; what they hold does not matter."""
    for name in (
        "in/b_0000.nii.gz",
        "in/deep/deeper/a.nii",
        "in/.hidden/x.nii.gz",
        "in/.y.nii.gz",
        "in/notes.txt",
        "more/c.NII.GZ",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(*inputs, output):
    return [case.name for case in find_cases(inputs, output)]


def test_folders_of_any_depth_and_files_sorted_by_case(tree):
    out = tree / "out"
    cases = find_cases([tree / "more" / "c.NII.GZ", tree / "in"], out)
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert cases[0].image == tree / "in" / "deep" / "deeper" / "a.nii"
    assert cases[1].labels == out / "b.nii.gz"


def test_the_same_file_named_twice_is_one_case(tree):
    assert names(tree / "in", tree / "in" / "b_0000.nii.gz", output=tree / "out") == ["a", "b"]


def test_linked_folders_are_searched_once(tree):
    (tree / "in" / "linked").symlink_to(tree / "more")
    (tree / "more" / "circle").symlink_to(tree / "in")
    assert names(tree / "in", output=tree / "out") == ["a", "b", "c"]


def test_links_that_lead_nowhere_or_in_a_circle_are_no_scans(tree):
    (tree / "in" / "gone.nii.gz").symlink_to(tree / "nowhere.nii.gz")
    (tree / "in" / "round.nii.gz").symlink_to("round.nii.gz")
    (tree / "in" / "up").symlink_to(tree / "in")
    os.mkfifo(tree / "in" / "pipe.nii.gz")
    assert names(tree / "in", output=tree / "out") == ["a", "b"]


@pytest.mark.parametrize("goes", ["in/deep/deeper", "in/b_0000.nii.gz"])
def test_what_is_removed_while_it_is_looked_for_is_left_out(tree, goes, monkeypatch):
    scandir = os.scandir

    def slowly(place):
        entries = scandir(place)
        if str(place).endswith("deep"):
            path = tree / goes
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return entries

    (tree / "in" / "c.nii.gz").touch()
    monkeypatch.setattr(os, "scandir", slowly)
    found = names(tree / "in", output=tree / "out")
    assert found == (["b", "c"] if "deeper" in goes else ["a", "b", "c"])


def test_a_list_with_a_path_a_line(tree):
    (tree / "list.txt").write_text("in/deep\n\n more/c.NII.GZ \r\n", encoding="utf-8-sig")
    assert names(tree / "list.txt", output=tree / "out") == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"more/c.NII.GZ\nnowhere.nii\n", r"nowhere.nii, which .*list.txt names, does not exist"),
        (b"\n \n", "list.txt is empty"),
        (b"\xff\xfe\x00", "list.txt can't be read"),
    ],
)
def test_a_list_that_can_not_be_used(tree, text, message):
    (tree / "list.txt").write_bytes(text)
    with pytest.raises(ImageError, match=message):
        find_cases([tree / "list.txt"], tree / "out")


def test_a_missing_input(tree):
    with pytest.raises(ImageError, match=r"nowhere does not exist: check its name"):
        find_cases([tree / "nowhere"], tree / "out")


def test_a_folder_without_scans(tree):
    (tree / "empty" / "er").mkdir(parents=True)
    with pytest.raises(ImageError, match=r"empty has no .nii, .nii.gz, .nrrd or .mha files"):
        find_cases([tree / "empty"], tree / "out")


@pytest.fixture
def guest(tree):
    """The same tree where others may look, and a user who may do no more than that."""
    if os.name == "nt":
        pytest.skip("needs rights as Unix has them")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copytree(tree / "in", Path(place) / "in")
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        yield Path(place)
        os.seteuid(user)
        (Path(place) / "in" / "deep").chmod(0o755)


@pytest.mark.parametrize("rights", [0o000, 0o644])
@pytest.mark.parametrize("name", ["in", "in/deep", "in/deep/deeper/a.nii"])
def test_what_can_not_be_read(guest, rights, name):
    with as_owner():
        (guest / "in" / "deep").chmod(rights)
    with pytest.raises(ImageError, match=r"deep.* can't be read \(Permission denied\): check its"):
        find_cases([guest / name], guest / "out")


def test_two_inputs_of_one_name(tree):
    (tree / "more" / "b.nii.gz").touch()
    with pytest.raises(AbdosegError, match="both the case 'b'"):
        find_cases([tree / "in", tree / "more"], tree / "out")


@pytest.mark.parametrize("output", ["in", "in/deep/results"])
def test_an_output_folder_in_an_input_folder(tree, output):
    with pytest.raises(AbdosegError, match="would be taken for scans"):
        find_cases([tree / "in"], tree / output)


def test_results_never_replace_their_input(tree):
    scan = tree / "more" / "scan.nii.gz"
    scan.touch()
    with pytest.raises(AbdosegError, match="would replace it: choose another output folder"):
        find_cases([scan], tree / "more")
    assert names(tree / "in" / "b_0000.nii.gz", output=tree / "in") == ["b"]
