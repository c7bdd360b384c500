"""Downloads from a real server: the right file, or one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import file_server as does
import pytest
from file_server import Fault, FileServer, serving
from limits import no_file_above
from working import run

from napari_abdoseg.errors import DownloadError, SaveError
from napari_abdoseg.model_store import download, transfer
from napari_abdoseg.model_store.download import Download, downloading
from napari_abdoseg.progress import drain

pytestmark = pytest.mark.usefixtures("_hasty")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "here.zip"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left_beside(target: Path) -> list[str]:
    """What is left of a download beside the file."""
    return sorted(path.name for path in target.parent.glob("here.zip.part*"))


def fail(url: str, target: Path, **expected: object) -> str:
    """The one sentence in which a download ends, without a file."""
    with pytest.raises(DownloadError) as told:
        drain(downloading(url, target, **expected))
    assert not target.exists()
    sentence = str(told.value)
    assert sentence.count("\n") == 0
    assert sentence.endswith(".")
    return sentence


def test_a_file_comes_as_it_is(server, target, content):
    target.write_bytes(b"older")
    steps, done = run(downloading(server.url("model.zip"), target))
    assert done == Download(target, sha256(content), len(content))
    assert target.read_bytes() == content
    assert steps[-1].words.startswith("Downloading, 1.0 MB of 1.0 MB")
    assert (steps[-1].done, steps[-1].total) == (len(content),) * 2
    assert not any(step.notice for step in steps)
    assert left_beside(target) == []


def test_a_file_that_is_there_with_its_hash_is_not_asked_for(server, target, content):
    target.write_bytes(content)
    known = sha256(content).upper()
    done = drain(downloading(server.url("model.zip"), target, sha256=known))
    assert done == Download(target, known.lower(), len(content))
    assert server.asked == []


@pytest.mark.parametrize("size", [0, 1])
def test_files_of_next_to_nothing(size, server, target):
    (server.folder / "model.zip").write_bytes(bytes(size))
    assert drain(downloading(server.url("model.zip"), target)).size == size
    assert target.stat().st_size == size


def test_speed_is_told_and_time_can_be(server, target, monkeypatch):
    monkeypatch.setattr(transfer, "CHUNK", 50_000)
    steps, _ = run(downloading(server.url("model.zip"), target))
    assert any(step.part.endswith("MB/s") for step in steps)
    assert sorted(step.done for step in steps) == [step.done for step in steps]


def test_what_is_not_protected_is_told_unless_its_hash_is_known(
    server, target, content, monkeypatch
):
    """A server is taken for any in the network by the name of a proxy's far side."""
    monkeypatch.setenv("HTTP_PROXY", server.url())
    far = "http://models.invalid/model.zip"
    steps, _ = run(downloading(far, target))
    notices = [step.notice for step in steps if step.notice]
    assert notices == [f"{far} isn't protected by https: it may be changed on its way."]
    steps, _ = run(downloading(far, target.with_name("other"), sha256=sha256(content)))
    assert not any(step.notice for step in steps)


def test_what_was_cancelled_goes_on_where_it_was(server, target, content):
    server.faults.append(does.stall(300_000))
    work = downloading(server.url("model.zip"), target)
    while next(work).done < 300_000:
        pass
    work.close()
    assert not target.exists()
    steps, _ = run(downloading(server.url("model.zip"), target))
    assert server.asked[1]["range"] == "bytes=300000-"
    assert steps[0].stage == download.CHECKING
    assert min(step.done for step in steps if step.total) == 300_000
    assert target.read_bytes() == content
    assert left_beside(target) == []


def test_cancelling_does_not_wait_for_a_server_that_sends_nothing(server, target):
    """Its thread ends too, long before the server's patience does."""
    server.faults.append(does.stall(1000))
    work = downloading(server.url("model.zip"), target)
    while next(work).done < 1000:
        pass
    reading = [each for each in _threads() if each.is_alive()]
    work.close()
    for each in reading:
        each.join(20)
    assert not any(each.is_alive() for each in reading)


def _threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if "_receive" in each.name]


