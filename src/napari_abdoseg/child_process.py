"""A process that ends with the one that started it, however that one ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TextIO

LAST = 19
"""How nice a process can be at the most."""
PATIENCE = 5.0
"""Seconds that a process has to end by itself when it is asked to."""


class ChildProcess:
    """A module of ours, run by another Python.

    It calls `end_with_parent` first. On systems that have process groups it leads one, so
    that Ctrl-C is not for it, and what it starts ends with it.

    Parameters
    ----------
    module : str
    arguments : sequence of str
    environment : mapping of str to str
        Variables that are set for it alone.
    output : file or int, optional
        Where what it prints goes.
    errors : file or int, optional
        Where its errors go; to the output by default.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: IO[bytes] | int,
        errors: IO[bytes] | int = subprocess.STDOUT,
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            env={**os.environ, **environment},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return self._process.poll() is None

    @property
    def printed(self) -> IO[bytes]:
        """What it prints, where ``output`` is a pipe."""
        assert self._process.stdout is not None
        return self._process.stdout

    def tell(self, line: str) -> None:
        """Send it a line, unless it has ended."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait()

    def last_words(self, errors: IO[bytes]) -> str:
        """How it died, in words, once it has.

        Parameters
        ----------
        errors : file
            That its errors went to.
        """
        status = self._process.wait()
        errors.seek(0)
        lines = errors.read().decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        if status < 0 or not said:
            return f"was killed (status {status}), maybe for want of memory"
        return f"stopped: {said[-1]}"

    def stop(self) -> None:
        """End it and all processes that it started, and give them time for it."""
        if self.running:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End it and all processes that it started at once."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            elif self.running:
                self._process.send_signal(number)


def end_with_parent(listen: Callable[[str], Any] = lambda line: None) -> None:
    """Kill this process and those that it starts when the one that started it has ended.

    Parameters
    ----------
    listen : callable, optional
        Is given each line that comes from there, in a thread of its own.
    """
    parent = os.dup(sys.stdin.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    threading.Thread(target=_listen_to_the_end, args=(parent, listen), daemon=True).start()


def take_output() -> TextIO:
    """Standard output for what the other process is to hear; what libraries print goes elsewhere.

    From now on that is standard error.
    """
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def give_way() -> None:
    """Have this process, and what it starts from now on, work only where nothing else wants to."""
    import psutil

    lowest = getattr(psutil, "IDLE_PRIORITY_CLASS", LAST)  # a class of its own on Windows
    psutil.Process().nice(lowest)


def _listen_to_the_end(pipe: int, listen: Callable[[str], Any]) -> None:
    with os.fdopen(pipe, encoding="utf-8") as lines:
        for line in lines:
            listen(line.rstrip("\n"))
    with contextlib.suppress(AttributeError, ProcessLookupError):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    os._exit(1)
