"""A real server of a folder's files, which fails as networks, proxies and servers do."""

from __future__ import annotations

import gzip
import hashlib
import re
import select
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

PAGE = b"<!DOCTYPE html><html><body>Please sign in to this network.</body></html>"

Fault = Callable[["Answer"], None]
"""What a server does in place of the right answer."""


class FileServer:
    """Serves a folder, and does to each request what is next in line.

    Parameters
    ----------
    folder : Path
    certificate : ssl.SSLContext, optional
        By which it speaks HTTPS.

    Attributes
    ----------
    faults : deque
        What goes wrong with the next requests, one each; all goes well behind the last.
    always : callable, optional
        What goes wrong with all requests that no other fault is in line for.
    asked : list of dict
        Headers of each request that came, in lower case.
    """

    def __init__(self, folder: Path, certificate: ssl.SSLContext | None = None) -> None:
        self.folder = folder
        self.faults: deque[Fault | None] = deque()
        self.always: Fault | None = None
        self.asked: list[dict[str, str]] = []
        self.closing = threading.Event()
        self._server = _Quietly(("127.0.0.1", 0), type("Handler", (Answer,), {"at": self}))
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            self._server.socket = certificate.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, name: str = "") -> str:
        """Address of a file."""
        return f"{self._scheme}://localhost:{self._server.server_port}/{name}"

    def close(self) -> None:
        """Stop serving."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Quietly(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Clients leave when they like."""


@contextmanager
def serving(folder: Path, certificate: ssl.SSLContext | None = None) -> Iterator[FileServer]:
    """A server while the block runs."""
    server = FileServer(folder, certificate)
    try:
        yield server
    finally:
        server.close()


