"""Models of other scans than CT, which are used once their user has said that they are meant."""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.card import CARD, read_card, write_card


class OtherScansError(ModelError):
    """A model takes other scans than CT, and its card doesn't say that it is used for them.

    Attributes
    ----------
    folder : Path
    scans : str
        What it takes, such as ``"MR"``.
    """

    def __init__(self, folder: Path, scans: str) -> None:
        super().__init__(
            f"The model {folder} takes {scans}, not CT, and would find organs of a CT in the wrong "
            f'places: choose a model for CT, or write "modality": "{scans}" into its {CARD} to use '
            "it for such scans all the same."
        )
        self.folder = folder
        self.scans = scans

    def accept(self) -> None:
        """Write into the model's card that it is used for such scans.

        Raises
        ------
        SaveError
            The card can't be written.
        """
        card = read_card(self.folder)
        write_card(self.folder, card.model_copy(update={"modality": self.scans}))