@pytest.mark.parametrize(
    "fault",
    [
        does.truncate(0),
        does.truncate(5),
        does.reset(400_000),
        does.reset(1_000_003),
        does.in_chunks(400_000),
        does.packed(400_000),
        *(does.say_status(status) for status in (408, 429, 500, 502, 504)),
        does.say_status(503, Retry_After="0"),
        does.say_status(503, Retry_After="Fri, 01 Jan 1999 00:00:00 GMT"),
        does.say_status(503, Retry_After="soon"),
    ],
)
def test_what_passes_is_tried_again(fault, server, target, content):
    server.faults += [fault, fault]
    drain(downloading(server.url("model.zip"), target))
    assert target.read_bytes() == content
    assert left_beside(target) == []


@pytest.mark.parametrize(
    "always",
    [
        does.rightly,
        does.refuse_range,
        does.in_chunks(),
        does.packed(),
        does.short_range(150_000),
        does.heedless_range,
    ],
)
@pytest.mark.parametrize("first", [None, does.truncate(600_000)])
@pytest.mark.parametrize("hash_is_known", [False, True])
def test_what_servers_may_do_gives_the_file(always, first, hash_is_known, server, target, content):
    server.faults.append(first)
    server.always = always
    known = sha256(content) if hash_is_known else None
    drain(downloading(server.url("model.zip"), target, sha256=known))
    assert target.read_bytes() == content


def test_a_server_that_sends_nothing_is_left(server, target, content, monkeypatch):
    monkeypatch.setattr(transfer, "PATIENCE", 0.3)
    monkeypatch.setattr(transfer, "TICK", 0.05)
    server.faults += [does.stall(200_000), does.stall(0)]
    steps, _ = run(downloading(server.url("model.zip"), target))
    assert target.read_bytes() == content
    waited = [step.words for step in steps if step.stage == "Waiting"]
    assert "Waiting, the server sends nothing, next try in 1 s" in waited
    assert [each.get("range") for each in server.asked] == [None, "bytes=200000-", "bytes=200000-"]


def test_a_server_is_left_alone_as_long_as_it_wants(server, target, content, monkeypatch):
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(download, "time", clock)
    server.faults.append(does.say_status(429, Retry_After="20"))
    steps, _ = run(downloading(server.url("model.zip"), target))
    assert sum(slept) == pytest.approx(20)
    assert "the server is busy (it answers 429)" in next(s.part for s in steps if s.part)
    server.always = does.say_status(503, Retry_After="3600")
    target.unlink()
    assert "the server is busy; try again in 60 min" in fail(server.url("model.zip"), target)


def test_a_server_that_always_breaks_is_given_up_and_the_part_is_kept(server, target, content):
    server.faults += [does.truncate(500_000), *[does.reset(0)] * 5]
    sentence = fail(server.url("model.zip"), target)
    assert "the connection broke off; try again later, and it goes on where" in sentence
    drain(downloading(server.url("model.zip"), target))
    assert server.asked[-1]["range"] == "bytes=500000-"
    assert target.read_bytes() == content


def test_a_server_that_sends_a_byte_at_a_time_is_given_up(server, target):
    server.always = does.truncate(1)
    assert "goes on where it stopped" in fail(server.url("model.zip"), target)
    assert len(server.asked) == len(download.WAITS) + 1


def test_a_network_that_breaks_often_brings_the_file(server, target, content):
    server.faults += [does.truncate(160_000)] * 6
    server.faults += [None]
    drain(downloading(server.url("model.zip"), target))
    assert len(server.asked) == 7
    assert target.read_bytes() == content


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (does.sign_in_page(), "a web page came in its place; open a web page in a browser, sign"),
        (does.sign_in_page(kind="application/zip"), "a web page came in its place"),
        (does.sign_in_page(511), "this network wants a sign-in first"),
        (does.say_status(401), "the server asks for a name and password"),
        (does.say_status(403), "the server refuses it"),
        (does.say_status(404), "nothing at this address"),
        (does.say_status(407), "the proxy asks for a name and password"),
        (does.say_status(404, Content_Length="9"), "nothing at this address"),
        (does.say_status(410), "it was withdrawn"),
        (does.say_status(418), "the server answers 418 I'm a Teapot"),
        (does.redirect("/model.zip"), "the server sends on and on"),
        (does.redirect("file:///etc/passwd"), "no web address that can be asked"),
        (does.no_length, "doesn't tell how long the file is"),
    ],
)
def test_what_does_not_pass_is_told_and_what_came_is_kept(fault, words, server, target, content):
    server.always = fault
    assert words in fail(server.url("model.zip"), target)
    server.always = None
    drain(downloading(server.url("model.zip"), target))
    assert server.asked[-1]["range"] == "bytes=300000-"
    assert target.read_bytes() == content


