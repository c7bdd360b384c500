"""Runs on a folder, each in a process group of its own, that need not load torch again.

    python fork_server.py

Each line of standard input is JSON: a model, a folder of scans and an output folder begin a
run, which is answered with the number of its process; that number asks for its end, which is
answered with its exit status and, if that is 0, with its cases.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.progress import drain


class ForkServer:
    """It, as seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def start(self, model: Path, scans: Path, output: Path) -> int:
        """Begin a run, and give the number of its process group."""
        return int(self._ask([str(model), str(scans), str(output)]))

    def wait(self, group: int) -> tuple[int, dict[str, list[str]]]:
        """Exit status of a run, and the cases that it made, kept and failed on."""
        status = int(self._ask(group))
        said = self._process.stdout.readline() if status == 0 else "{}"
        return status, json.loads(said)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, question: object) -> str:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def main() -> None:
    load_ensemble("demo", [0], "cpu")  # which loads torch
    outcomes: dict[int, int] = {}
    for line in sys.stdin:
        question = json.loads(line)
        if isinstance(question, int):
            tell_end(question, outcomes.pop(question))
        else:
            child, reading = begin(*map(Path, question))
            outcomes[child] = reading
            print(child, flush=True)


def begin(model: Path, scans: Path, output: Path) -> tuple[int, int]:
    """Number of a new process, and where its cases are to be read."""
    ensemble = load_ensemble(model, device="cpu")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        os._exit(run(scans, output, ensemble, writing))
    with suppress(OSError):  # the child was first
        os.setpgid(child, child)
    os.close(writing)
    return child, reading


def tell_end(child: int, reading: int) -> None:
    with os.fdopen(reading) as said:
        outcome = said.read()
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
    if status == 0:
        print(outcome, flush=True)


def run(scans: Path, output: Path, ensemble, writing: int) -> int:
    try:
        outcome = drain(predicting(find_cases([scans], output), ensemble, "fast"))
        names = {
            "made": [case.name for case in outcome.made],
            "kept": [case.name for case in outcome.kept],
            "failed": [case.name for case, _ in outcome.failed],
        }
        os.write(writing, json.dumps(names).encode())
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
