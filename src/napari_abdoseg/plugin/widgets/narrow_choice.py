"""Choices that are no wider than they must be, however long the names in them are."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox


def keep_narrow(choice: QComboBox, letters: int = 10) -> None:
    """Let a choice ask for room for so many letters alone; it takes more where there is some."""
    choice.setMinimumContentsLength(letters)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
