"""A process that predicts cases while people work on others, with the lowest priority.

    python -m napari_abdoseg.worklist.predicting.background_process

What is to be done comes as the first line of standard input. Lines of standard output tell how
far it is, and at last what came of it. The process ends when its standard input does.
"""

from __future__ import annotations

import json
import queue
from dataclasses import asdict
from typing import TextIO

from napari_abdoseg.child_process import end_with_parent, give_way, take_output
from napari_abdoseg.errors import AbdosegError

SECONDS_BETWEEN_REPORTS = 0.5


def main() -> None:
    """Work until all is done, or the process that started this one ends it."""
    give_way()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    end_with_parent(lines.put)
    _work(lines.get(), take_output())


def _work(order: str, output: TextIO) -> None:
    # Libraries start threads when they are imported, and those have the priority from then.
    from napari_abdoseg.log import keep_log
    from napari_abdoseg.progress import Progress, drain, relay, thin_out
    from napari_abdoseg.worklist.predicting.background import ERROR, PREDICTED, PROGRESS, load_order
    from napari_abdoseg.worklist.predicting.predicting import predicting_missing

    def say(about: str, said: object) -> None:
        output.write(f"{json.dumps({about: said})}\n")
        output.flush()

    def pass_on(progress: Progress) -> Progress:
        say(PROGRESS, asdict(progress))
        return progress

    keep_log("predict")
    work = predicting_missing(*load_order(order))
    try:
        say(PREDICTED, asdict(drain(relay(thin_out(work, SECONDS_BETWEEN_REPORTS), pass_on))))
    except AbdosegError as error:
        say(ERROR, str(error))


if __name__ == "__main__":
    main()
