"""What an installation must be told before it goes on: errors that carry the choice."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdoseg.errors import ModelError
from napari_abdoseg.model_store.archive import FoundModel
from napari_abdoseg.model_store.catalogue import Entry


class TermsNeededError(ModelError):
    """The terms of a model must be accepted before it is downloaded.

    Attributes
    ----------
    entry : Entry
        With its terms and licence.
    """

    def __init__(self, entry: Entry) -> None:
        card = entry.card
        page = f" ({card.licence_url})" if card.licence_url else ""
        super().__init__(
            f"{entry.name} is under the licence {card.licence}{page}. {entry.content.terms} Accept "
            "this with --accept-licence, or choose another model."
        )
        self.entry = entry


class ModelChoiceNeededError(ModelError):
    """An archive or a folder holds several models, and one of them must be chosen.

    Attributes
    ----------
    models : tuple of FoundModel
    """

    def __init__(self, source: str, models: Sequence[FoundModel], asked: str | None) -> None:
        names = ", ".join(model.inside or model.name for model in models)
        what = "these models" if asked is None else f"no model {asked!r}, but these"
        super().__init__(f"{source} holds {what}: choose one with --model, among {names}.")
        self.models = tuple(models)


class ChangedDownloadError(ModelError):
    """What is at an address differs from what was installed from there before."""
