"""What one answer of a server brings."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from napari_abdoseg.errors import DownloadError
from napari_abdoseg.model_store.refusals import (
    SILENT,
    InterruptedTransferError,
    check_answer,
    check_beginning,
    meaning,
)

CHUNK = 1 << 18
"""Bytes that are passed on at most in one go."""
TICK = 0.25
"""Seconds without news after which whoever waits is told so."""
CONNECTING, PATIENCE = 15.0, 45.0
"""Seconds that a server has to be reached, and to answer and send on."""


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
            check_answer(url, response)
            chunk = response.raw.read1(CHUNK, decode_content=True)
            check_beginning(url, chunk)
            pass_on(response)
            while chunk and not closed.is_set():
                pass_on(chunk)
                chunk = response.raw.read1(CHUNK, decode_content=True)
        pass_on(None)
    except (InterruptedTransferError, DownloadError) as error:
        pass_on(error)
    except (OSError, HTTPError, ValueError) as error:
        pass_on(meaning(url, error))
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
