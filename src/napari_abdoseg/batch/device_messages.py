"""What a process that works on a device of its own is told, and tells, as lines."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.errors import AbdosegError, SaveError

READY = "ready"


def dump_job(job: SegmentationJob) -> str:
    """A job as a line."""
    return base64.b64encode(zlib.compress(pickle.dumps(job))).decode()


def load_job(line: str) -> SegmentationJob:
    """A job from a line of the process that started this one; no other may be loaded."""
    return pickle.loads(zlib.decompress(base64.b64decode(line)))  # type: ignore[no-any-return]


def dump_case(case: Case) -> str:
    """A case as a line."""
    return json.dumps([case.name, str(case.image.absolute()), str(case.output.absolute())])


def load_case(line: str) -> Case:
    """A case from a line."""
    name, image, output = json.loads(line)
    return Case(name, Path(image), Path(output))


def dump_step(step: Step) -> str:
    """A step as a line; its case by name."""
    end = step.end and step.end.value
    said = [step.case.name, step.stage, step.fraction, end, step.notice, step.part]
    return json.dumps(said)


def dump_error(error: AbdosegError) -> str:
    """Why no more can be done, as a line."""
    return json.dumps({"error": str(error), "of_saving": isinstance(error, SaveError)})


def load_error(said: Mapping[str, Any]) -> AbdosegError:
    """Why no more can be done, from what a line says."""
    kind = SaveError if said["of_saving"] else AbdosegError
    return kind(said["error"])


def load_step(said: list[Any], cases: Mapping[str, Case]) -> Step:
    """A step from what a line says."""
    name, stage, fraction, end, notice, part = said
    return Step(cases[name], stage, fraction, end and End(end), notice, part)
