"""What the files of a cohort's folders are: scans, their further channels, label maps.

Layouts that occur: ``s0001/ct.nii.gz`` beside ``s0001/segmentations/`` (TotalSegmentator),
``case_00000/imaging.nii.gz`` beside ``segmentation.nii.gz`` (KiTS), ``imagesTr`` beside
``labelsTr`` (nnU-Net, Medical Segmentation Decathlon), ``img`` beside ``label`` (BTCV),
``sub-01/ct/sub-01_ct.nii.gz`` beside ``derivatives`` (BIDS).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.image.nifti.volumes import case_name, holds_labels
from napari_abdoseg.progress import Progress, Work

STAGE = "Looking for scans"
MOST_CHANNELS = 4
"""Files of one name with more numbers than that are cases, unless a dataset.json counts more."""
EXAMPLES = 3

_GENERIC = {"ct", "image", "imaging", "img", "scan", "volume"}
"""Names that say what a file is and not of whom."""
_CHANNEL = re.compile(r"(.+)_(\d{4})", re.DOTALL | re.ASCII)
_LABELS_BESIDE = re.compile(r"labels(tr|ts|val)", re.IGNORECASE)
_SEGMENTATIONS = "segmentations"


@dataclass(frozen=True)
class Tree:
    """Files of a cohort, sorted out.

    Parameters
    ----------
    scans : tuple of Path
    label_maps, channels : tuple of Path
        What was left out.
    """

    scans: tuple[Path, ...]
    label_maps: tuple[Path, ...] = ()
    channels: tuple[Path, ...] = ()

    @property
    def notices(self) -> Iterator[str]:
        """What the user is to be told of what was left out."""
        if self.label_maps:
            yield f"{_listed(self.label_maps)} left out: label maps, not scans."
        if self.channels:
            yield (
                f"{_listed(self.channels)} left out: further channels of scans, of which the "
                "first (_0000) is segmented."
            )


def sorting(files: Sequence[Path], known: Mapping[Path, bool] | None = None) -> Work[Tree]:
    """Tell scans from label maps and further channels, reading as little as is needed.

    A file that can't be read, for whatever reason, counts as a scan, so that its fault is told
    as that of one case.

    Parameters
    ----------
    files : sequence of Path
    known : mapping of Path to bool, optional
        Whether files that were looked at before hold labels.
    """
    known = known or {}
    channels = set(_further_channels(files))
    beside: dict[Path, int] = Counter(path.parent for path in files)
    scans: list[Path] = []
    label_maps: list[Path] = []
    for done, path in enumerate(files):
        yield Progress(STAGE, done, len(files))
        if path in channels:
            continue
        is_labels = known.get(path)
        if is_labels is None:
            is_labels = _is_kept_as_labels(path, beside) or _holds_labels(path)
        (label_maps if is_labels else scans).append(path)
    return Tree(tuple(scans), tuple(label_maps), tuple(sorted(channels)))


def names_in(root: Path, scans: Sequence[Path]) -> dict[Path, str]:
    """Names of the cases of the scans in a folder and below it.

    A scan has the name of its file. One that is called ``ct``, or the like, has the name of
    its folder, and of those above as far as names are the same; so has one whose file's name
    is that of another, before its own.
    """
    return _told_apart({path: list(_candidates(root, path)) for path in scans})


def names_of(scans: Sequence[Path]) -> dict[Path, str]:
    """Names of the cases of scans that were named one by one: of their files, or, where several
    have one name, of their folders too."""
    return _told_apart(
        {
            path: [case_name(path), *_candidates(path.absolute().parent.parent, path.absolute())]
            for path in scans
        }
    )


def as_on_any_disk(name: str) -> str:
    """The same for names that some disk takes for one: by capitals, or how accents are written."""
    return unicodedata.normalize("NFC", name).casefold()


def _told_apart(candidates: dict[Path, list[str]]) -> dict[Path, str]:
    """The first candidate that no other has, or the last."""
    levels = dict.fromkeys(candidates, 0)
    while True:
        names = {path: candidates[path][level] for path, level in levels.items()}
        count = Counter(map(as_on_any_disk, names.values()))
        more = [
            path
            for path, level in levels.items()
            if count[as_on_any_disk(names[path])] > 1 and level + 1 < len(candidates[path])
        ]
        if not more:
            return names
        for path in more:
            levels[path] += 1


def _candidates(root: Path, path: Path) -> Iterator[str]:
    name = case_name(path)
    folders = path.parent.relative_to(root).parts or (root.resolve().name,)
    folders = tuple(folder for folder in folders if folder.lower() not in _GENERIC)
    is_generic = name.lower() in _GENERIC
    if not is_generic or not folders:
        yield name
    for depth in range(1, len(folders) + 1):
        yield "_".join((*folders[-depth:], *(() if is_generic else (name,))))
    if is_generic and folders:
        yield "_".join((*folders, name))


def _is_kept_as_labels(path: Path, files_in: dict[Path, int]) -> bool:
    """Whether a layout tells so that the file need not be looked at."""
    folder = path.parent
    if _LABELS_BESIDE.fullmatch(folder.name):
        return (folder.parent / f"images{folder.name[len('labels') :]}").is_dir()
    return folder.name.lower() == _SEGMENTATIONS and folder.parent in files_in


def _holds_labels(path: Path) -> bool:
    try:
        return holds_labels(path)
    except Exception:  # is told of when the scan's turn comes
        return False


def _further_channels(files: Sequence[Path]) -> Iterator[Path]:
    """Files ``x_0001`` and so on that are of one scan with ``x_0000``."""
    numbered: dict[tuple[Path, str], dict[int, Path]] = defaultdict(dict)
    for path in files:
        if match := _CHANNEL.fullmatch(stem(path)):
            numbered[path.parent, match[1]][int(match[2])] = path
    for (folder, _), paths in numbered.items():
        others = [path for number, path in paths.items() if number]
        if not others or 0 not in paths:
            continue
        stated = _stated_channels(folder)
        if stated is None and len(paths) <= MOST_CHANNELS:
            yield from (path for path in others if _on_one_grid(paths[0], path))
        else:
            yield from (path for number, path in paths.items() if 0 < number < (stated or 1))


def _stated_channels(folder: Path) -> int | None:
    """How many channels nnU-Net's or the Decathlon's dataset.json counts, if there is one."""
    for place in (folder, folder.parent):
        try:
            content = json.loads((place / "dataset.json").read_text(encoding="utf-8"))
            return len(content.get("channel_names") or content["modality"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return None


def _on_one_grid(one: Path, other: Path) -> bool:
    try:
        return load_grid(one).matches(load_grid(other))
    except Exception:  # is told of when the scan's turn comes
        return False


def _listed(files: Sequence[Path]) -> str:
    some = ", ".join(map(str, files[:EXAMPLES]))
    more = len(files) - EXAMPLES
    return f"{some} and {more} more files" if more > 0 else some
