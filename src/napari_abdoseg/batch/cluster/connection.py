"""A connection to the scheduler of a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Client
from distributed.comm.core import connect
from distributed.security import Security

from napari_abdoseg.errors import AbdosegError

PATIENCE = 10.0
"""Seconds that a scheduler has to answer."""


@contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """A client of a scheduler, until the block ends.

    Parameters
    ----------
    scheduler : str
        Such as ``"tcp://host:8786"``, or ``"tls://host:8786"`` with the certificates that
        Dask's configuration names.

    Raises
    ------
    AbdosegError
        It does not answer.
    """
    try:
        asyncio.run(_reach(scheduler))
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise AbdosegError(
            f"No scheduler of Dask answers at {scheduler} ({error}): check the address, such as "
            "tcp://host:8786, that it runs, and for tls:// the certificates in Dask's "
            "configuration."
        ) from error
    with client:
        yield client


async def _reach(scheduler: str) -> None:
    """Connect once: a client that can't leaves its thread behind, which Python's end waits for."""
    arguments = Security().get_connection_args("client")
    comm = await connect(scheduler, timeout=PATIENCE, **arguments)
    await comm.close()
