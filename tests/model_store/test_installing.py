"""Models that come from a server, an archive or a folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from napari_abdoseg.errors import DownloadError, ModelError, SaveError
from napari_abdoseg.inference.model.card import ModelCard, read_card, write_card
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.model_store import catalogue, staging, trusted_download
from napari_abdoseg.model_store.cards import model_hash
from napari_abdoseg.model_store.catalogue import read_catalogue
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.model_store.questions import (
    ChangedDownloadError,
    ModelChoiceNeededError,
    TermsNeededError,
)
from napari_abdoseg.progress import drain

TRAINED = "nnUNetTrainer__nnUNetPlans__3d_fullres"


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch) -> Path:
    """Where models are installed; nothing else is known but the demo."""
    folder = tmp_path / "models"
    monkeypatch.setenv("ABDOSEG_MODELS", str(folder))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("nnUNet_results", raising=False)
    return folder


@pytest.fixture
def zipped(tmp_path, make_model):
    """A function that writes models into one archive, as publishers do."""

    def write(path: Path, **folders: Path) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for inside, folder in folders.items():
                for each in sorted(folder.rglob("*")):
                    if each.is_file():
                        file.write(each, Path(inside) / TRAINED / each.relative_to(folder))
        return path

    return write


@pytest.fixture
def entries(tmp_path, monkeypatch):
    """A function that puts an entry into a catalogue of its own."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    monkeypatch.setattr(catalogue, "CATALOGUE", folder)

    def add(name: str, *parts: dict, card: dict | None = None, **more) -> None:
        content = {"card": card or {}, "parts": list(parts), "organs": ["liver"], "read": {}}
        (folder / f"{name}.json").write_text(json.dumps(content | more))

    return add


def left_in(models: Path) -> set[str]:
    """What is in the folder of models beside models, locks and what is known of downloads."""
    known = {".lock", ".known_downloads.json", *known_models()}
    return {path.name for path in models.iterdir()} - known


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "model.json"
    }


def test_a_model_of_the_catalogue_is_installed(server, zipped, make_model, entries, models):
    trained = make_model()
    zipped(server.folder / "Dataset297.zip", Dataset297_Total=trained)
    url = server.url("Dataset297.zip")
    nerves = [f"nerve {number}" for number in range(40)]
    card = {
        "title": "All of it",
        "axes": "RAS",
        "shown": ["liver", "brain"],
        "merged": {"both": ["liver", "spleen"], "kidney": ["kidney_left", "kidney_right"]},
        "groups": {
            "abdomen": ["both", "pancreas", "gallbladder"],
            "head": ["brain"],
            "nerves": nerves,
        },
    }
    entries("total", {"url": url, "inside": f"Dataset297_Total/{TRAINED}"}, card=card)
    reports = list(installing("total"))
    model = read_model("total")
    assert model.folder == models / "total"
    assert contents(model.folder) == contents(trained)
    assert (model.card.title, model.card.axes) == ("All of it", "RAS")
    assert model.card.merged == {"both": ["liver", "spleen"]}
    assert model.card.groups == {"abdomen": ["both", "pancreas"]}
    assert model.card.shown is None
    assert model.card.sha256 == model_hash(model)
    assert (model.card.origin.url, model.card.origin.catalogue) == (url, "total")
    notices = [report.notice for report in reports if report.notice]
    unknown = "doesn't know brain, gallbladder, liver, nerve 0, nerve 1 and 38 more, which"
    assert any(unknown in each for each in notices)
    assert any("No SHA-256 is published" in each and url in each for each in notices)
    shares = [report.fraction for report in reports if report.total]
    assert shares == sorted(shares)
    assert left_in(models) == {".downloads"}
    assert not list((models / ".downloads").iterdir())