@pytest.fixture
def part(server: FileServer, target: Path) -> None:
    """A first part that came earlier."""
    server.faults.append(does.truncate(300_000))
    work = downloading(server.url("model.zip"), target)
    while next(work).stage != "Waiting":
        pass
    work.close()


def test_a_file_without_a_length_is_taken_where_it_can_be_checked(server, target, content):
    server.always = does.no_length
    drain(downloading(server.url("model.zip"), target, sha256=sha256(content)))
    assert target.read_bytes() == content
    drain(downloading(server.url("model.zip"), target, size=len(content)))


def test_another_file_is_refused_and_nothing_of_it_is_kept(server, target, content):
    expected = {"sha256": "0" * 64}
    sentence = fail(server.url("model.zip?key=secret"), target, **expected)
    assert sentence.startswith(
        f"{server.url('model.zip')} is not the file expected: its SHA-256 is {sha256(content)}, not"
    )
    assert left_beside(target) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("always", [None, does.in_chunks(), does.no_length, does.packed()])
def test_another_length_than_is_known_is_refused(by, always, server, target, content):
    server.always = always
    assert "is not the file expected: " in fail(
        server.url("model.zip"), target, size=len(content) + by
    )
    assert left_beside(target) == []


@pytest.mark.parametrize("fault", [does.wrong_length(70), does.damage(5), does.wrong_length(-70)])
def test_what_a_hash_tells_of_wrong_bytes_and_lengths(fault, server, target, content):
    """A length that is too great harms nobody who knows what he waits for."""
    server.always = fault
    expected = sha256(content)
    if fault.__qualname__.startswith("wrong_length") and _extra(fault) > 0:
        drain(downloading(server.url("model.zip"), target, sha256=expected))
        assert target.read_bytes() == content
    else:
        assert "SHA-256" in fail(server.url("model.zip"), target, sha256=expected)


def _extra(fault: Fault) -> int:
    return fault.__closure__[0].cell_contents


def test_a_length_that_is_too_great_is_no_file_without_a_hash(server, target):
    server.always = does.wrong_length(70)
    fail(server.url("model.zip"), target)


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("always", [None, does.heedless_range])
def test_a_file_that_changes_meanwhile_is_the_new_one(always, server, target, content):
    new = content[::-1] + b"more"
    (server.folder / "model.zip").write_bytes(new)
    server.always = always
    drain(downloading(server.url("model.zip"), target))
    assert target.read_bytes() == new


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("fault", [does.other_range(-7), does.other_range(7)])
def test_a_range_that_was_not_asked_for_is_not_joined(fault, server, target, content):
    server.faults.append(fault)
    drain(downloading(server.url("model.zip"), target))
    assert target.read_bytes() == content


def harm_nothing(part: Path, note: Path) -> None:
    """Leave both."""


def harm_bytes(part: Path, note: Path) -> None:
    """A disk that lost what was not on it yet."""
    part.write_bytes(bytes(part.stat().st_size))


def make_longer(part: Path, note: Path) -> None:
    part.write_bytes(bytes(2_000_000))


def take_away_part(part: Path, note: Path) -> None:
    part.unlink()


def take_away_note(part: Path, note: Path) -> None:
    note.unlink()


def cut_note(part: Path, note: Path) -> None:
    note.write_text(note.read_text()[:20])


def say_other_things(part: Path, note: Path) -> None:
    note.write_text(json.dumps(json.loads(note.read_text()) | {"length": "x", "etag": "\n"}))


def say_strange_things(part: Path, note: Path) -> None:
    note.write_text(json.dumps({"address": 1, "other": None}))


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize(
    "harm",
    [
        harm_nothing,
        harm_bytes,
        make_longer,
        take_away_part,
        take_away_note,
        cut_note,
        say_other_things,
        say_strange_things,
    ],
)
def test_whatever_became_of_the_part(harm, server, target, content):
    harm(*(target.with_name(f"{target.name}.part{ending}") for ending in ("", ".json")))
    drain(downloading(server.url("model.zip"), target, sha256=sha256(content)))
    assert target.read_bytes() == content
    assert left_beside(target) == []


