"""Runs on a folder, each in a process group of its own, that need not load torch again.

    python fork_server.py MODEL

Each line of standard input is a folder of scans and an output folder as JSON. It answers with
the number of the process, and when that has ended, with its exit status.
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

    def __init__(self, model: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self._process.stdout.readline()

    def start(self, scans: Path, output: Path) -> int:
        """Begin a run, and give the number of its process group."""
        self._process.stdin.write(json.dumps([str(scans), str(output)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> tuple[int, dict[str, list[str]]]:
        """Exit status of the run, and the cases that it made, kept and failed on."""
        status = int(self._process.stdout.readline())
        said = self._process.stdout.readline() if status == 0 else "{}"
        return status, json.loads(said)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    ensemble = load_ensemble(sys.argv[1], device="cpu")
    print(flush=True)
    for line in sys.stdin:
        scans, output = map(Path, json.loads(line))
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            os._exit(run(scans, output, ensemble, writing))
        with suppress(OSError):  # the child was first
            os.setpgid(child, child)
        os.close(writing)
        print(child, flush=True)
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
