"""One step of nnU-Net's in a process of its own.

    python -m napari_abdoseg.training.nnunet STEP ARGUMENTS_JSON RESULT_JSON

The process ends when its standard input does, so that it never outlives the one that
started it, however that one ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

from napari_abdoseg.errors import AbdosegError

STEPS = {
    "fingerprint": "planning:extract_fingerprint",
    "plan": "planning:plan",
    "preprocess": "preprocessing:preprocess",
    "try_step": "trial:try_step",
    "train_fold": "fold:train_fold",
    "cross_validate": "outcome:cross_validate",
}
MISTAKE = 2
"""Exit status when the user can mend it; the result says how."""


def end_with_parent() -> None:
    """Kill this process and those that it starts when the one that started it has ended."""
    parent = os.dup(sys.stdin.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    threading.Thread(target=_kill_at_end_of, args=(parent,), daemon=True).start()


def _kill_at_end_of(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    with contextlib.suppress(AttributeError, ProcessLookupError):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Run the step that the command line names."""
    step, arguments, result = sys.argv[1:]
    end_with_parent()
    module, function = STEPS[step].split(":")
    run = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    try:
        outcome = run(**json.loads(arguments))
    except AbdosegError as error:
        Path(result).write_text(json.dumps(str(error)), encoding="utf-8")
        sys.exit(MISTAKE)
    Path(result).write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main()
