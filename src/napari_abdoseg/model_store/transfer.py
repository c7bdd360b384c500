"""What one answer of a server brings, or why it brings nothing.

Fielding, R. et al. (2022). HTTP semantics, RFC 9110.
"""

from __future__ import annotations

import email.utils
import re
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import datetime
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from napari_abdoseg.errors import DownloadError

CHUNK = 1 << 18
"""Bytes that are passed on at most in one go."""
TICK = 0.25
"""Seconds without news after which whoever waits is told so."""
CONNECTING, PATIENCE = 15.0, 45.0
"""Seconds that a server has to be reached, and to answer and send on."""
LONGEST_WAIT = 300.0
"""Seconds that a server may have us wait before the next try."""

SILENT, BROKEN = "the server sends nothing", "the connection broke off"

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_SIGNS_IN = "open a web page in a browser, sign in to this network where it asks for it"
_REFUSALS = {
    401: "the server asks for a name and password; download it in a browser and give the file",
    403: "the server refuses it; open the address in a browser to see why",
    404: "there is nothing at this address; check it, or look for another on the publisher's page",
    407: "the proxy asks for a name and password; put them into the environment variable "
    "HTTPS_PROXY, as in http://name:password@proxy:8080",
    410: "it was withdrawn; look on the publisher's page for another",
    451: "the server refuses it for legal reasons; open the address in a browser to see why",
    511: f"this network wants a sign-in first; {_SIGNS_IN}, and try again",
}
_NO_BUNDLE = (
    "the certificates that the environment variable REQUESTS_CA_BUNDLE names can't be read; "
    "correct it"
)
_PROXY_REFUSALS = {407: _REFUSALS[407]}
_NO_WAY = "the proxy refuses it (it answers {}); ask whoever runs this network"
_PROXY_REFUSES = re.compile(r"(Tunnel connection failed|CONNECT)\D*(\d{3})")
_HTML = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
_EXPIRED, _NOT_YET, _OTHER_HOST = 10, 9, {62, 64}
"""Codes of OpenSSL for what is wrong with a certificate; other systems have words for it."""