def test_terms_are_accepted_before_anything_is_downloaded(
    server, zipped, make_model, entries, models
):
    zipped(server.folder / "a.zip", Dataset001_A=make_model())
    card = {"licence": "CC-BY-NC-4.0", "licence_url": "https://creativecommons.org"}
    entries("a", {"url": server.url("a.zip")}, card=card, terms="For research alone.")
    with pytest.raises(TermsNeededError) as told:
        drain(installing("a"))
    for words in ("CC-BY-NC-4.0", "https://creativecommons.org", "For research alone."):
        assert words in str(told.value)
    assert told.value.entry.name == "a"
    assert not server.asked
    assert drain(installing("a", accepted=True)).name == "a"


def test_a_model_and_its_region_are_one(server, zipped, make_model, entries, models):
    organs, coarse = make_model(name="organs"), make_model(folds=(0,), name="coarse")
    zipped(server.folder / "104.zip", Dataset104_Organs=organs)
    zipped(server.folder / "103.zip", Dataset103_Coarse=coarse)
    parts = (
        {"url": server.url("104.zip")},
        {"url": server.url("103.zip"), "place": "region", "card": {"axes": "RAS"}},
    )
    card = {"region": {"organs": ["pancreas"], "margin_mm": [15.0, 50.0, 100.0]}}
    entries("two", *parts, card=card)
    model = drain(installing("two"))
    assert contents(model.folder / "region") == contents(coarse)
    assert read_card(model.folder / "region").axes == "RAS"
    assert model.card.region.margins == (15.0, 50.0, 100.0)
    shutil.rmtree(model.folder)
    (server.folder / "103.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError):
        drain(installing("two", renewed=True))
    assert known_models() == ("demo",)


def test_an_address_is_installed_and_must_stay_the_same(server, zipped, make_model, models):
    url = server.url("model.zip")
    zipped(server.folder / "model.zip", Dataset001_A=make_model(name="first"))
    model = drain(installing(url))
    assert model.name == "Dataset001_A"
    zipped(server.folder / "model.zip", Dataset001_A=make_model(folds=(3,), name="second"))
    with pytest.raises(ChangedDownloadError, match="--renewed"):
        drain(installing(url, "other"))
    assert "other" not in known_models()
    assert drain(installing(url, "other", renewed=True)).folds == ("3",)
    assert drain(installing(url, "again")).folds == ("3",)


@pytest.mark.usefixtures("_hasty")
def test_a_download_that_is_not_what_was_published_leaves_nothing(server, entries, models):
    entries("a", {"url": server.url("model.zip"), "sha256": "0" * 64})
    with pytest.raises(DownloadError, match="SHA-256"):
        drain(installing("a"))
    assert known_models() == ("demo",)
    with pytest.raises(ModelError, match="no zip archive"):
        drain(installing(server.url("model.zip")))
    assert left_in(models) == {".downloads"}


def test_one_of_several_models_is_chosen_and_comes_once(server, zipped, make_model):
    first, second = make_model(name="first"), make_model(folds=(1,), name="second")
    zipped(server.folder / "both.zip", Dataset001_A=first, Dataset002_B=second)
    url = server.url("both.zip")
    with pytest.raises(ModelChoiceNeededError) as told:
        drain(installing(url))
    insides = [f"Dataset001_A/{TRAINED}", f"Dataset002_B/{TRAINED}"]
    assert [model.inside for model in told.value.models] == insides
    for inside in insides:
        assert inside in str(told.value)
    with pytest.raises(ModelChoiceNeededError, match="no model 'Dataset003_C'"):
        drain(installing(url, model="Dataset003_C"))
    with pytest.raises(ModelChoiceNeededError):
        drain(installing(url, model=TRAINED))
    asked = len(server.asked)
    model = drain(installing(url, model="Dataset002_B"))
    assert (model.name, model.folds) == ("Dataset002_B", ("1",))
    assert len(server.asked) == asked
    assert drain(installing(url, model=insides[0])).folds == ("0", "1")


@pytest.mark.parametrize("packed", [True, False])
def test_archives_and_folders_of_nnunet_are_installed(tmp_path, make_model, models, packed):
    """As in nnU-Net's results, with a cascade and what trainings leave beside models."""
    low = make_model(folds=(0,), name="low", kind="3d_lowres")
    kind = {"kind": "3d_cascade_fullres", "previous_stage": "3d_lowres"}
    high = make_model(folds=(0,), name="high", **kind)
    results = tmp_path / "results" / "Dataset001_A"
    places = {kind: results / f"T__P__{kind}" for kind in ("3d_lowres", "3d_cascade_fullres")}
    shutil.copytree(low, places["3d_lowres"])
    shutil.copytree(high, places["3d_cascade_fullres"])
    (places["3d_lowres"] / "fold_0" / "validation").mkdir()
    (places["3d_lowres"] / "fold_0" / "validation" / "patient.nii.gz").write_bytes(b"private")
    source = results.parent
    if packed:
        source = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", source))
    with pytest.raises(ModelChoiceNeededError):
        drain(installing(source))
    first = drain(installing(source, model="T__P__3d_lowres"))
    assert first.name == "Dataset001_A_3d_lowres"
    assert contents(first.folder) == contents(low)
    both = drain(installing(source, "cascade", model="T__P__3d_cascade_fullres"))
    assert contents(both.folder / "T__P__3d_lowres") == contents(low)
    assert first.card.origin.url == str(source)
    (places["3d_cascade_fullres"].parent / "T__P__3d_lowres").rename(tmp_path / "away")
    if not packed:
        with pytest.raises(ModelError, match="its first stage, T__P__3d_lowres, isn't beside"):
            drain(installing(source, "alone"))
        assert drain(installing(tmp_path / "away", "plain")).folds == ("0",)
    assert not list(models.glob(".installing-*"))


def test_what_is_no_model_is_told(tmp_path, make_model, models):
    empty = tmp_path / "empty"
    empty.mkdir()
    untrained = make_model(folds=())
    for what, words in {
        "total_fsat": "Did you mean total_fast",
        "nothing such": "abdoseg models list",
        "ftp://host/model.zip": "begins with https",
        "file:///etc/passwd": "begins with https",
        "a\0b": "abdoseg models list",
        "~nobody_of_this_name/model": "can't be looked for",
        empty: "no nnU-Net model folder",
        untrained: f"The model {untrained} has no checkpoint_final.pth",
    }.items():
        with pytest.raises(ModelError) as told:
            drain(installing(what))
        assert words in str(told.value)
        assert ".installing-" not in str(told.value)
    assert not list(models.glob(".installing-*"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("demo", "comes with the package"),
        ("DEMO", "comes with the package"),
        ("taken", "There is a model taken already"),
        ("Taken", "There is a model taken already"),
        ("../out", "can't be a model's name"),
        ("a/b", "can't be a model's name"),
        (".hidden", "can't be a model's name"),
        ("con", "can't be a model's name"),
    ],
)
def test_names_that_are_taken_or_none_are_refused(make_model, models, name, words):
    trained = make_model()
    shutil.copytree(trained, models / "taken")
    with pytest.raises(ModelError, match=words):
        drain(installing(trained, name))
    assert set(known_models()) == {"demo", "taken"}


def test_a_card_travels_and_its_hash_is_checked(tmp_path, make_model, zipped):
    trained = make_model()
    write_card(trained, ModelCard(title="Mine", axes="RAS", shown=["liver"]))
    first = drain(installing(trained, "first"))
    archive = zipped(tmp_path / "one.zip", Dataset001_A=first.folder)
    second = drain(installing(archive, "second"))
    assert second.card.sha256 == first.card.sha256
    assert (second.card.title, second.card.axes) == ("Mine", "RAS")
    checkpoint = first.folder / "fold_0" / "checkpoint_final.pth"
    checkpoint.write_bytes(checkpoint.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="not what its card says"):
        drain(installing(zipped(tmp_path / "two.zip", Dataset001_A=first.folder), "third"))


def test_a_full_disk_is_told_before_anything_is_written(
    server, zipped, make_model, entries, small_disk, monkeypatch
):
    trained = make_model()
    (trained / "fold_0" / "checkpoint_best.pth").write_bytes(os.urandom(200_000))
    zipped(server.folder / "a.zip", Dataset001_A=trained)
    entries("a", {"url": server.url("a.zip"), "size": 10**15})
    with pytest.raises(SaveError, match="free some space, or name a folder on another disk"):
        drain(installing("a"))
    assert not server.asked
    monkeypatch.setenv("ABDOSEG_MODELS", str(small_disk / "models"))
    with pytest.raises(SaveError, match="free some space"):
        drain(installing(server.url("a.zip")))
    with pytest.raises(SaveError, match="free some space"):
        drain(installing(trained))
    assert known_models() == ("demo",)


def test_cancelling_leaves_no_half_model(make_model, models, zipped, tmp_path):
    archive = zipped(tmp_path / "a.zip", Dataset001_A=make_model())
    steps = sum(1 for _ in installing(archive, "whole"))
    for stop in range(1, steps):
        work = installing(archive, "other")
        for _ in range(stop):
            next(work)
        work.close()
        assert set(known_models()) == {"demo", "whole"}
        assert not left_in(models)


INSTALL = """
import sys
from napari_abdoseg.model_store.installing import installing
for report in installing(sys.argv[1], "killed"):
    print(report.stage, flush=True)
    sys.stdin.readline()
assert "torch" not in sys.modules
"""


def test_a_killed_installation_leaves_a_whole_model_or_none(make_model, models, zipped, tmp_path):
    """The installing process is killed at a step, the next one cleans up behind it."""
    trained = make_model()
    (trained / "fold_0" / "checkpoint_best.pth").write_bytes(os.urandom(4_000_000))
    archive = zipped(tmp_path / "a.zip", Dataset001_A=trained)
    steps = len(list(installing(archive, "whole")))
    for step in (1, 3, steps // 2, steps - 1, steps):
        command = [sys.executable, "-c", INSTALL, str(archive)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, **pipes) as process:
            for _ in range(step):
                assert process.stdout.readline()
                print(file=process.stdin, flush=True)
            if step < steps:
                process.send_signal(signal.SIGKILL)
        assert (process.returncode == 0) == (step == steps)
        assert ("killed" in known_models()) == (step == steps)
    assert contents(models / "killed") == contents(trained)
    assert not left_in(models)


def test_what_is_being_installed_elsewhere_is_left_alone(make_model, models, zipped, tmp_path):
    archive = zipped(tmp_path / "a.zip", Dataset001_A=make_model())
    work = installing(archive, "first")
    for _ in range(4):
        next(work)
    drain(installing(archive, "second"))
    assert list(models.glob(".installing-*/model/*"))
    drain(work)
    assert set(known_models()) == {"demo", "first", "second"}
    third, fourth = installing(archive, "same"), installing(archive, "same")
    next(third)
    drain(fourth)
    with pytest.raises(ModelError, match="There is a model same already"):
        drain(third)


def test_a_model_of_totalsegmentators_keeps_its_axes(make_model, tmp_path):
    results = tmp_path / "none" / "nnunet" / "results" / "Dataset298_6mm" / TRAINED
    shutil.copytree(make_model(), results)
    assert drain(installing(results, "kept")).card.axes == "RAS"
    assert drain(installing(make_model(name="other"), "stored")).card.axes == "stored"


def test_a_folder_that_can_not_be_written_is_told(make_model, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(SaveError, match="can't be a folder"):
        drain(installing(make_model(), "a"))


def test_what_killed_processes_have_left_is_removed(make_model, models):
    for name in (".installing-1/model/fold_0", ".installing-2/model", ".removed-3/fold_0"):
        (models / name).mkdir(parents=True)
    for name in (".installing-1.lock", ".installing-4.lock"):
        (models / name).touch()
    drain(installing(make_model(), "a"))
    assert not left_in(models)


def test_old_unfinished_downloads_are_removed(make_model, models):
    old, new = models / ".downloads" / "old.part", models / ".downloads" / "new.part"
    old.parent.mkdir(parents=True)
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    drain(installing(make_model(), "a"))
    assert not old.exists()
    assert new.exists()


def test_the_catalogue_is_whole():
    """What is said of each entry is there, and names of its card are organs of it."""
    names = [entry.name for entry in read_catalogue()]
    assert names[0] == "total_fast"
    assert {"panorama", "total_organs", "total_v3_organs", "liver_vessels"} <= set(names)
    for entry in read_catalogue():
        card, content = entry.card, entry.content
        assert card.title
        assert card.source
        assert card.licence
        assert card.licence_url
        assert card.citation
        assert content.untried
        assert {"address", "licence", "organs"} <= set(content.read)
        assert content.terms or "NC" not in card.licence
        organs = set(content.organs).difference(*card.merged.values()) | set(card.merged)
        assert set(card.shown or ()) <= organs
        assert {name for group in card.groups.values() for name in group} in (set(), organs)
        assert bool(card.region) == any(part.place for part in content.parts)
        for part in content.parts:
            assert part.url.startswith("https://")
            trainer = part.inside.split("/")[-1].split("__")
            assert len(trainer) == 3
    panorama = catalogue.find_entry("panorama")
    assert "common bile duct" in panorama.content.organs


@pytest.mark.parametrize("entry", read_catalogue(), ids=lambda entry: entry.name)
def test_each_entry_is_installed_from_what_it_says(server, entries, make_model, entry):
    """From archives of the layout that it names, with small models of its organs."""
    content = entry.content.model_dump(exclude_unset=True)
    for number, part in enumerate(content["parts"]):
        organs = content["card"]["region"]["organs"] if number else content["organs"]
        labels = {"labels": {name: value for value, name in enumerate(["background", *organs])}}
        trained = make_model(folds=(0,), name=f"part{number}", labels=labels)
        checkpoint = trained / "fold_0" / "checkpoint_final.pth"
        if not number:
            checkpoint.rename(checkpoint.with_name(entry.card.checkpoint or checkpoint.name))
        with zipfile.ZipFile(server.folder / f"{number}.zip", "w") as archive:
            for path in trained.rglob("*"):
                archive.write(path, f"{part['inside']}/{path.relative_to(trained)}")
        part["url"] = server.url(f"{number}.zip")
        part.pop("sha256", None)
    entries(entry.name, *content.pop("parts"), **content)
    reports = list(installing(entry.name, accepted=True))
    model = read_model(entry.name)
    assert not any("doesn't know" in (report.notice or "") for report in reports)
    assert model.card.axes == ("stored" if entry.name == "panorama" else "RAS")
    assert model.card.merged == entry.card.merged
    assert model.card.groups == entry.card.groups
    names = set(content["organs"]).difference(*model.card.merged.values()) | set(model.card.merged)
    assert {organ.name for organ in model.organs} == names
    if entry.card.region:
        assert (model.folder / "region" / "dataset.json").is_file()


def test_a_catalogue_that_is_not_as_it_should_be_is_told(entries, tmp_path):
    entries("a", {"url": "ftp://x"})
    with pytest.raises(ModelError, match=r"a\.json can't be used"):
        read_catalogue()
    (tmp_path / "catalogue" / "a.json").write_text("{")
    with pytest.raises(ModelError, match=r"a\.json can't be read"):
        read_catalogue()
    entries("a", {"url": "https://x", "place": "region"})
    with pytest.raises(ModelError, match="the first of parts"):
        read_catalogue()


def test_what_is_known_of_downloads_is_checked(models, server):
    models.mkdir()
    for text in ("{", '{"downloads": {"x": {"sha256": "short", "since": "now"}}}'):
        (models / ".known_downloads.json").write_text(text)
        with pytest.raises(ModelError, match=r"known_downloads\.json"):
            drain(installing(server.url("model.zip")))


def test_addresses_become_names_of_files(models):
    target = trusted_download._target("https://x.org/a%2F..%2Fb?download=1")
    assert target.parent == models / staging.DOWNLOADS
