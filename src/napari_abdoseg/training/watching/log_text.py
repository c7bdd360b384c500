"""The text of nnU-Net's training logs.

Written by ``nnUNetTrainer.print_to_log_file``: a line starts with a time, and an epoch ends
with the line of its time. Other lines, such as the plans on top, tell nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from napari_abdoseg.training.watching.curves import Epoch, Stage

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?: (.*)")
FIELDS = {
    "learning_rate": re.compile(r"Current learning rate: (\S+)"),
    "train_loss": re.compile(r"train_loss (\S+)"),
    "val_loss": re.compile(r"val_loss (\S+)"),
    "dice": re.compile(r"Pseudo dice \[(.*)\]"),
    "seconds": re.compile(r"Epoch time: (\S+) s"),
}
BEGUN = re.compile(r"Epoch (\d+)")
MEAN_DICE = re.compile(r"Mean Validation Dice:\s+(\S+)")
NUMPY_TYPE = re.compile(r"np\.float\d+\(|\)")


@dataclass
class LogReader:
    """Takes in the lines of a training, of all its files in turn.

    An epoch that begins takes the place of its number and all after it: that is what has
    become of them where a training was continued, or started anew.
    """

    epochs: dict[int, Epoch] = field(default_factory=dict)
    stage: Stage = Stage.STARTING
    validation_dice: float | None = None
    _number: int = -1
    _found: dict[str, str] = field(default_factory=dict)

    def take(self, text: str) -> None:
        """Read a file; a last line without its end is still being written and waits."""
        for line in text[: text.rfind("\n") + 1].splitlines():
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
            self.validation_dice = float(mean[1])
        else:
            self._take_field(message)

    def _begin(self, number: int) -> None:
        self.epochs = {old: epoch for old, epoch in self.epochs.items() if old < number}
        self.stage, self.validation_dice = Stage.TRAINING, None
        self._number, self._found = number, {}

    def _take_field(self, message: str) -> None:
        for name, pattern in FIELDS.items():
            if value := pattern.fullmatch(message):
                self._found[name] = value[1]
                if name == "seconds" and FIELDS.keys() <= self._found.keys():
                    self.epochs[self._number] = _epoch(self._number, self._found)


def _epoch(number: int, found: dict[str, str]) -> Epoch:
    plain = {name: float(value) for name, value in found.items() if name != "dice"}
    return Epoch(number, **plain, dice=_list(found["dice"]))


def _list(text: str) -> tuple[float, ...]:
    """Numbers of a list, with or without the type that NumPy 2 prints."""
    return tuple(float(number) for number in NUMPY_TYPE.sub("", text).split(",") if number.strip())


def read_logs(texts: Iterable[str]) -> LogReader:
    """Read the logs of a fold, the oldest first."""
    reader = LogReader()
    for text in texts:
        reader.take(text)
    return reader