class InterruptedTransferError(Exception):
    """The connection or the server failed in a way that may pass.

    Attributes
    ----------
    wait : float
        Seconds that the server wants to be left alone.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def transferring(
    url: str, headers: dict[str, str]
) -> Generator[requests.Response | bytes | None, None, None]:
    """Ask for a file, and give its answer, its bytes, and None whenever nothing came for a while.

    The network is waited for in a thread, so that closing works at once.

    Raises
    ------
    InterruptedTransferError
        It ended early, in a way that may pass.
    DownloadError
        The server, or something before it, refuses.
    """
    arrived: Queue[requests.Response | bytes | Exception | None] = Queue(maxsize=16)
    closed = Event()
    response: requests.Response | None = None

    def pass_on(item: requests.Response | bytes | Exception | None) -> None:
        while not closed.is_set():
            with suppress(Full):
                arrived.put(item, timeout=TICK)
                return

    Thread(target=_receive, args=(url, headers, pass_on, closed), daemon=True).start()
    since = time.monotonic()
    try:
        while True:
            try:
                item = arrived.get(timeout=TICK)
            except Empty:
                if time.monotonic() > since + PATIENCE:
                    raise InterruptedTransferError(SILENT) from None
                yield None
                continue
            since = time.monotonic()
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            if isinstance(item, requests.Response):
                response = item
            yield item
    finally:
        closed.set()
        if response is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has ended
                response.raw.shutdown()


def _receive(
    url: str,
    headers: dict[str, str],
    pass_on: Callable[[requests.Response | bytes | Exception | None], None],
    closed: Event,
) -> None:
    """Pass on an answer, its bytes, and None or an error at the end."""
    try:
        with (
            _session() as session,
            session.get(
                url, headers=headers, stream=True, timeout=(CONNECTING, PATIENCE)
            ) as response,
        ):
            _check(url, response)
            chunk = response.raw.read1(CHUNK, decode_content=True)
            if _HTML.match(chunk):
                raise _web_page(url)
            pass_on(response)
            while chunk and not closed.is_set():
                pass_on(chunk)
                chunk = response.raw.read1(CHUNK, decode_content=True)
        pass_on(None)
    except (InterruptedTransferError, DownloadError) as error:
        pass_on(error)
    except (OSError, HTTPError, ValueError) as error:
        pass_on(_told(url, error))
    except Exception as error:
        pass_on(error)


class _SystemTrust(HTTPAdapter):
    """Trusts all that this computer trusts, such as a hospital's proxy that reads along."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have it for servers."""
        super().init_poolmanager(*args, ssl_context=_trust(), **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Have it for servers behind a proxy."""
        return super().proxy_manager_for(proxy, ssl_context=_trust(), **kwargs)


def _trust() -> truststore.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", _SystemTrust())
    return session


def _check(url: str, response: requests.Response) -> None:
    """Refuse an answer that is not the file."""
    status = response.status_code
    hops = [urlsplit(each.url).scheme for each in (*response.history, response)]
    if hops[0] == "https" and "http" in hops:
        raise refusal(url, "the server sends on to an address that isn't protected by https")
    if status in _PASSING:
        wait = _retry_after(response.headers.get("Retry-After", ""))
        if wait > LONGEST_WAIT:
            raise refusal(url, f"the server is busy; try again in {round(wait / 60)} min")
        raise InterruptedTransferError(f"the server is busy (it answers {status})", wait)
    if status not in (200, 206, 416):
        reason = _REFUSALS.get(status, f"the server answers {status} {response.reason}")
        raise refusal(url, reason)
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html":
        raise _web_page(url)


def _web_page(url: str) -> DownloadError:
    """What is told where a web page came in place of a file."""
    return refusal(
        url,
        f"a web page came in its place; {_SIGNS_IN}, and check that the address is that of the "
        "file itself",
    )


def named(url: str) -> str:
    """An address without what may be secret in it: names, passwords and keys."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def refusal(url: str, reason: str) -> DownloadError:
    """What is told of an address that gives nothing."""
    return DownloadError(f"{named(url)} can't be downloaded: {reason}.")


def _told(url: str, error: Exception) -> Exception:
    """What an error of the network means: one that may pass, or a refusal."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return refusal(url, _distrust(cause))
    if type(error) is OSError or "NO_CERTIFICATE" in str(error):
        return refusal(url, _NO_BUNDLE)
    refused = _PROXY_REFUSES.search(" ".join(map(str, chain)))
    if refused:
        return refusal(url, _PROXY_REFUSALS.get(int(refused[2]), _NO_WAY.format(refused[2])))
    if isinstance(error, requests.TooManyRedirects):
        return refusal(url, "the server sends on and on to other addresses; check the address")
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return refusal(url, "the proxy's address is none; check the variable HTTPS_PROXY")
    if isinstance(error, ValueError):
        return refusal(url, "this is no web address that can be asked")
    names = {type(cause).__name__ for cause in chain}
    if "ProxyError" in names:
        return InterruptedTransferError("the proxy can't be reached")
    if "NameResolutionError" in names:
        host = urlsplit(url).hostname
        return InterruptedTransferError(f"{host} isn't found, maybe for want of an internet access")
    if names & {"NewConnectionError", "ConnectTimeoutError", "ConnectTimeout"}:
        return InterruptedTransferError("the server can't be reached")
    if names & {"ReadTimeoutError", "ReadTimeout"}:
        return InterruptedTransferError(SILENT)
    return InterruptedTransferError(BROKEN)


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in (_EXPIRED, _NOT_YET) or "expired" in str(error):
        today = datetime.now().astimezone().strftime("%Y-%m-%d")
        return (
            f"the server's certificate is not valid today, {today} by this computer's clock; "
            "set the clock if it is wrong, else wait until the server is mended"
        )
    if error.verify_code in _OTHER_HOST:
        return f"something else answers in the server's place; {_SIGNS_IN}, and try again"
    return (
        "the server's certificate is of nobody that this computer trusts; where a company's or "
        "hospital's proxy reads along, ask for its certificate and put the file's path into the "
        "environment variable REQUESTS_CA_BUNDLE"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]


def _retry_after(text: str) -> float:
    """Seconds that a server wants to be left alone, as a number or until a date."""
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, until.timestamp() - time.time())