@pytest.mark.usefixtures("part")
def test_a_part_of_another_address_is_not_joined(server, target, content):
    drain(downloading(server.url("model.zip?other"), target))
    assert "range" not in server.asked[-1]
    assert target.read_bytes() == content


@pytest.mark.parametrize(
    "url",
    ["", "model.zip", "file:///etc/passwd", "ftp://example.org/a.zip", "https://", "http://[::1"],
)
def test_what_is_no_web_address(url, target):
    assert "it is no web address; give one that begins with https://" in fail(url, target)


def test_names_that_can_be_no_hosts(target):
    assert "this is no web address that can be asked" in fail("https://a..b/model.zip", target)


def test_passwords_and_keys_are_told_nobody(server, target):
    url = server.url("model.zip").replace("//", "//anna:geheim@") + "?key=geheim"
    server.faults += [does.truncate(300_000), does.say_status(404)]
    assert "geheim" not in fail(url, target)
    assert "geheim" not in target.with_name("here.zip.part.json").read_text()


def test_a_server_that_is_not_there(target):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://localhost:{taken.getsockname()[1]}/model.zip"
        assert "the server can't be reached; try again later." in fail(url, target)


def test_a_name_that_nobody_knows(target):
    assert "models.invalid isn't found, maybe for want of an internet access" in fail(
        "https://models.invalid/model.zip", target
    )


def test_a_proxy_is_asked(server, target, content, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url().replace("//", "//anna:word@"))
    drain(downloading("http://models.invalid/model.zip", target))
    assert target.read_bytes() == content
    assert server.asked[0]["proxy-authorization"] == "Basic YW5uYTp3b3Jk"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (407, "the proxy asks for a name and password; put them into the environment variable"),
        (403, "refuses it"),
        (503, "is busy (it answers 503); try again later"),
    ],
)
def test_a_proxy_that_refuses(scheme, status, words, server, target, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url())
    monkeypatch.setenv("HTTPS_PROXY", server.url())
    server.always = does.say_status(status)
    assert words in fail(f"{scheme}://models.invalid/model.zip", target)


