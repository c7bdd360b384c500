"""What `abdoseg models` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from napari_abdoseg.cli.console import console
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.card import ModelCard
from napari_abdoseg.inference.model.known_models import KnownModel, find_known_models
from napari_abdoseg.inference.model.model_folder import Model, read_model_folder
from napari_abdoseg.model_store.cards import model_hash, trained_folds
from napari_abdoseg.model_store.catalogue import Entry, find_entry, read_catalogue
from napari_abdoseg.model_store.sizes import size_of
from napari_abdoseg.model_store.states import AVAILABLE, STATES, UNUSABLE
from napari_abdoseg.model_store.trust import known_download
from napari_abdoseg.progress import spoken_bytes

SHORT = 24
"""Letters of a name that is never broken."""

Fact = tuple[str, object]


def model_table() -> tuple[Table, list[tuple[str, str]]]:
    """Models that are here and that can be had, and why some can't be used."""
    table = Table("name", "what", "licence", "size", "state")
    for column in table.columns[2:]:
        column.no_wrap = True
    table.columns[3].justify = "right"
    known, faults = find_known_models(), []
    for each in known:
        try:
            table.add_row(*_row_of_known(each, read_model_folder(each.folder)))
        except ModelError as error:
            table.add_row(Text(each.name), "", "", "", Text(UNUSABLE, style="red"))
            faults.append((each.name, str(error)))
    names = {each.name for each in known}
    for entry in read_catalogue():
        if entry.name not in names:
            table.add_row(*_row_of_entry(entry))
    return table, faults


def _row_of_known(known: KnownModel, model: Model) -> Iterator[Text]:
    yield _name(known.name, "bold")
    described = model.description.partition(". ")[0]
    yield Text(model.card.title or described or counted_organs(model.organs))
    yield Text(model.card.licence or "")
    yield Text(spoken_bytes(size_of(model)))
    yield Text(STATES[known.place], style="green")


def _row_of_entry(entry: Entry) -> Iterator[Text]:
    yield _name(entry.name, "")
    yield Text(entry.title)
    yield Text(entry.card.licence or "")
    yield Text(spoken_bytes(entry.size) if entry.size else "")
    yield Text(AVAILABLE, style="dim")


def _name(name: str, style: str) -> Text:
    """A name on one line, if it isn't very long, so that it can be copied."""
    return Text(name, style, no_wrap=len(name) <= SHORT, overflow="fold")


def tell_of_model(name: str, model: Model) -> None:
    """Print what is known of a model that is here."""
    place = next((each.place for each in find_known_models() if each.folder == model.folder), "")
    _print_facts(name, _facts_of_model(model, STATES.get(place, "")))


def tell_of_entry(entry: Entry) -> None:
    """Print what is known of a model that can be installed."""
    _print_facts(entry.name, _facts_of_entry(entry))


def conclude(model: Model) -> None:
    """Say what was installed, and how it is used."""
    folds = ", ".join(trained_folds(model))
    console.print(
        f"Installed {model.name}: {counted_organs(model.organs)}, folds {folds}, "
        f"{spoken_bytes(size_of(model))} in {model.folder}.",
        soft_wrap=True,
    )
    if model.card.licence:
        page = f" ({model.card.licence_url})" if model.card.licence_url else ""
        console.print(f"Its licence is {model.card.licence}{page}.", soft_wrap=True)
    command = f"abdoseg predict CT.nii.gz --model {model.name} --output RESULTS"
    console.print(f"Use it in napari's panel Segment, or with: {command}", soft_wrap=True)


def counted_organs(organs: Iterable[object]) -> str:
    """How many organs there are."""
    number = len(list(organs))
    return f"{number} organ{'' if number == 1 else 's'}"


def _facts_of_model(model: Model, state: str) -> Iterator[Fact]:
    yield "title", model.card.title
    yield "", model.card.description or model.description
    yield "state", state
    yield "folder", model.folder
    yield "size", spoken_bytes(size_of(model))
    yield "organs", _named([organ.name for organ in model.organs])
    yield from _facts_of_card(model.card)
    yield "configurations", ", ".join(model.planned.configurations)
    yield "folds", ", ".join(trained_folds(model))
    yield "test", "recorded" if model.card.test else "none"
    entry = find_entry(model.card.origin.catalogue or "") if model.card.origin else None
    yield "untried", entry and entry.content.untried
    yield "SHA-256", model_hash(model)
    origin = model.card.origin
    if origin:
        yield "from", origin.url
        yield "its SHA-256", origin.sha256
        yield "installed", origin.installed


def _facts_of_entry(entry: Entry) -> Iterator[Fact]:
    content = entry.content
    yield "title", entry.title
    yield "", entry.card.description
    yield "state", AVAILABLE
    yield "download", spoken_bytes(entry.size) if entry.size else None
    yield "organs", _named(content.organs)
    yield from _facts_of_card(entry.card)
    yield "folds", content.folds
    if content.spacing_mm:
        yield "spacing", " × ".join(f"{mm:g}" for mm in content.spacing_mm) + " mm"
    yield "terms", content.terms
    for part in content.parts:
        yield "from", part.url
        known = known_download(part.url)
        first = f"{known.sha256}, kept on {known.since}" if known else None
        yield "its SHA-256", part.sha256 or first or "not known before the first download"
    yield "untried", content.untried
    for fact, where in content.read.items():
        yield f"{fact} read in", where


def _facts_of_card(card: ModelCard) -> Iterator[Fact]:
    for name, parts in card.merged.items():
        yield "merged", f"{name} from {', '.join(parts)}"
    yield "axes", "RAS" if card.axes == "RAS" else "as stored"
    if card.region:
        margins = " × ".join(f"{mm:g}" for mm in card.region.margins)
        organs = ", ".join(card.region.organs or ["what it finds"])
        yield "region", f"{organs}, by a model of its own, and {margins} mm around it (S × P × L)"
    yield "licence", " ".join(filter(None, (card.licence, card.licence_url))) or "not stated"
    yield "source", card.source
    yield "citation", card.citation
    yield "checkpoint", card.checkpoint


def _named(organs: list[str]) -> str:
    return f"{len(organs)}: {', '.join(organs)}"


def _print_facts(name: str, facts: Iterable[Fact]) -> None:
    """Print facts a line each, and nothing of those that aren't known."""
    console.print(name, style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for fact, value in facts:
        if value not in (None, ""):
            table.add_row(fact, Text(str(value)))
    console.print(table)
