"""The text of nnU-Net's training logs.

Written by ``nnUNetTrainer.print_to_log_file``: a line starts with a time, and an epoch ends
with the line of its time. Other lines, such as the plans on top, tell nothing here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from napari_abdoseg.training.watching.curves import Epoch, Stage

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?: (.*)", re.ASCII)
FIELDS = {
    "learning_rate": re.compile(r"Current learning rate: (\S+)"),
    "train_loss": re.compile(r"train_loss (\S+)"),
    "val_loss": re.compile(r"val_loss (\S+)"),
    "dice": re.compile(r"Pseudo dice \[(.*)\]"),
    "seconds": re.compile(r"Epoch time: (\S+) s"),
}
BEGUN = re.compile(r"Epoch (\d{1,9})", re.ASCII)
MEAN_DICE = re.compile(r"Mean Validation Dice:\s+(\S+)")
LARGEST, LONGEST = 1e30, 1e9
"""Numbers, and seconds of an epoch, that no training has."""
NUMPY_TYPE = re.compile(r"np\.float\d+\(|\)")


@dataclass
class LogReader:
    """Takes in the lines of a training, of all its files in turn.

    An epoch that begins takes the place of its number and all after it: that is what has
    become of them where a training was continued, or started anew. A line that is garbled tells
    nothing, and an epoch that lacks one is left out.
    """

    epochs: dict[int, Epoch] = field(default_factory=dict)
    stage: Stage = Stage.STARTING
    validation_dice: float | None = None
    _number: int | None = None
    _found: dict[str, str] = field(default_factory=dict)

    def take(self, text: str) -> None:
        """Read a file; a last line without its end is still being written and waits."""
        for line in text[: text.rfind("\n") + 1].splitlines():
            self.take_line(line)

    def take_line(self, line: str) -> None:
        """Read a line."""
        if stamped := LINE.match(line):
            self._take_message(stamped[1].strip())

    def _take_message(self, message: str) -> None:
        if begun := BEGUN.fullmatch(message):
            self._begin(int(begun[1]))
        elif message == "Training done.":
            self.stage = Stage.FINISHED
        elif message.startswith("predicting "):
            self.stage = Stage.VALIDATING
        elif message == "Validation complete":
            self.stage = Stage.FINISHED
        elif mean := MEAN_DICE.fullmatch(message):
            self.validation_dice = _number(mean[1])
        else:
            self._take_field(message)

    def _begin(self, number: int) -> None:
        while self.epochs and next(reversed(self.epochs)) >= number:
            self.epochs.popitem()
        self.stage, self.validation_dice = Stage.TRAINING, None
        self._number, self._found = number, {}

    def _take_field(self, message: str) -> None:
        for name, pattern in FIELDS.items():
            if value := pattern.fullmatch(message):
                self._found[name] = value[1]
                if name == "seconds":
                    self._end()

    def _end(self) -> None:
        """End the epoch; what comes before the next begins belongs to none that is known."""
        if self._number is not None and (epoch := _epoch(self._number, self._found)):
            self.epochs[self._number] = epoch
        self._number = None


def _epoch(number: int, found: dict[str, str]) -> Epoch | None:
    """An epoch of all its lines, None where one is missing or garbled."""
    if found.keys() < FIELDS.keys():
        return None
    dice = _list(found["dice"])
    plain = {name: _number(value) for name, value in found.items() if name != "dice"}
    numbers = {name: value for name, value in plain.items() if value is not None}
    if dice is None or numbers.keys() < plain.keys():
        return None
    return Epoch(number, **numbers, dice=dice) if 0 <= numbers["seconds"] < LONGEST else None


def _list(text: str) -> tuple[float, ...] | None:
    """Numbers of a list, with or without the type that NumPy 2 prints."""
    numbers = [_number(part) for part in NUMPY_TYPE.sub("", text).split(",") if part.strip()]
    known = tuple(number for number in numbers if number is not None)
    return known if len(known) == len(numbers) else None


def _number(text: str) -> float | None:
    """A number, also none of mathematics; those that no training has are infinite."""
    try:
        number = float(text)
    except ValueError:
        return None
    return math.copysign(math.inf, number) if abs(number) > LARGEST else number


def read_logs(texts: Iterable[str]) -> LogReader:
    """Read the logs of a fold, the oldest first."""
    reader = LogReader()
    for text in texts:
        reader.take(text)
    return reader
