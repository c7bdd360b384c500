"""A worker of a cluster, as seen from the run that gives it work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import wait
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

from distributed import CancelledError, Client, KilledWorker
from distributed.client import ClosedClientError

from napari_abdoseg.errors import AbdosegError, DeviceError, ModelError
from napari_abdoseg.progress import Progress, Work

PAUSE = 0.2
"""Seconds between two looks at whether anybody still waits."""
IDLE = Progress("", 0, 0)
Result = TypeVar("Result")


class WorkerDiedError(Exception):
    """A worker ended with a task that it had.

    Parameters
    ----------
    deaths : int, optional
        Workers that ended with it.
    """

    def __init__(self, deaths: int = 1) -> None:
        super().__init__(deaths)
        self.deaths = deaths


class WorkerFaultError(Exception):
    """A call failed on a worker, and it is not known whether the scan or the worker is why."""


class RemoteWorker:
    """A worker of a cluster.

    Parameters
    ----------
    client : Client
    address : str
    resources : dict of str to float
        What of its resources a task takes.
    """

    def __init__(self, client: Client, address: str, resources: Mapping[str, float]) -> None:
        self.address = address
        self.has_died = threading.Event()
        self.failed_with: set[str] = set()
        self._client, self._resources = client, dict(resources)

    def calling(self, function: Callable[..., Result], *arguments: Any) -> Work[Result]:
        """Call a function there.

        Raises
        ------
        WorkerDiedError
            The worker died first.
        WorkerFaultError
            The function failed by a fault of the device, of the model or of the program.
        AbdosegError, MemoryError
            What the function raised besides.
        """
        future = self._client.submit(
            function,
            *arguments,
            key=f"{function.__name__}-{uuid4().hex}",
            workers=[self.address],
            resources=self._resources or None,
            retries=0,
        )
        try:
            results = yield from self._awaiting(self._client.gather([future], asynchronous=True))
        except (CancelledError, ClosedClientError) as error:  # the scheduler was away
            raise WorkerDiedError(deaths=int(self.has_died.is_set())) from error
        except KilledWorker as error:  # of others that came to the same address
            raise WorkerDiedError(error.allowed_failures + 1) from error
        except (DeviceError, ModelError) as error:
            raise WorkerFaultError(str(error)) from error
        except (WorkerDiedError, AbdosegError, MemoryError):
            raise
        except Exception as error:
            raise WorkerFaultError(f"{type(error).__name__}: {error}") from error
        finally:
            with suppress(ClosedClientError):
                future.cancel()
        return results[0]  # type: ignore[no-any-return]

    def _awaiting(self, coroutine: Coroutine[Any, Any, Result]) -> Work[Result]:
        """Wait for the client, and not for a worker that has died: what it had may never come."""
        loop: Any = self._client.loop
        coming = asyncio.run_coroutine_threadsafe(coroutine, loop.asyncio_loop)
        while not wait([coming], PAUSE).done:
            if self.has_died.is_set():
                raise WorkerDiedError
            yield IDLE
        return coming.result()

    def sending(self, function: Callable[..., Result], *arguments: Any) -> Work[Result]:
        """The same with a last argument that is large; it is there before the call begins.

        Raises
        ------
        WorkerDiedError, WorkerFaultError, AbdosegError, MemoryError
            See `calling`.
        """
        *others, load = arguments
        scattering = self._client.scatter(
            [load], workers=[self.address], hash=False, asynchronous=True
        )
        try:
            (there,) = yield from self._awaiting(scattering)
        except (OSError, TimeoutError, KeyError, ClosedClientError) as error:
            raise WorkerDiedError(deaths=0) from error  # it had not begun
        return (yield from self.calling(function, *others, there))
