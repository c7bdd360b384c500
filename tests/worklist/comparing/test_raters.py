"""How far people agree who have drawn the same cases."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from limits import no_file_above
from small_scans import write_label_map
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli import console as terminal
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.raters import comparing_raters, write_agreement
from napari_abdoseg.evaluation.report.raters import render_raters
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.renumbering import renumbered
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.comparing.raters import drawn_as_versions, drawn_in_folders
from napari_abdoseg.worklist.listing.finding import Found, finding_work
from napari_abdoseg.worklist.records.case_record import Status, Version
from napari_abdoseg.worklist.records.changing import change_record, with_status, with_version
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (10.0, 8.0, 8.0)
CASES = ("p1", "p2")
LIVER, SPLEEN = 1, 3


def cut(labels, planes):
    """Without the first planes of the liver."""
    data = labels.data.copy()
    first = np.flatnonzero((data == LIVER).any(axis=(1, 2)))[:planes]
    data[first] = np.where(data[first] == LIVER, 0, data[first])
    return replace(labels, data=data)


def truths():
    return {name: make_phantom(number, SPACING) for number, name in enumerate(CASES)}


def draw(folder, case, person, labels):
    """Add what somebody has made of a case."""
    path = folder.masks / person / f"{case}.nii.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, labels)
    version = Version(f"{person}/{case}.nii.gz", "correction", person)
    change_record(folder, case, with_version(version))


@pytest.fixture
def folder(tmp_path):
    """Two cases; ben leaves out two planes of the livers, and numbers organs otherwise."""
    folder = WorkFolder.of(tmp_path / "cts")
    folder.scans.mkdir()
    other = {1: 2, 2: 1, 3: 3, 4: 4}
    for case, (volume, labels) in truths().items():
        write_volume(folder.scans / f"{case}_0000.nii.gz", volume)
        draw(folder, case, "anna", labels)
        seen = cut(labels, 2)
        organs = tuple(Organ(other[organ.value], organ.name) for organ in labels.organs)
        draw(folder, case, "ben", replace(seen, data=renumbered(seen.data, other), organs=organs))
    return folder


def test_each_two_people_are_compared_and_who_is_first_does_not_matter(folder, rows):
    drawn = drawn_as_versions(folder, rows(folder).values())
    assert [(each.case, *each.people) for each in drawn.pairs] == [
        (case, "anna", "ben") for case in CASES
    ]
    swapped = [
        replace(each, of_first=each.of_second, of_second=each.of_first) for each in drawn.pairs
    ]
    one, other = (drain(comparing_raters(pairs)) for pairs in (drawn.pairs, swapped))
    for case, (_, labels) in truths().items():
        expected = {score.organ.name: score for score in score_organs(cut(labels, 2), labels)}
        for organ in one.cohort.organs:
            both = [each.between(("anna", "ben"), organ)[case] for each in (one, other)]
            for score in both:
                assert score.dsc == pytest.approx(expected[organ].dsc)
                assert score.nsd == pytest.approx(expected[organ].nsd)
    assert one.between(("anna", "ben"), "liver")["p1"].dsc < 1
    assert one.between(("anna", "ben"), "spleen")["p1"].dsc == 1


def test_three_people_are_three_pairs_each_with_its_row(folder, rows, tmp_path):
    for case, (_, labels) in truths().items():
        draw(folder, case, "cleo", cut(labels, 4))
    drawn = drawn_as_versions(folder, rows(folder).values())
    agreement = drain(comparing_raters(drawn.pairs))
    assert agreement.people == (("anna", "ben"), ("anna", "cleo"), ("ben", "cleo"))
    table, cases = write_agreement(tmp_path, agreement)
    livers = [r for r in csv.DictReader(table.open(encoding="utf-8")) if r["organ"] == "liver"]
    assert [(row["first"], row["second"], row["cases"]) for row in livers] == [
        *(("anna", "ben", "2"), ("anna", "cleo", "2"), ("ben", "cleo", "2"))
    ]
    means = {(row["first"], row["second"]): float(row["dsc_mean"]) for row in livers}
    assert means["anna", "cleo"] < min(means["anna", "ben"], means["ben", "cleo"])
    expected = np.mean(
        [
            dice_of_masks(cut(each, 2).data == LIVER, cut(each, 4).data == LIVER)
            for _, each in truths().values()
        ]
    )
    assert means["ben", "cleo"] == pytest.approx(expected)
    assert len(list(csv.DictReader(cases.open(encoding="utf-8")))) == 3 * 2 * 4
    page = render_raters(agreement, {}, drawn.left_out)
    assert "p1 (anna, cleo)" in page
    only = drawn_as_versions(folder, rows(folder).values(), ["ben", "cleo"])
    assert {each.people for each in only.pairs} == {("ben", "cleo")}


def test_the_version_that_counts_is_taken_else_the_last_of_a_person(folder, rows):
    _, labels = truths()["p1"]
    draw(folder, "p1", "anna", labels)
    path = folder.masks / "anna" / "again.nii.gz"
    write_labels(path, labels)
    record = change_record(
        folder, "p1", with_version(Version("anna/again.nii.gz", "correction", "anna"))
    )
    assert record.current == "anna/again.nii.gz"
    pair = drawn_as_versions(folder, rows(folder).values()).pairs[0]
    assert pair.of_first == path
    change_record(folder, "p1", lambda known: replace(known, current="anna/p1.nii.gz"))
    pair = drawn_as_versions(folder, rows(folder).values()).pairs[0]
    assert pair.of_first == folder.masks / "anna" / "p1.nii.gz"


def test_an_organ_of_one_alone_counts_as_nothing_and_one_that_fails_is_told(folder, rows):
    _, labels = truths()["p1"]
    draw(folder, "p1", "ben", replace(labels, data=labels.data * (labels.data != SPLEEN)))
    (folder.masks / "ben" / "p2.nii.gz").write_bytes(b"broken")
    agreement = drain(comparing_raters(drawn_as_versions(folder, rows(folder).values()).pairs))
    assert agreement.between(("anna", "ben"), "spleen")["p1"].dsc == 0
    assert [case for case, _ in agreement.cohort.failed] == ["p2"]
    page = render_raters(agreement, {})
    assert "second empty" in page
    assert "p2.nii.gz" in page


def test_label_maps_without_names_are_compared_by_value_and_that_is_told(folder, rows):
    for person in ("anna", "ben"):
        write_label_map(folder.masks / person / "p1.nii.gz", (1, 2))
    drawn = drawn_as_versions(folder, rows(folder).values())
    page = render_raters(drain(comparing_raters(drawn.pairs[:1])), {})
    assert "Neither side names its labels: they are compared by value." in page
    assert not re.search(r"\b[Pp]rediction:|\b[Rr]eference:", page)
    with pytest.raises(AbdosegError, match="twice for the same people"):
        drain(comparing_raters([drawn.pairs[0], drawn.pairs[0]]))


def test_without_two_people_that_is_said(folder, rows):
    with pytest.raises(AbdosegError, match=r"two people of anna, cleo have corrected: add theirs"):
        drawn_as_versions(folder, rows(folder).values(), ["anna", "cleo"])
    for case in CASES:
        (folder.masks / "ben" / f"{case}.nii.gz").unlink()
    with pytest.raises(AbdosegError, match="two people have corrected"):
        drawn_as_versions(folder, rows(folder).values())


def test_what_is_lost_is_left_out_and_told(folder, rows):
    (folder.masks / "ben" / "p1.nii.gz").unlink()
    (folder.scans / "p2_0000.nii.gz").rename(folder.scans / "p9_0000.nii.gz")
    draw(folder, "p9", "anna", truths()["p2"][1])
    draw(folder, "p9", "ben", truths()["p2"][1])
    drawn = drawn_as_versions(folder, rows(folder).values())
    assert [each.case for each in drawn.pairs] == ["p9"]
    assert any("ben/p1.nii.gz is not there" in sentence for sentence in drawn.left_out)
    assert any("p2: Its scan is gone" in sentence for sentence in drawn.left_out)


@pytest.fixture
def masks(folder, tmp_path):
    """A folder of masks for each of two people; in that of ben a prediction that nobody touched."""
    folders = [tmp_path / person / "masks" for person in ("anna", "ben")]
    for number, place in enumerate(folders):
        place.mkdir(parents=True)
        for case, (_, labels) in truths().items():
            write_labels(place / f"{case}.nii.gz", cut(labels, number))
    (folders[1] / "p2.json").write_text(json.dumps({"models": [{"name": "demo"}]}))
    return folders


def test_folders_of_masks_are_people_and_predictions_are_left_out(folder, masks):
    cases = drain(finding_work(folder, Found())).cases
    drawn = drawn_in_folders(folder.scans, cases, masks)
    assert [(each.case, *each.people) for each in drawn.pairs] == [
        ("p1", "anna/masks", "ben/masks")
    ]
    assert drawn.left_out == ("p2: " + str(masks[1] / "p2.nii.gz") + PREDICTED,)
    theirs = WorkFolder(folder.scans, masks[1])
    own = masks[1] / "mine.nii.gz"
    write_labels(own, truths()["p2"][1])
    change_record(theirs, "p2", with_version(Version("mine.nii.gz", "correction", "ben")))
    assert drawn_in_folders(folder.scans, cases, masks).pairs[1].of_second == own
    assert not list(masks[0].glob(".*"))  # a folder of others stays as it is
    with pytest.raises(AbdosegError, match="was drawn in two of the folders"):
        drawn_in_folders(folder.scans, cases, masks, ["anna/masks"])


PREDICTED = " is a prediction that nobody has corrected."


def raters(*arguments):
    result = CliRunner().invoke(command.app, ["cases", "raters", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_on_the_command_line_there_are_tables_and_pictures(folder, masks, tmp_path, monkeypatch):
    monkeypatch.setattr(terminal.console, "_width", None)
    change_record(folder, "p1", with_status(Status.DONE))
    output = tmp_path / "agreement"
    status, said = raters(folder.scans, "--output", output, "--workers", 1)
    assert status == 0
    assert "liver │ anna and ben │ 2 │ 0.9" in said
    assert sorted(path.name for path in output.iterdir()) == [
        *("agreement.csv", "cases.csv", "report.html")
    ]
    page = (output / "report.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png') == 2  # livers; the rest agrees
    for words in ("anna alone", "ben alone", "anna and ben", "Who is compared"):
        assert words in page
    assert "rediction P" not in page
    assert "No CT" not in page
    status, said = raters(
        *(folder.scans, "--output", output, "--masks", masks[0], "--masks", masks[1]),
        *("--workers", 1),
    )
    assert status == 0
    assert f"Left out: p2: {masks[1] / 'p2.nii.gz'}{PREDICTED}" in said
    (folder.masks / "ben" / "p2.nii.gz").write_bytes(b"broken")
    assert raters(folder.scans, "--output", output, "--workers", 1)[0] == 1


def test_a_disk_without_room_is_told(folder, rows, tmp_path):
    drawn = drawn_as_versions(folder, rows(folder).values())
    agreement = drain(comparing_raters(drawn.pairs[:1]))
    with no_file_above(20), pytest.raises(SaveError, match=r"agreement\.csv was not saved"):
        write_agreement(tmp_path, agreement)
    assert not (tmp_path / "agreement.csv").exists()


def test_names_are_escaped(folder, rows):
    for case, (_, labels) in truths().items():
        draw(folder, case, "<b>x", cut(labels, 1))
    drawn = drawn_as_versions(folder, rows(folder).values(), ["<b>x", "anna"])
    assert "<b>x" not in render_raters(drain(comparing_raters(drawn.pairs)), {})
