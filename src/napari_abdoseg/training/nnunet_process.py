"""A step of nnU-Net's in a process of its own, that ends with the work that started it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from napari_abdoseg.child_process import ChildProcess
from napari_abdoseg.errors import TrainingError
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.nnunet.__main__ import MISTAKE

PAUSE = 0.5
"""Seconds between two looks at a process."""


class NnunetProcess:
    """A running step.

    Parameters
    ----------
    step : str
        One of those in `napari_abdoseg.training.nnunet`.
    arguments : mapping
        Arguments of the step that JSON can hold.
    environment : mapping of str to str
        Variables that are set for this process alone.
    log : Path
        File to which everything it prints is added.
    """

    def __init__(
        self, step: str, arguments: Mapping[str, Any], environment: Mapping[str, str], log: Path
    ) -> None:
        self.step, self.log = step, log
        self._folder = tempfile.TemporaryDirectory(prefix="abdoseg_")
        self._result = Path(self._folder.name) / "result.json"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._begun_at = output.tell()
            self._process = ChildProcess(
                "napari_abdoseg.training.nnunet",
                (step, json.dumps(arguments), str(self._result)),
                environment,
                output,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return self._process.running

    def result(self) -> Any:
        """What the step gave, once it has ended.

        Raises
        ------
        TrainingError
            It failed.
        """
        status = self._process.wait()
        if status in (0, MISTAKE) and self._result.exists():
            result = json.loads(self._result.read_text(encoding="utf-8"))
            if status == MISTAKE:
                raise TrainingError(result)
            return result
        said = self.said()
        raise TrainingError(
            f"nnU-Net stopped in the step {self.step} ({said[-1] if said else 'it said nothing'}): "
            f"{self.log} tells what happened; start the same command again to go on from here."
        )

    def said(self) -> list[str]:
        """Lines that it printed."""
        with self.log.open("rb") as output:
            output.seek(self._begun_at)
            lines = output.read().decode("utf-8", "replace").splitlines()
        return [line for line in lines if line.strip()]

    def stop(self) -> None:
        """End it and all processes that it started."""
        self._process.stop()
        self._folder.cleanup()


def following(process: NnunetProcess, report: Callable[[], Progress]) -> Work[Any]:
    """Wait for a process and give its result; closing this ends it.

    Parameters
    ----------
    process : NnunetProcess
    report : callable
        How far it is, as can be seen in its files.

    Raises
    ------
    TrainingError
        It failed.
    """
    with process:
        while process.running:
            yield report()
            time.sleep(PAUSE)
        return process.result()
