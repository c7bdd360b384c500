"""Faults of all kinds at random places: what is right or one sentence, and never half of it.

``pytest -s -m slow tests/model_store/test_faults.py`` prints what became of each kind.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import ssl
import subprocess
import sys
import time
import zipfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import file_server as does
import pytest
from file_server import Fault, FileServer, serving
from limits import no_file_above

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.model_store import catalogue, download, transfer
from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.model_store.staging import DOWNLOADS
from napari_abdoseg.progress import Work, drain

SIZE = 400_000
RIGHT, TOLD, WRONG = "right", "one sentence, and right by the next call", "wrong or half"
DAY = timedelta(days=1)
NAME = "tried"


@dataclass
class Trial(ABC):
    """Something of a server, ``model.zip``, that is to come.

    Parameters
    ----------
    chance : random.Random
    server : FileServer
    versions : tuple of bytes
        What the server has, and may have later.
    folder : Path
        Where it is to come.
    known : str or None
        Its hash, if that was published.
    certified : callable
    """

    chance: random.Random
    server: FileServer
    versions: tuple[bytes, bytes]
    folder: Path
    known: str | None
    certified: Callable[..., ssl.SSLContext]

    def __post_init__(self) -> None:
        self.content = self.versions[0]
        self.serve()

    def serve(self) -> None:
        """Have the server serve the content."""
        (self.server.folder / "model.zip").write_bytes(self.content)

    def expect_hash(self) -> None:
        """Nobody but the hash can tell."""
        self.known = hashlib.sha256(self.content).hexdigest()

    def place(self) -> int:
        """Somewhere in the file."""
        return self.chance.choice((0, 1, self.size - 1, self.size, self.within()))

    def within(self) -> int:
        """Somewhere between its ends."""
        return self.chance.randrange(1, self.size)

    @property
    def size(self) -> int:
        return len(self.content)

    @abstractmethod
    def work(self, url: str) -> Work[object]:
        """What makes it come."""

    @abstractmethod
    def code(self) -> str:
        """The same, for a process that gets the address."""

    @abstractmethod
    def has_come(self) -> bool:
        """Whether there is any of it where it should be."""

    @abstractmethod
    def is_right(self) -> bool:
        """Whether all of it is there, and nothing else."""

    @abstractmethod
    def unfinished(self) -> list[Path]:
        """What is kept for the next call."""

    def begin(self) -> Work[object]:
        return self.work(self.server.url("model.zip"))

    def fetch(self) -> None:
        drain(self.begin())

    def leave_part(self) -> None:
        """Download some of it, and stop."""
        self.server.faults.append(does.truncate(self.within()))
        work = self.begin()
        while next(work).stage != "Waiting":
            pass
        work.close()

    def meet(self, *faults: Fault) -> None:
        """Download where these go wrong once, or the last one always, maybe after a first part."""
        if self.chance.random() < 0.5:
            self.server.faults.append(does.truncate(self.within()))
        self.server.faults += faults
        if self.chance.random() < 0.3:
            self.server.always = faults[-1]
        self.fetch()


class FileTrial(Trial):
    """A download."""

    def work(self, url: str) -> Work[object]:
        return downloading(url, self.folder / "model.zip", sha256=self.known)

    def code(self) -> str:
        return f"""
import sys
from pathlib import Path
from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.progress import drain
drain(downloading(sys.argv[1], Path({str(self.folder / "model.zip")!r})))
"""

    def has_come(self) -> bool:
        return (self.folder / "model.zip").exists()

    def is_right(self) -> bool:
        left = {path.name for path in self.folder.iterdir()} - {"model.zip.lock"}
        return left == {"model.zip"} and (self.folder / "model.zip").read_bytes() == self.content

    def unfinished(self) -> list[Path]:
        return sorted(self.folder.glob("*.part*"))


class ModelTrial(Trial):
    """An installation, by a name in the catalogue where the hash is known."""

    def work(self, url: str) -> Work[object]:
        if self.known is None:
            return installing(url, NAME)
        part = {"url": url, "sha256": self.known}
        entry = {"card": {}, "parts": [part], "organs": ["liver"], "read": {}}
        (catalogue.CATALOGUE / f"{NAME}.json").write_text(json.dumps(entry))
        return installing(NAME)

    def code(self) -> str:
        return f"""
