"""Which organs a data set is to have, and what becomes of each label it comes with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.names.label_table import BACKGROUND, IGNORE
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.training.conversion.source import listed


@dataclass(frozen=True)
class LabelMapping:
    """New values of old labels.

    Parameters
    ----------
    organs : tuple of str
        Names in the new data set; their values are 1, 2, 3, …
    values : tuple of (str, int, int)
        Name and value of each old label, and its new value; 0 is background.
    by_name : bool
        Label maps have values of their own: what counts are the names that they give them.
    """

    organs: tuple[str, ...]
    values: tuple[tuple[str, int, int], ...]
    by_name: bool = False

    @property
    def labels(self) -> dict[str, int]:
        """What nnU-Net calls labels: names with their values, and background."""
        return {BACKGROUND: 0, **{name: value for value, name in enumerate(self.organs, start=1)}}

    @property
    def table(self) -> dict[int, int]:
        """New value of each old one."""
        return {0: 0, **{old: new for _, old, new in self.values}}

    @property
    def changes(self) -> bool:
        """Whether any value changes, so that label maps must be written anew."""
        return self.by_name or any(old != new for old, new in self.table.items())

    def table_of(self, labels: LabelMap) -> dict[int, int]:
        """New value of each value of a label map."""
        if not self.by_name:
            return self.table
        new = {_key(name): value for name, _, value in self.values}
        ignored = () if labels.ignored is None else (Organ(labels.ignored, IGNORE),)
        known = (organ for organ in (*labels.organs, *ignored) if _key(organ.name) in new)
        return {0: 0, **{organ.value: new[_key(organ.name)] for organ in known}}


def map_labels(
    scheme: Mapping[str, int],
    renamed: Mapping[str, str] | None = None,
    organs: Sequence[str] = (),
) -> LabelMapping:
    """Rename, merge and choose labels.

    Parameters
    ----------
    scheme : mapping of str to int
        Values by name, as the label maps have them.
    renamed : mapping of str to str, optional
        New names of old ones; several may get one name, and ``background`` removes a
        label. A number stands for a label without a name.
    organs : sequence of str, optional
        New names to keep, in the order of their new values; all by default.

    Raises
    ------
    AbdosegError
        A name is not there, or no organ is left.
    """
    names = {str(value): name for name, value in scheme.items()}
    names |= {_key(name): name for name in scheme}
    values = dict(scheme)
    targets = {name: name for name in scheme}
    for old, new in (renamed or {}).items():
        if _key(old) not in names and not old.isdecimal():
            raise AbdosegError(f"There is no label {old!r} to be mapped: {_known(scheme)}")
        name = names.setdefault(_key(old), old)
        if name not in values:
            values[name] = int(old)
        targets[name] = new
    in_order = sorted(values, key=lambda name: values[name])
    found = [targets[name] for name in in_order]
    kept = _chosen(organs, found) if organs else _in_order(found)
    if not kept:
        raise AbdosegError(f"No organ is left to be trained on: {_known(scheme)}")
    new_values = {_key(name): value for value, name in enumerate(kept, start=1)}
    return LabelMapping(
        kept,
        tuple((name, values[name], new_values.get(_key(targets[name]), 0)) for name in in_order),
    )


def read_map(texts: Iterable[str]) -> dict[str, str]:
    """New names of old ones from ``"left kidney=kidney,right kidney=kidney"``, or from files.

    A file has such a pair a line, or is a JSON object.

    Raises
    ------
    AbdosegError
        A text is neither.
    """
    renamed: dict[str, str] = {}
    for text in texts:
        renamed |= _read_file(Path(text)) if "=" not in text else _read_pairs(text, text)
    return renamed


def _read_file(path: Path) -> dict[str, str]:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AbdosegError(
            f"{str(path)!r} is neither OLD=NEW nor a file of such lines: write for example "
            "--map 'left kidney=kidney,right kidney=kidney'."
        ) from error
    if not content.lstrip().startswith("{"):
        lines = [line for line in content.splitlines() if not line.lstrip().startswith("#")]
        return _read_pairs(",".join(lines), str(path))
    try:
        return {str(old): str(new) for old, new in json.loads(content).items()}
    except ValueError as error:
        raise AbdosegError(f"{path} is no JSON object of old and new names: mend it.") from error


def _read_pairs(text: str, where: str) -> dict[str, str]:
    pairs = [part.split("=") for part in text.split(",") if part.strip()]
    named = [tuple(name.strip() for name in pair) for pair in pairs]
    if not all(len(pair) == 2 and all(pair) for pair in named):
        raise AbdosegError(
            f"{where!r} is not a list of OLD=NEW: write for example "
            "left kidney=kidney,right kidney=kidney."
        )
    return {pair[0]: pair[1] for pair in named}


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Each new name once; ``ignore`` has the highest value, as nnU-Net wants it."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(_key(name), name)
    first.pop(BACKGROUND, None)
    return tuple(sorted(first.values(), key=lambda name: name == IGNORE))


def _chosen(organs: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    known = {_key(name) for name in found}
    for organ in organs:
        if _key(organ) not in known:
            raise AbdosegError(f"There is no organ {organ!r} to be kept, {_advice(organ, found)}")
    return _in_order(organs)


def _advice(organ: str, found: Sequence[str]) -> str:
    """What the user may have meant."""
    parts = [name for name in _in_order(found) if _key(organ) in _key(name)]
    if not parts:
        return f"only {listed(_in_order(found))}: choose of these."
    return "but its parts are: merge them with --map '" + (
        ",".join(f"{part}={organ}" for part in parts) + "'."
    )


def _known(scheme: Mapping[str, int]) -> str:
    if not scheme:
        return "labels have no names here; give them some with --map 1=liver,2=kidney."
    return f"labels are called {listed(scheme)}."


def _key(name: str) -> str:
    """A name as it is compared."""
    return organ_key(name)
