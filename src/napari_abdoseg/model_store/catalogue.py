"""Published models that can be installed by name: a file of `CATALOGUE` each."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.inference.model.card import Hash, ModelCard, Words
from napari_abdoseg.inference.model.schema import FolderName, Part, Text, check

CATALOGUE = Path(__file__).parent / "catalogue"
ADVICE = "install napari-abdoseg again"
RECOMMENDED = "total_fast"
"""The first model for whoever has none."""

Millimetres = Annotated[float, Field(gt=0)]


class ModelPart(Part):
    """A model in an archive, which is the model of an entry or a part of it.

    Parameters
    ----------
    url : str
    inside : str, optional
        Its folder there; the only one by default.
    place : str
        Folder in the model's own where it comes to lie, such as ``"region"``; empty for the
        model itself.
    sha256 : str, optional
        Of the archive.
    size : int, optional
        About how many bytes the archive has.
    card : ModelCard
        Of a part that is not the model itself.
    """

    url: Annotated[str, Field(pattern=r"^https?://")]
    inside: Words | None = None
    place: FolderName | None = None
    sha256: Hash | None = None
    size: Annotated[int, Field(gt=0)] | None = None
    card: ModelCard = ModelCard()


class EntryContent(Part):
    """What a file of the catalogue holds.

    Parameters
    ----------
    card : ModelCard
        Becomes the installed model's.
    parts : list of ModelPart
        The model itself first.
    organs : list of str
        As the publisher names them.
    folds : int, optional
    spacing_mm : list of float, optional
        mm along the axes that the network sees.
    terms : str, optional
        What has to be accepted before anything is downloaded.
    untried : str, optional
        What of the entry nobody has tried here; None if it was tried.
    read : dict of str to str
        Where each kind of fact was read.
    """

    card: ModelCard
    parts: Annotated[list[ModelPart], Field(min_length=1)]
    organs: Annotated[list[Text], Field(min_length=1)]
    folds: Annotated[int, Field(gt=0)] | None = None
    spacing_mm: Annotated[list[Millimetres], Field(min_length=3, max_length=3)] | None = None
    terms: Words | None = None
    untried: Words | None = None
    read: dict[Text, Words]

    @model_validator(mode="after")
    def _has_one_model(self) -> EntryContent:
        places = [part.place for part in self.parts]
        if places[0] is not None or len(set(places)) < len(places) or None in places[1:]:
            raise ValueError("the first of parts is the model, and others have places in it")
        return self


@dataclass(frozen=True)
class Entry:
    """A published model.

    Parameters
    ----------
    name : str
        What it is asked for as, and installed as.
    content : EntryContent
    """

    name: str
    content: EntryContent

    @property
    def card(self) -> ModelCard:
        """What is said of it."""
        return self.content.card

    @property
    def title(self) -> str:
        """A line for lists."""
        return self.card.title or self.name

    @property
    def size(self) -> int | None:
        """About how many bytes are downloaded; None where that isn't known."""
        sizes = [part.size for part in self.content.parts]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


def read_catalogue() -> tuple[Entry, ...]:
    """All entries, the recommended one first.

    Raises
    ------
    ModelError
        A file of it is not as it should be.
    """
    files = sorted(CATALOGUE.glob("*.json"))
    entries = [Entry(path.stem, _content(path)) for path in files]
    return tuple(sorted(entries, key=lambda entry: (entry.name != RECOMMENDED, entry.name)))


def find_entry(name: str) -> Entry | None:
    """The entry of a name, if there is one."""
    return next((entry for entry in read_catalogue() if entry.name == name), None)


def like(name: str) -> list[str]:
    """Names in the catalogue that may have been meant."""
    names = [entry.name for entry in read_catalogue()]
    return get_close_matches(name.lower(), names, n=3)


def _content(path: Path) -> EntryContent:
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} can't be read as JSON ({error}): {ADVICE}.") from error
    return check(EntryContent, content, path, ADVICE)
