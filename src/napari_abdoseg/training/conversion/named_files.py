"""Data sets whose cases are told by the names of their files alone, in any folders.

BTCV: Landman et al., MICCAI multi-atlas labeling beyond the cranial vault (2015),
https://www.synapse.org/Synapse:syn3193805. LiTS: Bilic et al., Medical Image Analysis 84 (2023).
KiTS: Heller et al., Medical Image Analysis 67 (2021), https://github.com/neheller/kits23; the
challenge of 2021 has several opinions on a case, of which their majority is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion.source import Source, SourceCase

ENDING = r"\.nii(\.gz)?"
ANYWHERE = r"(.*/)?"


@dataclass(frozen=True)
class NamedFiles:
    """A layout, as a pattern of paths below the data set's folder for each kind of file.

    A group ``key`` in each tells which belong together.

    Parameters
    ----------
    name : str
    layout : str
        For the user.
    case : str
        Name of a case, with its key in braces.
    image, labels : str
        Regular expressions.
    test : str, optional
        That of an image for testing.
    test_case : str, optional
        Name of a case for testing; as that of others by default.
    about : mapping, optional
        What goes into ``dataset.json``.
    """

    name: str
    layout: str
    case: str
    image: str
    labels: str
    test: str | None = None
    test_case: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, folder: Path, labels: Path | None) -> bool:
        """Whether the folder is laid out so, and has no labels of its own naming."""
        if (folder / "dataset.json").exists():
            return False
        return bool(_found(folder, self.image) and _found(labels or folder, self.labels))

    def read(self, folder: Path, labels: Path | None) -> Source:
        """Find images and label maps, however deep they lie; labels have no names.

        Raises
        ------
        AbdosegError
            Two files have one key.
        """
        known, images = _found(labels or folder, self.labels), _found(folder, self.image)
        tests = _found(folder, self.test) if self.test else {}
        cases = [
            SourceCase(self.case.format(key=key), (path,), known.get(key))
            for key, path in images.items()
            if path not in tests.values()
        ]
        cases += [
            SourceCase((self.test_case or self.case).format(key=key), (path,), test=True)
            for key, path in tests.items()
        ]
        orphans = tuple(path for key, path in known.items() if key not in images)
        return Source(self.name, folder, tuple(cases), {}, orphans=orphans, about=self.about)


def _found(folder: Path, pattern: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.nii*")):
        match = re.fullmatch(ANYWHERE + pattern + ENDING, path.relative_to(folder).as_posix())
        if match and path.is_file():
            other = found.setdefault(match["key"], path)
            if other is not path:
                raise AbdosegError(
                    f"{other} and {path} are of one case: keep one of them in this data set."
                )
    return found


KITS = NamedFiles(
    "kits",
    "folders case_00000 with imaging.nii.gz and segmentation.nii.gz",
    "case_{key}",
    r"case_(?P<key>\d{5})/imaging",
    r"case_(?P<key>\d{5})/(segmentation|aggregated_MAJ_seg)",
    about={"name": "KiTS", "reference": "https://kits-challenge.org"},
)
LITS = NamedFiles(
    "lits",
    "volume-0.nii and segmentation-0.nii, in any folders",
    "volume-{key}",
    r"volume-(?P<key>\d+)",
    r"segmentation-(?P<key>\d+)",
    r"test-volume-(?P<key>\d+)",
    "test-volume-{key}",
    about={"name": "LiTS", "reference": "https://competitions.codalab.org/competitions/17094"},
)
BTCV = NamedFiles(
    "btcv",
    "img/img0001.nii.gz and label/label0001.nii.gz, in any folders",
    "img{key}",
    r"img(?P<key>\d{4})",
    r"label(?P<key>\d{4})",
    r"Testing/(.*/)?img(?P<key>\d{4})",
    about={"name": "BTCV", "reference": "https://www.synapse.org/Synapse:syn3193805"},
)