def test_a_proxy_that_is_not_there(target, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{taken.getsockname()[1]}")
        assert "the proxy can't be reached" in fail("https://models.invalid/model.zip", target)


NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def test_https(certified, server, target, content):
    with serving(server.folder, certified()) as safe:
        drain(downloading(safe.url("model.zip"), target))
    assert target.read_bytes() == content


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ({"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}, "this computer's clock; set the"),
        ({"not_before": NOW + DAY, "not_after": NOW + 9 * DAY}, "this computer's clock; set the"),
        ({"host": "elsewhere.example"}, "something else answers in the server's place"),
    ],
)
def test_certificates_that_are_not_valid(certificate, words, certified, server, target):
    with serving(server.folder, certified(**certificate)) as unsafe:
        assert words in fail(unsafe.url("model.zip"), target)
    assert len(unsafe.asked) == 0


def test_a_certificate_of_nobody_known(certified, server, target, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with serving(server.folder, certified()) as unsafe:
        assert "the server's certificate is of nobody that this computer trusts" in fail(
            unsafe.url("model.zip"), target
        )


@pytest.mark.skipif(sys.platform != "linux", reason="where the system keeps whom it trusts")
@pytest.mark.parametrize("by_proxy", [False, True])
def test_whoever_the_system_trusts_is_trusted(
    by_proxy, certified, server, target, content, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["REQUESTS_CA_BUNDLE"])
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with serving(server.folder, certified()) as safe:
        if by_proxy:
            monkeypatch.setenv("HTTPS_PROXY", server.url())
            server.always = does.pass_through
        drain(downloading(safe.url("model.zip"), target))
    assert target.read_bytes() == content
    assert len(server.asked) == by_proxy


@pytest.mark.parametrize("bundle", ["none.pem", "served/model.zip"])
def test_a_bundle_of_certificates_that_is_none(bundle, certified, server, target, monkeypatch):
    certificate = certified()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(target.parent / bundle))
    with serving(server.folder, certificate) as safe:
        assert "the certificates that the environment variable REQUESTS_CA_BUNDLE names" in fail(
            safe.url("model.zip"), target
        )


def test_a_protected_address_leads_to_no_unprotected_one(certified, server, target):
    with serving(server.folder, certified()) as safe:
        safe.always = does.redirect(server.url("model.zip"))
        assert "isn't protected by https" in fail(safe.url("model.zip"), target)


def test_a_disk_without_room_is_told_before(server, target, monkeypatch):
    def say_much(answer: does.Answer) -> None:
        status, headers, content = answer.part()
        answer.send(status, headers | {"Content-Length": str(10**15)}, content)
        answer.close_connection = True

    server.always = say_much
    with pytest.raises(SaveError, match=r"1000000\.0 GB are missing and .* are free"):
        drain(downloading(server.url("model.zip"), target))
    assert not target.exists()


def test_a_disk_that_becomes_full(server, small_disk, content, monkeypatch):
    """Its room is that of a part; with room it goes on from there."""
    target = small_disk / "here.zip"
    server.always = does.in_chunks()
    with pytest.raises(SaveError, match=r"here\.zip was not saved: the disk is full"):
        drain(downloading(server.url("model.zip"), target))
    assert not target.exists()
    kept = (small_disk / "here.zip.part").stat().st_size
    assert 0 < kept < 131_072
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    server.always = None
    drain(downloading(server.url("model.zip"), target))
    assert server.asked[-1]["range"] == f"bytes={kept}-"
    assert target.read_bytes() == content


def test_a_file_that_may_not_be_so_large(server, target, content):
    with no_file_above(300_000), pytest.raises(SaveError, match="larger than this disk or account"):
        drain(downloading(server.url("model.zip"), target))
    assert not target.exists()
    drain(downloading(server.url("model.zip"), target))
    assert server.asked[-1]["range"] == "bytes=300000-"
    assert target.read_bytes() == content


@pytest.mark.skipif(os.name == "nt", reason="names of folders")
def test_a_place_that_is_taken_or_not_there(server, tmp_path):
    (tmp_path / "here.zip" / "in the way").mkdir(parents=True)
    with pytest.raises(SaveError, match="a folder has this name"):
        drain(downloading(server.url("model.zip"), tmp_path / "here.zip"))
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="was not saved"):
        drain(downloading(server.url("model.zip"), tmp_path / "file" / "here.zip"))
    with pytest.raises(SaveError, match=os.strerror(errno.ENAMETOOLONG) + "|too long"):
        drain(downloading(server.url("model.zip"), tmp_path / ("a" * 300)))


DOWNLOAD = """
import sys
from pathlib import Path
from napari_abdoseg.model_store.download import downloading
from napari_abdoseg.progress import drain
print(drain(downloading(sys.argv[1], Path(sys.argv[2]))).sha256)
"""


def in_a_process(url: str, target: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD, url, str(target)], stdout=subprocess.PIPE, text=True
    )


def test_a_process_that_is_killed(server, target, content):
    server.faults.append(does.stall(700_000))
    process = in_a_process(server.url("model.zip"), target)
    part = target.with_name("here.zip.part")
    while not part.exists() or part.stat().st_size < 700_000:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    drain(downloading(server.url("model.zip"), target))
    assert server.asked[1]["range"] == "bytes=700000-"
    assert target.read_bytes() == content


def test_two_processes_at_once(server, target, content):
    """The second waits for the first."""

    def slowly(answer: does.Answer) -> None:
        time.sleep(0.5)
        does.rightly(answer)

    server.always = slowly
    both = [in_a_process(server.url("model.zip"), target) for _ in range(2)]
    drain(downloading(server.url("model.zip"), target))
    assert [process.communicate()[0].strip() for process in both] == [sha256(content)] * 2
    assert target.read_bytes() == content
    assert left_beside(target) == []


def test_a_second_download_waits_for_the_first(server, target, content):
    server.faults.append(does.stall(300_000))
    first = downloading(server.url("model.zip"), target, sha256=sha256(content))
    while next(first).done < 300_000:
        pass
    second = downloading(server.url("model.zip"), target, sha256=sha256(content))
    assert next(second).stage == "Waiting for another download of it"
    first.close()
    drain(second)
    assert [each.get("range") for each in server.asked] == [None, "bytes=300000-"]
    assert target.read_bytes() == content
