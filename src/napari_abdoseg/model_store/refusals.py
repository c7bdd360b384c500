"""What answers of servers and errors of the network mean to whoever waits for a file.

Fielding, R. et al. (2022). HTTP semantics, RFC 9110.
"""

from __future__ import annotations

import email.utils
import re
import ssl
import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

import requests

from napari_abdoseg.errors import DownloadError

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
_WEB_PAGE = (
    f"a web page came in its place; {_SIGNS_IN}, and check that the address is that of the file "
    "itself"
)
_NO_BUNDLE = (
    "the certificates that the environment variable REQUESTS_CA_BUNDLE names can't be read; "
    "correct it"
)
_PROXY_REFUSES = re.compile(r"Tunnel connection failed: (\d{3})")
_HTML = re.compile(rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html)", re.IGNORECASE)
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


def check_answer(url: str, response: requests.Response) -> None:
    """Refuse an answer that is not the file.

    Raises
    ------
    InterruptedTransferError
        It may be another the next time.
    DownloadError
        It will not.
    """
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
        other = f"the server answers {status} {response.reason or ''}".rstrip()
        raise refusal(url, _REFUSALS.get(status, other))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise refusal(url, _WEB_PAGE)


def check_beginning(url: str, begin: bytes) -> None:
    """Refuse a web page that is said to be a file.

    Raises
    ------
    DownloadError
    """
    if _HTML.match(begin):
        raise refusal(url, _WEB_PAGE)


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


def meaning(url: str, error: Exception) -> InterruptedTransferError | DownloadError:
    """What an error of the network means: one that may pass, or a refusal."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return refusal(url, _distrust(cause))
    if type(error) is OSError or "NO_CERTIFICATE" in str(error):
        return refusal(url, _NO_BUNDLE)
    if refused := _PROXY_REFUSES.search(" ".join(map(str, chain))):
        return _refused_by_proxy(url, int(refused[1]))
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


def _refused_by_proxy(url: str, status: int) -> InterruptedTransferError | DownloadError:
    if status in _PASSING:
        return InterruptedTransferError(f"the proxy is busy (it answers {status})")
    if status == 407:
        return refusal(url, _REFUSALS[status])
    return refusal(
        url, f"the proxy refuses it (it answers {status}); ask whoever runs this network"
    )


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
