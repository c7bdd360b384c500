"""A model's card: what its publisher says of it beyond what nnU-Net writes.

It is the file ``model.json`` in the model's folder, and every key of it may be missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field

from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.inference.model.schema import FolderName, Part, Text, read_checked

CARD = "model.json"
ADVICE = "correct it, or remove the file"
LONGEST = 20_000


def _require_web_page(address: str) -> str:
    if not address.startswith(("https://", "http://")) or not address.isprintable():
        raise ValueError("is no address of a web page")
    return address


Words = Annotated[str, Field(max_length=LONGEST)]
WebPage = Annotated[str, Field(max_length=2000), AfterValidator(_require_web_page)]
Names = Annotated[list[Text], Field(min_length=1)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Margin = Annotated[float, Field(ge=0, le=1000)]


class CardPart(Part):
    """A part of a card; keys that are not known here are kept."""

    model_config = ConfigDict(extra="allow")


class Region(CardPart):
    """Where a model looks: around organs that another model finds in the whole scan.

    Parameters
    ----------
    model : str
        Folder of that model, in the folder of this one.
    organs : list of str, optional
        Those of its organs that count; all by default.
    margin_mm : float or list of float
        mm around them, everywhere or along (superior, posterior, left).
    """

    model: FolderName = "region"
    organs: Names | None = None
    margin_mm: Margin | Annotated[list[Margin], Field(min_length=3, max_length=3)] = 0.0

    @property
    def margins(self) -> tuple[float, float, float]:
        """mm along (superior, posterior, left)."""
        given = self.margin_mm
        first, second, third = given if isinstance(given, list) else [given] * 3
        return first, second, third


class TinyTest(CardPart):
    """A piece of a scan and what the model finds in it, to be tried anywhere.

    Parameters
    ----------
    scan, labels : str
        Files in the model's folder.
    preset : str
    """

    scan: FolderName
    labels: FolderName
    preset: Literal["exact", "balanced", "fast"] = "exact"


class Origin(CardPart):
    """Where an installed model came from.

    Parameters
    ----------
    url : str, optional
        Or a path, where it was a file.
    sha256 : str, optional
        Of what was installed, such as a zip.
    catalogue : str, optional
        Its name in the catalogue.
    installed : str, optional
        Date, as ISO 8601 writes it.
    """

    url: Words | None = None
    sha256: Hash | None = None
    catalogue: Text | None = None
    installed: Text | None = None


class ModelCard(CardPart):
    """What a model's publisher, or whoever installed it, says of it.

    Parameters
    ----------
    title : str, optional
        A line for lists.
    description : str, optional
    source, licence_url : str, optional
        Web pages.
    licence : str, optional
        SPDX identifier, or its name.
    citation : str, optional
    modality : str, optional
        Kind of scan that it takes, such as ``"MR"``; CT by default. A model whose channel is
        another scan is used only if its card names that here.
    axes : str
        ``"RAS"`` if scans are turned so that their axes lead nearest to right, anterior and
        superior before the networks see them, as nibabel does it; ``"stored"`` if they see
        the axes as they are in the file, as nnU-Net itself does it.
    region : Region, optional
        The whole scan by default.
    shown : list of str, optional
        Organs that are shown at first.
    merged : dict of str to list of str
        Organs that become one, by its name. It takes the value of the first of them.
    groups : dict of str to list of str
        Organs by the group that a list shows them in.
    checkpoint : str, optional
        Name of the weights' file in each fold.
    sha256 : str, optional
        Of the model with all its folds, as `Model.sha256` gives it.
    test : TinyTest, optional
    origin : Origin, optional
    """

    title: Text | None = None
    description: Words | None = None
    source: WebPage | None = None
    licence: Text | None = None
    licence_url: WebPage | None = None
    citation: Words | None = None
    modality: Text | None = None
    axes: Literal["stored", "RAS"] = "stored"
    region: Region | None = None
    shown: Names | None = None
    merged: dict[Text, Names] = Field(default_factory=dict)
    groups: dict[Text, Names] = Field(default_factory=dict)
    checkpoint: FolderName | None = None
    sha256: Hash | None = None
    test: TinyTest | None = None
    origin: Origin | None = None

    @property
    def names_axes(self) -> bool:
        """Whether it says which axes it is, or leaves that open."""
        return "axes" in self.model_fields_set

    def with_axes(self, axes: str) -> Self:
        """The same with other axes."""
        return self.model_copy(update={"axes": axes})

    @property
    def effect(self) -> dict[str, Any]:
        """What of it changes results, besides the files that it names; empty by default."""
        return self.model_dump(include={"axes", "region", "merged"}, exclude_defaults=True)


def read_card(folder: Path) -> ModelCard:
    """The card in a model's folder; an empty one if there is none.

    Raises
    ------
    ModelError
        It can't be read, or a value is not what it must be; it names the first such key.
    """
    path = folder / CARD
    if not path.exists():
        return ModelCard()
    return read_checked(ModelCard, path, ADVICE)


def write_card(folder: Path, card: ModelCard) -> None:
    """Write a card into a model's folder, in the place of the one that is there.

    Raises
    ------
    SaveError
        It could not be written; what was there is untouched.
    """
    content = card.model_dump(exclude_unset=True)
    write_text(folder / CARD, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
