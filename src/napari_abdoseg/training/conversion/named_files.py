"""Data sets whose cases are told by the names of their files alone, in any folders.

AbdomenCT-1K: Ma et al., IEEE TPAMI 44 (2022), https://github.com/JunMa11/AbdomenCT-1K; its
archives unpack to ``AbdomenCT-1K-ImagePart1`` to ``3`` and ``Mask``, and which cases are for
testing comes as a list. BTCV: Landman et al., MICCAI multi-atlas labeling beyond the cranial
vault (2015), https://www.synapse.org/Synapse:syn3193805. LiTS: Bilic et al., Medical Image
Analysis 84 (2023). KiTS: Heller et al., Medical Image Analysis 67 (2021),
https://github.com/neheller/kits23; the challenge of 2021 has several opinions on a case, of
which their majority is taken. PANORAMA: Alves et al., https://doi.org/10.5281/zenodo.10599559;
four archives of images (https://zenodo.org/records/13715870, 13742336, 11034011, 10999754) and
the repository https://github.com/DIAGNijmegen/panorama_labels, where the tumour of a case in
``manual_labels`` was drawn by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import has_image_suffix, stem
from napari_abdoseg.image.names.published_schemes import scheme_values
from napari_abdoseg.training.conversion.source import Source, SourceCase

ANYWHERE = r"(.*/)?"


@dataclass(frozen=True)
class NamedFiles:
    """A layout, as patterns of paths for each kind of file.

    A path is that in the data set's folder, that folder's name in front, without its ending;
    capital letters count as small ones. A group ``key`` tells which files belong together, a
    group ``patient``, if there is one, which cases are of one patient.

    Parameters
    ----------
    name : str
    layout : str
        For the user.
    case : str
        Name of a case, with its key in braces.
    image : str
        Regular expression.
    labels : tuple of str
        Regular expressions; of the label maps of a case that of the first one is taken.
    test : str, optional
        That of an image for testing.
    test_case : str, optional
        Name of a case for testing; as that of others by default.
    scheme : mapping of str to int, optional
        Value of each organ, where the data set says so.
    about : mapping, optional
        What goes into ``dataset.json``.
    """

    name: str
    layout: str
    case: str
    image: str
    labels: tuple[str, ...]
    test: str | None = None
    test_case: str | None = None
    scheme: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, folder: Path, labels: Path | None) -> bool:
        """Whether the folder is laid out so, and has no labels of its own naming."""
        if (folder / "dataset.json").exists():
            return False
        return bool(_found(folder, self.image) and _found(labels or folder, *self.labels))

    def read(self, folder: Path, labels: Path | None) -> Source:
        """Find images and label maps, however deep they lie.

        Raises
        ------
        AbdosegError
            Two files have one key.
        """
        known, images = _found(labels or folder, *self.labels), _found(folder, self.image)
        tests = _found(folder, self.test) if self.test else {}
        tested = {file.path for file in tests.values()}
        cases = [
            SourceCase(
                self.case.format(key=key),
                (file.path,),
                known[key].path if key in known else None,
                patient=file.patient,
            )
            for key, file in images.items()
            if file.path not in tested
        ]
        cases += [
            SourceCase((self.test_case or self.case).format(key=key), (file.path,), test=True)
            for key, file in tests.items()
        ]
        orphans = tuple(file.path for key, file in known.items() if key not in images)
        return Source(self.name, folder, tuple(cases), self.scheme, ("CT",), orphans, self.about)


@dataclass(frozen=True)
class _File:
    path: Path
    rank: int
    patient: str | None


def _found(folder: Path, *patterns: str) -> dict[str, _File]:
    """The file of each key that fits the first pattern that any fits."""
    found: dict[str, _File] = {}
    known = [re.compile(ANYWHERE + each, re.IGNORECASE) for each in patterns]
    above, own = len(folder.parts), folder.absolute().name
    for path in sorted(filter(has_image_suffix, folder.rglob("*")), key=attrgetter("parts")):
        place = "/".join((own, *path.parts[above:-1], stem(path)))
        matches = (each.fullmatch(place) for each in known)
        fit = next(((rank, match) for rank, match in enumerate(matches) if match), None)
        if fit is None or not path.is_file():
            continue
        rank, match = fit
        file = _File(path, rank, match.groupdict().get("patient"))
        other = found.setdefault(match["key"], file)
        if other.rank == rank and other is not file:
            raise AbdosegError(
                f"{other.path} and {path} are of one case: keep one of them in this data set."
            )
        if rank < other.rank:
            found[match["key"]] = file
    return found


ABDOMENCT1K = NamedFiles(
    "abdomenct1k",
    "images Case_00001_0000.nii.gz and masks Case_00001.nii.gz, in any folders",
    "Case_{key}",
    r"Case_(?P<key>\d{5})_0000",
    (r"Case_(?P<key>\d{5})",),
    scheme=scheme_values("abdomenct1k"),
    about={"name": "AbdomenCT-1K", "reference": "https://github.com/JunMa11/AbdomenCT-1K"},
)
PANORAMA = NamedFiles(
    "panorama",
    "images 100000_00001_0000.nii.gz in any folders, and 100000_00001.nii.gz in folders "
    "manual_labels and automatic_labels",
    "{key}",
    r"(?P<key>(?P<patient>\d{6})_\d{5})_0000",
    (r"manual_labels/(?P<key>\d{6}_\d{5})", r"automatic_labels/(?P<key>\d{6}_\d{5})"),
    scheme=scheme_values("panorama"),
    about={
        "name": "PANORAMA",
        "reference": "https://github.com/DIAGNijmegen/panorama_labels",
        "licence": "CC BY-NC 4.0",
    },
)
KITS = NamedFiles(
    "kits",
    "folders case_00000 with imaging.nii.gz and segmentation.nii.gz",
    "case_{key}",
    r"case_(?P<key>\d{5})/imaging",
    (r"case_(?P<key>\d{5})/(segmentation|aggregated_MAJ_seg)",),
    about={"name": "KiTS", "reference": "https://kits-challenge.org"},
)
LITS = NamedFiles(
    "lits",
    "volume-0.nii and segmentation-0.nii, in any folders",
    "volume-{key}",
    r"volume-(?P<key>\d+)",
    (r"segmentation-(?P<key>\d+)",),
    r"test-volume-(?P<key>\d+)",
    "test-volume-{key}",
    about={"name": "LiTS", "reference": "https://competitions.codalab.org/competitions/17094"},
)
BTCV = NamedFiles(
    "btcv",
    "img/img0001.nii.gz and label/label0001.nii.gz, in any folders",
    "img{key}",
    r"img(?P<key>\d{4})",
    (r"label(?P<key>\d{4})",),
    r"Testing/(.*/)?img(?P<key>\d{4})",
    about={"name": "BTCV", "reference": "https://www.synapse.org/Synapse:syn3193805"},
)
