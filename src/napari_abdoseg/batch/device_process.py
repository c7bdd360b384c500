"""A process that segments the cases it is given on a device of its own.

    python -m napari_abdoseg.batch.device_process DEVICE

The job comes as the first line of standard input, a case as each further one; a step goes as
a line of standard output. The process ends when its standard input does.
"""

from __future__ import annotations

import json
import queue
import sys
from collections.abc import Iterator
from typing import TextIO

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.device_messages import (
    READY,
    dump_error,
    dump_step,
    load_case,
    load_job,
)
from napari_abdoseg.batch.pipeline import Pipeline
from napari_abdoseg.child_process import end_with_parent, take_output
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.log import keep_log


def main() -> None:
    """Work until the process that started this one ends it."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    end_with_parent(lines.put)
    steps = take_output()
    keep_log("predict")
    try:
        job = load_job(lines.get())
        ensemble = job.load(sys.argv[1])
        _say(steps, json.dumps(READY))
        first = load_case(lines.get())
        pipeline = Pipeline(job, ensemble, Claims(first.output))
        for step in pipeline.run(_cases(first, lines)):
            _say(steps, dump_step(step))
    except AbdosegError as error:
        _say(steps, dump_error(error))


def _say(steps: TextIO, line: str) -> None:
    steps.write(f"{line}\n")
    steps.flush()


def _cases(first: Case, lines: queue.SimpleQueue[str]) -> Iterator[Case | None]:
    yield first
    while True:
        try:
            yield load_case(lines.get_nowait())
        except queue.Empty:
            yield None


if __name__ == "__main__":
    main()