import sys
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.progress import drain
drain(installing(sys.argv[1], {NAME!r}))
"""

    def has_come(self) -> bool:
        return (self.folder / NAME).exists()

    def is_right(self) -> bool:
        installed = self.folder / NAME
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            inside = {name: archive.read(name) for name in archive.namelist()}
        there = {path.relative_to(installed).as_posix() for path in installed.rglob("*.*")}
        left = {path.name for path in self.folder.iterdir()}
        return (
            all((installed / name).read_bytes() == inside[name] for name in inside)
            and there == {*inside, "model.json"}
            and left <= {NAME, DOWNLOADS, ".lock", ".known_downloads.json"}
            and not self.unfinished()
        )

    def unfinished(self) -> list[Path]:
        return sorted((self.folder / DOWNLOADS).glob("*.part*"))


Kind = Callable[[Trial], None]


def reset(trial: Trial) -> None:
    trial.meet(*(does.reset(trial.place()) for _ in range(trial.chance.randint(1, 3))))


def truncation(trial: Trial) -> None:
    trial.meet(*(does.truncate(trial.place()) for _ in range(trial.chance.randint(1, 3))))


def stall(trial: Trial) -> None:
    trial.server.faults += [does.stall(trial.place())]
    trial.fetch()


def wrong_bytes(trial: Trial) -> None:
    trial.expect_hash()
    trial.meet(does.damage(trial.place()))


def captive_portal(trial: Trial) -> None:
    kind = trial.chance.choice(("text/html", "application/zip"))
    trial.meet(does.sign_in_page(trial.chance.choice((200, 511)), kind))


def proxy_407(trial: Trial) -> None:
    trial.server.always = does.say_status(407, Proxy_Authenticate="Basic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTP_PROXY", trial.server.url())
        patch.setenv("HTTPS_PROXY", trial.server.url())
        drain(trial.work(f"{trial.chance.choice(('http', 'https'))}://models.invalid/model.zip"))


def busy_503(trial: Trial) -> None:
    wait = trial.chance.choice(("0", "3600", "", "Fri, 01 Jan 1999 00:00:00 GMT"))
    trial.meet(does.say_status(trial.chance.choice((500, 502, 503, 504)), Retry_After=wait))


def too_many_429(trial: Trial) -> None:
    trial.meet(does.say_status(429, Retry_After=trial.chance.choice(("0", "soon"))))


def refusal(trial: Trial) -> None:
    trial.meet(does.say_status(trial.chance.choice((401, 403, 404, 410, 418, 451))))


def redirect_loop(trial: Trial) -> None:
    trial.server.always = does.redirect("/model.zip")
    trial.fetch()


def changed_file(trial: Trial) -> None:
    """Another version lies there when the second part is asked for."""
    trial.leave_part()
    trial.content = trial.versions[1]
    trial.serve()
    if trial.known:
        trial.expect_hash()
    trial.server.always = trial.chance.choice((None, does.heedless_range))
    trial.fetch()


def no_ranges(trial: Trial) -> None:
    trial.server.always = does.refuse_range
    trial.meet(does.truncate(trial.place()))


def strange_range(trial: Trial) -> None:
    trial.leave_part()
    trial.meet(
        trial.chance.choice(
            (does.other_range(-9), does.other_range(9), does.short_range(trial.place() + 1))
        )
    )


def wrong_length(trial: Trial) -> None:
    by = trial.chance.choice((-trial.within(), trial.within()))
    if by < 0:
        trial.expect_hash()
    trial.meet(does.wrong_length(by))


def no_length(trial: Trial) -> None:
    trial.meet(does.no_length)


def packed(trial: Trial) -> None:
    trial.meet(does.packed(trial.chance.choice((None, trial.place()))))


def cut_chunks(trial: Trial) -> None:
    trial.meet(does.in_chunks(trial.place()))


def clock(trial: Trial) -> None:
    now = datetime.now(UTC)
    begin, end = trial.chance.choice(((-9, -1), (1, 9)))
    certificate = trial.certified(not_before=now + begin * DAY, not_after=now + end * DAY)
    with serving(trial.server.folder, certificate) as unsafe:
        drain(trial.work(unsafe.url("model.zip")))


def full_disk(trial: Trial) -> None:
    with no_file_above(trial.within()):
        trial.fetch()


def kill(trial: Trial) -> None:
    """Signal 9 while it waits for more, or anywhere in its life."""
    trial.server.always = does.stall(trial.within())
    command = (sys.executable, "-c", trial.code(), trial.server.url("model.zip"))
    process = subprocess.Popen(command)
    while not trial.server.asked:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(trial.chance.choice((0.0, 0.005, 0.05)))
    process.kill()
    process.wait()
    trial.server.always = None
    trial.fetch()


def cancel(trial: Trial) -> None:
    work = trial.begin()
    for _ in range(trial.chance.randrange(1, 12)):
        if next(work, None) is None:
            return
    work.close()
    trial.fetch()


def harmed_part(trial: Trial) -> None:
    """A disk that lost or changed some of what came."""
    trial.expect_hash()
    trial.leave_part()
    harmed = trial.chance.choice(trial.unfinished())
    harmed.write_bytes(trial.chance.randbytes(trial.chance.randrange(trial.size + 1000)))
    trial.fetch()


KINDS: tuple[Kind, ...] = (
    reset,
    truncation,
    stall,
    wrong_bytes,
    captive_portal,
    proxy_407,
    busy_503,
    too_many_429,
    refusal,
    redirect_loop,
    changed_file,
    no_ranges,
    strange_range,
    wrong_length,
    no_length,
    packed,
    cut_chunks,
    clock,
    full_disk,
    kill,
    cancel,
    harmed_part,
)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAITS", (0.001,) * 4)
    monkeypatch.setattr(transfer, "PATIENCE", 0.3)
    monkeypatch.setattr(transfer, "TICK", 0.05)
    monkeypatch.setattr(transfer, "CHUNK", 40_000)


@pytest.mark.parametrize(
    "number", [len(KINDS), pytest.param(500, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_right_file_or_one_sentence(number, tmp_path, certified):
    def arrange(chance: random.Random, server: FileServer, folder: Path) -> Trial:
        versions = chance.randbytes(SIZE), chance.randbytes(SIZE + chance.randint(-5, 5))
        return FileTrial(chance, server, versions, folder, None, certified)

    assert_never_wrong(arrange, number, tmp_path)


@pytest.mark.parametrize(
    "number", [len(KINDS), pytest.param(500, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_right_model_or_one_sentence(number, tmp_path, certified, make_model, monkeypatch):
    model, entries = make_model(folds=(0,)), tmp_path / "entries"
    entries.mkdir()
    monkeypatch.setattr(catalogue, "CATALOGUE", entries)
    versions = zipped(model, zipfile.ZIP_STORED), zipped(model, zipfile.ZIP_DEFLATED)

    def arrange(chance: random.Random, server: FileServer, folder: Path) -> Trial:
        monkeypatch.setenv("ABDOSEG_MODELS", str(folder))
        for entry in entries.iterdir():
            entry.unlink()
        return ModelTrial(chance, server, versions, folder, None, certified)

    assert_never_wrong(arrange, number, tmp_path)


def zipped(model: Path, packing: int) -> bytes:
    """The archive of a model."""
    with io.BytesIO() as archive:
        with zipfile.ZipFile(archive, "w", packing) as file:
            for path in sorted(model.rglob("*.*")):
                file.write(path, path.relative_to(model))
        return archive.getvalue()


def assert_never_wrong(
    arrange: Callable[[random.Random, FileServer, Path], Trial], number: int, place: Path
) -> None:
    """Let each kind of fault happen in turn, and print what became of it."""
    outcomes: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(number):
        chance, kind = random.Random(seed), KINDS[seed % len(KINDS)]
        served, folder = place / f"{seed}" / "served", place / f"{seed}" / "here"
        served.mkdir(parents=True)
        folder.mkdir()
        with serving(served) as server:
            trial = arrange(chance, server, folder)
            if chance.random() < 0.5:
                trial.expect_hash()
            outcomes[kind][outcome(kind, trial)] += 1
    columns = (RIGHT, TOLD, WRONG)
    print("", "| fault | " + " | ".join(columns) + " |", "|---|--:|--:|--:|", sep="\n")
    for kind, counted in outcomes.items():
        figures = " | ".join(str(counted[column]) for column in columns)
        print(f"| {kind.__name__.replace('_', ' ')} | {figures} |")
    assert not any(counted[WRONG] for counted in outcomes.values())


def outcome(kind: Kind, trial: Trial) -> str:
    """What becomes of something that is to come."""
    try:
        kind(trial)
    except AbdosegError as error:
        if trial.has_come() or "\n" in str(error):
            return WRONG
        trial.server.faults.clear()
        trial.server.always = None
        trial.fetch()
        return TOLD if trial.is_right() else WRONG
    return RIGHT if trial.is_right() else WRONG
