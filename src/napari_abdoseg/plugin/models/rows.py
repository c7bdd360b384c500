"""Models that are here and that can be installed, as rows of a table, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.card import ModelCard
from napari_abdoseg.inference.model.known_models import KnownModel, find_known_models
from napari_abdoseg.inference.model.model_folder import Model, read_model_folder
from napari_abdoseg.inference.model.other_scans import OtherScansError
from napari_abdoseg.model_store.cards import trained_folds
from napari_abdoseg.model_store.catalogue import RECOMMENDED, Entry, find_entry, read_catalogue
from napari_abdoseg.model_store.sizes import size_of
from napari_abdoseg.model_store.states import AVAILABLE, STATES, UNUSABLE
from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.progress import spoken_bytes, spoken_names

OF_OTHER_SCANS = "not for CT"
LONGEST_NAME = 16
"""Letters of a name that leave room for state and licence beside it in a narrow dock."""
SHOWN_ORGANS = 24
"""How many organs are named before they are only counted."""


@dataclass(frozen=True)
class ModelRow:
    """A model that is here, or an entry of the catalogue that is not.

    Parameters
    ----------
    name, title : str
    state : str
    organs : tuple of str
    licence, size, folds, configurations : str
        Empty where they aren't known.
    card : ModelCard
    entry : Entry, optional
        Of the catalogue, where it came from or would come from.
    known : KnownModel, optional
        None if it is not here.
    problem : str
        Why it can't be used.
    is_asked : bool
        Whether it can be once its user has said that it is meant.
    """

    name: str
    title: str
    state: str
    organs: tuple[str, ...] = ()
    licence: str = ""
    size: str = ""
    folds: str = ""
    configurations: str = ""
    card: ModelCard = field(default_factory=ModelCard)
    entry: Entry | None = None
    known: KnownModel | None = None
    problem: str = ""
    is_asked: bool = False

    @property
    def is_removable(self) -> bool:
        """Whether it was installed or trained here, and not by another program."""
        return self.known is not None and self.known.place == "installed"

    @property
    def is_usable(self) -> bool:
        """Whether it is here and can segment."""
        return self.known is not None and not self.problem


def model_rows() -> list[ModelRow]:
    """Models that are here, and those that can be installed, the recommended one first.

    Raises
    ------
    ModelError
        A file of the catalogue is not as it should be.
    """
    known = find_known_models()
    names = {each.name for each in known}
    entries = [entry for entry in read_catalogue() if entry.name not in names]
    return [*map(_row_of_known, known), *map(_row_of_entry, entries)]


def model_columns() -> tuple[Column[ModelRow], ...]:
    """What the table says of each model."""
    return (
        Column("Model", lambda row: _shortened(row.name), row_tip=_name_and_title),
        Column("State", lambda row: row.state, row_tip=lambda row: row.problem),
        Column("Licence", lambda row: row.licence),
        Column(
            "Organs",
            lambda row: str(len(row.organs) or ""),
            is_figure=True,
            row_tip=lambda row: ", ".join(row.organs),
        ),
        Column("Size", lambda row: row.size, is_figure=True),
    )


def _shortened(name: str) -> str:
    """A name without the middle of a long one: its beginning and its end tell it from others."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[1 - half :]}"


def _name_and_title(row: ModelRow) -> str:
    return row.name if row.title == row.name else f"{row.name}: {row.title}"


def words_of(row: ModelRow) -> str:
    """What there is to say of a model, a fact a line."""
    return "\n".join(filter(None, _facts(row)))


def _facts(row: ModelRow) -> Iterator[str]:
    yield row.title
    yield row.problem
    yield row.card.description or ""
    yield f"Finds {_named(row.organs)}." if row.organs else ""
    yield _told("Folds", row.folds)
    yield _told("Configurations", row.configurations)
    yield "Expects scans turned to RAS, and turns them itself." if row.card.axes == "RAS" else ""
    if row.card.region:
        yield "Looks around what another model in it finds first."
    for name, parts in row.card.merged.items():
        yield f"{name.capitalize()} is {' and '.join(parts)} in one."
    yield _told("Licence", " ".join(filter(None, (row.licence, row.card.licence_url))))
    yield _told("Source", row.card.source)
    yield _told("Cite", row.card.citation)
    if row.entry and row.entry.content.untried:
        yield row.entry.content.untried


def _told(what: str, words: str | None) -> str:
    return f"{what}: {words}" if words else ""


def _named(organs: Iterable[str]) -> str:
    names = list(organs)
    return f"{len(names)}: {spoken_names(names, SHOWN_ORGANS)}"


def _row_of_known(known: KnownModel) -> ModelRow:
    try:
        model = read_model_folder(known.folder)
        size = spoken_bytes(size_of(model))
    except (ModelError, OSError) as error:
        asked = isinstance(error, OtherScansError)
        state, said = (OF_OTHER_SCANS if asked else UNUSABLE), str(error)
        return ModelRow(known.name, known.name, state, known=known, problem=said, is_asked=asked)
    return ModelRow(
        name=known.name,
        title=model.card.title or model.description.partition(". ")[0] or known.name,
        state=STATES[known.place],
        organs=tuple(organ.name for organ in model.organs),
        licence=model.card.licence or "",
        size=size,
        folds=", ".join(trained_folds(model)),
        configurations=", ".join(model.planned.configurations),
        card=model.card,
        entry=_entry_of(model),
        known=known,
    )


def _entry_of(model: Model) -> Entry | None:
    origin = model.card.origin
    return find_entry(origin.catalogue) if origin and origin.catalogue else None


def _row_of_entry(entry: Entry) -> ModelRow:
    recommended = " (recommended first)" if entry.name == RECOMMENDED else ""
    return ModelRow(
        name=entry.name,
        title=entry.title + recommended,
        state=AVAILABLE,
        organs=tuple(entry.content.organs),
        licence=entry.card.licence or "",
        size=spoken_bytes(entry.size) if entry.size else "",
        folds=str(entry.content.folds or ""),
        card=entry.card,
        entry=entry,
    )
