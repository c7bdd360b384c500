"""Faults of all kinds at random places: a right file or one sentence, and never half a file.

``pytest -s -m slow tests/model_store/test_faults.py`` prints what became of each kind.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import file_server as does
import pytest
from file_server import Fault, FileServer, serving
from limits import no_file_above

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.model_store import download, transfer
from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.progress import drain

SIZE = 400_000
RIGHT, TOLD, WRONG = (
    "right file",
    "one sentence, right file by the next call",
    "wrong or half a file",
)
DAY = timedelta(days=1)

DOWNLOAD = """
import sys
from pathlib import Path
from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.progress import drain
drain(downloading(sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3] or None))
"""


@dataclass
class Trial:
    """One file that is to come."""

    chance: random.Random
    server: FileServer
    target: Path
    known: str | None
    patch: pytest.MonkeyPatch
    certified: Callable[..., object]

    @property
    def content(self) -> bytes:
        return (self.server.folder / "model.zip").read_bytes()

    def place(self) -> int:
        """Somewhere in the file."""
        return self.chance.choice((0, 1, SIZE - 1, SIZE, self.chance.randrange(SIZE)))

    def expect_hash(self) -> None:
        """Nobody but the hash can tell."""
        self.known = hashlib.sha256(self.content).hexdigest()

    def fetch(self, url: str | None = None) -> None:
        drain(downloading(url or self.server.url("model.zip"), self.target, sha256=self.known))

    def leave_part(self) -> None:
        """Download some of it, and stop."""
        self.server.faults.append(does.truncate(self.chance.randrange(1, SIZE)))
        work = downloading(self.server.url("model.zip"), self.target)
        while next(work).stage != "Waiting":
            pass
        work.close()

    def meet(self, *faults: Fault) -> None:
        """Download where these go wrong once, or the last one always, maybe after a first part."""
        if self.chance.random() < 0.5:
            self.server.faults.append(does.truncate(self.chance.randrange(SIZE)))
        self.server.faults += faults
        if self.chance.random() < 0.3:
            self.server.always = faults[-1]
        self.fetch()


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
    trial.patch.setenv("HTTP_PROXY", trial.server.url())
    trial.patch.setenv("HTTPS_PROXY", trial.server.url())
    trial.server.always = does.say_status(407, Proxy_Authenticate="Basic")
    trial.fetch(f"{trial.chance.choice(('http', 'https'))}://models.invalid/model.zip")


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
    new = trial.chance.randbytes(SIZE + trial.chance.randint(-5, 5))
    (trial.server.folder / "model.zip").write_bytes(new)
    trial.known = trial.known and hashlib.sha256(new).hexdigest()
    trial.server.always = trial.chance.choice((None, does.heedless_range))
    trial.fetch()


def no_ranges(trial: Trial) -> None:
    trial.server.always = does.refuse_range
    trial.meet(does.truncate(trial.place()))


def strange_range(trial: Trial) -> None:
    trial.server.faults.append(does.truncate(trial.chance.randrange(SIZE)))
    trial.meet(
        trial.chance.choice(
            (does.other_range(-9), does.other_range(9), does.short_range(trial.place() + 1))
        )
    )


def wrong_length(trial: Trial) -> None:
    by = trial.chance.choice((-trial.chance.randrange(1, SIZE), trial.chance.randrange(1, SIZE)))
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
        trial.fetch(unsafe.url("model.zip"))


def full_disk(trial: Trial) -> None:
    with no_file_above(trial.chance.randrange(1, SIZE)):
        trial.fetch()


def kill(trial: Trial) -> None:
    """Signal 9 while it waits for more, or anywhere in its life."""
    trial.server.always = does.stall(trial.chance.randrange(1, SIZE))
    arguments = (trial.server.url("model.zip"), str(trial.target), trial.known or "")
    process = subprocess.Popen([sys.executable, "-c", DOWNLOAD, *arguments])
    while not trial.server.asked:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(trial.chance.choice((0.0, 0.005, 0.05)))
    process.kill()
    process.wait()
    trial.server.always = None
    trial.fetch()


def cancel(trial: Trial) -> None:
    work = downloading(trial.server.url("model.zip"), trial.target, sha256=trial.known)
    with suppress(StopIteration):
        for _ in range(trial.chance.randrange(1, 12)):
            next(work)
    work.close()
    trial.fetch()


def harmed_part(trial: Trial) -> None:
    """A disk that lost or changed some of what came."""
    trial.expect_hash()
    trial.leave_part()
    harmed = trial.target.with_name(
        trial.target.name + trial.chance.choice((".part", ".part.json"))
    )
    harmed.write_bytes(trial.chance.randbytes(trial.chance.randrange(SIZE + 1000)))
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


@pytest.mark.parametrize(
    "number", [2 * len(KINDS), pytest.param(500, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_faults_leave_a_right_file_or_one_sentence(number, tmp_path, certified, monkeypatch):
    monkeypatch.setattr(download, "WAITS", (0.001,) * 4)
    monkeypatch.setattr(transfer, "PATIENCE", 0.3)
    monkeypatch.setattr(transfer, "TICK", 0.05)
    monkeypatch.setattr(transfer, "CHUNK", 40_000)
    outcomes: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(number):
        kind = KINDS[seed % len(KINDS)]
        folder = tmp_path / str(seed)
        outcomes[kind][_outcome(kind, seed, folder, certified)] += 1
    columns = (RIGHT, TOLD, WRONG)
    print("", "| fault | " + " | ".join(columns) + " |", "|---|--:|--:|--:|", sep="\n")
    for kind, counted in outcomes.items():
        figures = " | ".join(str(counted[column]) for column in columns)
        print(f"| {kind.__name__.replace('_', ' ')} | {figures} |")
    assert not any(counted[WRONG] for counted in outcomes.values())


def _outcome(kind: Kind, seed: int, folder: Path, certified: Callable[..., object]) -> str:
    chance = random.Random(seed)
    served, target = folder / "served", folder / "here" / "model.zip"
    served.mkdir(parents=True)
    target.parent.mkdir()
    content = chance.randbytes(SIZE)
    (served / "model.zip").write_bytes(content)
    known = hashlib.sha256(content).hexdigest() if chance.random() < 0.5 else None
    with serving(served) as server, pytest.MonkeyPatch.context() as patch:
        trial = Trial(chance, server, target, known, patch, certified)
        try:
            kind(trial)
        except AbdosegError as error:
            if target.exists() or "\n" in str(error):
                return WRONG
            patch.undo()
            server.faults.clear()
            server.always = None
            trial.fetch()
            outcome = TOLD
        else:
            outcome = RIGHT
        left = {path.name for path in target.parent.iterdir()} - {"model.zip", "model.zip.lock"}
        return outcome if target.read_bytes() == trial.content and not left else WRONG