class Answer(BaseHTTPRequestHandler):
    """One request, and what is answered to it."""

    at: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer rightly, or by the fault that is next."""
        self.at.asked.append({name.lower(): value for name, value in self.headers.items()})
        fault = self.at.faults.popleft() if self.at.faults else self.at.always
        with suppress(ConnectionError, ssl.SSLError):
            (fault or rightly)(self)

    def do_CONNECT(self) -> None:
        """Be a proxy that lets nobody through."""
        self.do_GET()

    @property
    def file(self) -> Path:
        """What is asked for, also where it is asked of a proxy."""
        return self.at.folder / unquote(urlsplit(self.path).path).lstrip("/")

    def content(self) -> bytes:
        """All of the file."""
        return self.file.read_bytes()

    def send(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send an answer as it is said, lengths included."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            self.close_connection = True

    def part(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and bytes of the right answer."""
        if not self.file.is_file():
            return 404, {"Content-Length": "0"}, b""
        content = self.content()
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        headers = {"Content-Length": str(len(content)), "ETag": etag, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked is None or self.headers.get("If-Range", etag) != etag:
            return 200, headers, content
        begin = int(asked[1])
        if begin >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"}, b""
        span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        length = str(len(content) - begin)
        return 206, headers | {"Content-Range": span, "Content-Length": length}, content[begin:]

    def cut(self) -> None:
        """End the connection as a cable that is pulled out."""
        with suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


def rightly(answer: Answer) -> None:
    """Nothing goes wrong."""
    answer.send(*answer.part())


def pass_through(answer: Answer) -> None:
    """A proxy that carries both ways what it can't read."""
    host, port = answer.path.split(":")
    answer.send_response(200)
    answer.end_headers()
    answer.wfile.flush()
    ours = answer.connection
    with socket.create_connection((host, int(port))) as theirs:
        ends = {ours: theirs, theirs: ours}
        while not answer.at.closing.is_set():
            for end in select.select(list(ends), [], [], 0.05)[0]:
                if not (carried := end.recv(1 << 16)):
                    answer.close_connection = True
                    return
                ends[end].sendall(carried)


def refuse_range(answer: Answer) -> None:
    """A server that knows no ranges."""
    del answer.headers["Range"]
    status, headers, content = answer.part()
    answer.send(status, {"Content-Length": headers["Content-Length"]}, content)


def truncate(after: int) -> Fault:
    """The connection ends in good order, too early."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        answer.send(status, headers, content[:after])
        answer.close_connection = True

    return fault


def reset(after: int) -> Fault:
    """The connection is torn."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        answer.send(status, headers, content[:after])
        answer.wfile.flush()
        answer.cut()

    return fault


def stall(after: int) -> Fault:
    """Nothing comes any more, and nothing ends."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        answer.send(status, headers, content[:after])
        answer.at.closing.wait(60)
        answer.cut()

    return fault


def damage(at: int) -> Fault:
    """A byte is not what it was."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        damaged = bytearray(content)
        if damaged:
            damaged[at % len(damaged)] ^= 0x55
        answer.send(status, headers, bytes(damaged))

    return fault


def say_status(status: int, **headers: str) -> Fault:
    """An answer without a file; underscores of headers' names stand for hyphens."""

    def fault(answer: Answer) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer.send(status, {"Content-Length": "0"} | named)
        answer.close_connection = named.get("Content-Length", "0") != "0"

    return fault


def redirect(to: str) -> Fault:
    """Another address."""
    return say_status(302, Location=to)


def sign_in_page(status: int = 200, kind: str = "text/html; charset=utf-8") -> Fault:
    """A captive portal."""

    def fault(answer: Answer) -> None:
        answer.send(status, {"Content-Length": str(len(PAGE)), "Content-Type": kind}, PAGE)

    return fault


def wrong_length(by: int) -> Fault:
    """The length that is told is not that of the file."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        length = str(int(headers["Content-Length"]) + by)
        answer.send(status, headers | {"Content-Length": length}, content)
        answer.close_connection = True

    return fault


def no_length(answer: Answer) -> None:
    """The end of the connection is the end of the file."""
    del answer.headers["Range"]
    status, headers, content = answer.part()
    answer.send(status, {"ETag": headers["ETag"]}, content)


def in_chunks(after: int | None = None) -> Fault:
    """A length that is told bit by bit, to the end or to an early one."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        headers.pop("Content-Length", None)
        body = b"".join(
            b"%x\r\n%b\r\n" % (len(piece), piece)
            for start in range(0, len(content), 1000)
            if (piece := content[start : start + 1000])
        )
        body += b"0\r\n\r\n"
        answer.send(status, headers | {"Transfer-Encoding": "chunked"}, body[:after])
        answer.close_connection = after is not None

    return fault


def packed(after: int | None = None) -> Fault:
    """The file is packed on its way, to the end or to an early one."""

    def fault(answer: Answer) -> None:
        _, headers, _ = answer.part()
        body = gzip.compress(answer.content())
        told = {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
        answer.send(200, headers | told, body[:after])
        answer.close_connection = True

    return fault


def other_range(by: int) -> Fault:
    """A range begins elsewhere than was asked for."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        if status == 206:
            begin = max(0, len(answer.content()) - len(content) + by)
            content = answer.content()[begin:]
            end = len(answer.content()) - 1
            headers["Content-Range"] = f"bytes {begin}-{end}/{end + 1}"
            headers["Content-Length"] = str(len(content))
        answer.send(status, headers, content)

    return fault


def short_range(most: int) -> Fault:
    """A range ends earlier than was asked for, as it may."""

    def fault(answer: Answer) -> None:
        status, headers, content = answer.part()
        if status == 206:
            begin = len(answer.content()) - len(content)
            content = content[:most]
            span = f"{begin}-{begin + len(content) - 1}/{len(answer.content())}"
            headers |= {"Content-Range": f"bytes {span}", "Content-Length": str(len(content))}
        answer.send(status, headers, content)

    return fault


def heedless_range(answer: Answer) -> None:
    """The range of another version of the file, in spite of ``If-Range``."""
    del answer.headers["If-Range"]
    rightly(answer)
