"""One step of nnU-Net's in a process of its own.

    python -m napari_abdoseg.training.nnunet STEP ARGUMENTS_JSON RESULT_JSON

The process ends when its standard input does, so that it never outlives the one that
started it, however that one ends.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdoseg.child_process import end_with_parent
from napari_abdoseg.errors import AbdosegError

STEPS = {
    "fingerprint": "planning:extract_fingerprint",
    "plan": "planning:plan",
    "preprocess": "preprocessing:preprocess",
    "try_step": "trial:try_step",
    "train_fold": "train_fold:train_fold",
    "cross_validate": "cross_validation:cross_validate",
}
MISTAKE = 2
"""Exit status when the user can mend it; the result says how."""


def main() -> None:
    """Run the step that the command line names."""
    step, arguments, result = sys.argv[1:]
    end_with_parent()
    try:
        outcome = called(step, json.loads(arguments))
    except AbdosegError as error:
        Path(result).write_text(json.dumps(str(error)), encoding="utf-8")
        sys.exit(MISTAKE)
    Path(result).write_text(json.dumps(outcome), encoding="utf-8")


def called(step: str, arguments: Mapping[str, Any]) -> Any:
    """What a step gives."""
    module, function = STEPS[step].split(":")
    return getattr(importlib.import_module(f"{__package__}.{module}"), function)(**arguments)


if __name__ == "__main__":
    main()
