"""Label values of published data sets, and how their files are called.

Sources, all as their authors publish them:

- TotalSegmentator, versions 1 and 2: ``totalsegmentator/map_to_binary.py`` of
  https://github.com/wasserth/TotalSegmentator (Wasserthal et al. 2023). The two number the
  same organs differently, and nothing in a file's name tells them apart.
- AbdomenCT-1K: https://github.com/JunMa11/AbdomenCT-1K (Ma et al. 2022).
- FLARE21 and FLARE22: https://flare.grand-challenge.org, https://flare22.grand-challenge.org
  (Ma et al. 2022, 2024).
- AMOS22: its ``dataset.json``, https://amos22.grand-challenge.org (Ji et al. 2022).
- BTCV: https://www.synapse.org/Synapse:syn3193805 (Landman et al. 2015).
- KiTS: ``kits21/configuration/labels.py`` of https://github.com/neheller/kits21; 2019 has no
  cysts of its own, 2023 the same values.
- LiTS: https://arxiv.org/abs/1901.04056 (Bilic et al. 2023).
- Medical Segmentation Decathlon: the ``dataset.json`` of each task,
  http://medicaldecathlon.com (Antonelli et al. 2022).
- PANORAMA: https://github.com/DIAGNijmegen/panorama_labels (Alves et al. 2024).
- PanTS: ``data/README.md`` of https://github.com/MrGiovanni/PanTS (Li et al. 2025).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.organ import Organ

_VERTEBRAE = (
    *(f"vertebra L{number}" for number in range(5, 0, -1)),
    *(f"vertebra T{number}" for number in range(12, 0, -1)),
    *(f"vertebra C{number}" for number in range(7, 0, -1)),
)
_RIBS = tuple(f"{side} rib {number}" for side in ("left", "right") for number in range(1, 13))
_LOBES = (
    *("left upper lung lobe", "left lower lung lobe", "right upper lung lobe"),
    *("right middle lung lobe", "right lower lung lobe"),
)


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{side} {name}" for name in names for side in ("left", "right"))


_TOTAL_1 = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "liver", "stomach", "aorta"),
    *("inferior vena cava", "portal vein and splenic vein", "pancreas"),
    *("right adrenal gland", "left adrenal gland", *_LOBES, *_VERTEBRAE),
    *("esophagus", "trachea", "heart myocardium", "left heart atrium", "left heart ventricle"),
    *("right heart atrium", "right heart ventricle", "pulmonary artery", "brain"),
    *(*_both("iliac artery", "iliac vein"), "small bowel", "duodenum", "colon", *_RIBS),
    *(*_both("humerus", "scapula", "clavicle", "femur", "hip"), "sacrum", "face"),
    *_both("gluteus maximus", "gluteus medius", "gluteus minimus", "autochthon", "iliopsoas"),
    "urinary bladder",
)
_TOTAL_2 = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "liver", "stomach", "pancreas"),
    *("right adrenal gland", "left adrenal gland", *_LOBES, "esophagus", "trachea"),
    *("thyroid gland", "small bowel", "duodenum", "colon", "urinary bladder", "prostate"),
    *(*_both("kidney cyst"), "sacrum", "vertebra S1", *_VERTEBRAE, "heart", "aorta"),
    *("pulmonary vein", "brachiocephalic trunk"),
    *("right subclavian artery", "left subclavian artery"),
    *("right common carotid artery", "left common carotid artery"),
    *(*_both("brachiocephalic vein"), "left atrial appendage", "superior vena cava"),
    *("inferior vena cava", "portal vein and splenic vein"),
    *_both("iliac artery", "iliac vein", "humerus", "scapula", "clavicle", "femur", "hip"),
    "spinal cord",
    *_both("gluteus maximus", "gluteus medius", "gluteus minimus", "autochthon", "iliopsoas"),
    *("brain", "skull", *_RIBS, "sternum", "costal cartilage"),
)
_FOUR = ("liver", "kidney", "spleen", "pancreas")
_FLARE22 = (
    *("liver", "right kidney", "spleen", "pancreas", "aorta", "inferior vena cava"),
    *("right adrenal gland", "left adrenal gland", "gallbladder", "esophagus", "stomach"),
    *("duodenum", "left kidney"),
)
_AMOS = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "esophagus", "liver", "stomach"),
    *("aorta", "inferior vena cava", "pancreas", "right adrenal gland", "left adrenal gland"),
    *("duodenum", "urinary bladder", "prostate or uterus"),
)
_BTCV = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "esophagus", "liver", "stomach"),
    *("aorta", "inferior vena cava", "portal vein and splenic vein", "pancreas"),
    *("right adrenal gland", "left adrenal gland"),
)
_PANTS = (
    *("left adrenal gland", "right adrenal gland", "aorta", "urinary bladder", "celiac artery"),
    *("colon", "common bile duct", "duodenum", "left femur", "right femur", "gallbladder"),
    *("left kidney", "right kidney", "liver", "left lung", "right lung", "pancreas"),
    *("pancreas body", "pancreas head", "pancreas tail", "pancreatic duct", "inferior vena cava"),
    *("prostate", "spleen", "stomach", "superior mesenteric artery", "veins"),
    "pancreatic lesion",
)
_PANORAMA = (*("tumor", "veins", "arteries", "pancreas", "pancreatic duct", "common bile duct"),)


@dataclass(frozen=True)
class Scheme:
    """What the label values of a published data set mean.

    Parameters
    ----------
    key : str
        What a user types.
    title : str
    names : tuple of str
        Of the values 1, 2, 3, …
    files : str, optional
        Regular expression of the last parts of its label maps' paths, with ``/`` between
        them and without ``.nii.gz``; none where no name tells.
    """

    key: str
    title: str
    names: tuple[str, ...]
    files: str = ""

    @property
    def organs(self) -> tuple[Organ, ...]:
        """The names with their values."""
        return tuple(Organ(value, name) for value, name in enumerate(self.names, start=1))

    @property
    def values(self) -> dict[str, int]:
        """The value of each name."""
        return {name: value for value, name in enumerate(self.names, start=1)}

    def fits(self, values: Collection[int]) -> bool:
        """Whether it has all these label values."""
        return max(values, default=0) <= len(self.names)


def _decathlon(number: int, name: str, *organs: str) -> Scheme:
    files = rf"Task{number:02}_[^/]+/(labels[^/]*/)?[^/]+|labels(Tr|Ts)/{name}_\d+"
    title = f"Task{number:02} of the Medical Segmentation Decathlon"
    return Scheme(f"msd-{name}", title, organs, files)


SCHEMES = (
    Scheme("abdomenct1k", "AbdomenCT-1K", _FOUR, r"Case_\d{5}"),
    Scheme("amos22", "AMOS22", _AMOS, r"amos_\d{4}"),
    Scheme("btcv", "BTCV", _BTCV, r"label\d{4}"),
    Scheme("flare21", "FLARE21", _FOUR, r"TrainingMask/train_\d{3}"),
    Scheme("flare22", "FLARE22", _FLARE22, r"FLARE22_Tr_\d{4}|FLARETs_\d{4}"),
    Scheme(
        "kits",
        "KiTS",
        ("kidney", "kidney tumor", "kidney cyst"),
        r"case_\d{5}/(segmentation|aggregated_MAJ_seg)",
    ),
    Scheme("lits", "LiTS", ("liver", "liver tumor"), r"segmentation-\d+"),
    _decathlon(3, "liver", "liver", "liver tumor"),
    _decathlon(6, "lung", "lung tumor"),
    _decathlon(7, "pancreas", "pancreas", "pancreas tumor"),
    _decathlon(8, "hepaticvessel", "hepatic vessel", "liver tumor"),
    _decathlon(9, "spleen", "spleen"),
    _decathlon(10, "colon", "colon tumor"),
    Scheme("panorama", "PANORAMA", _PANORAMA, r"\d{6}_\d{5}"),
    Scheme("pants", "PanTS", _PANTS, r"PanTS_\d{8}(/combined_labels)?"),
    Scheme("totalsegmentator", "TotalSegmentator, version 2", _TOTAL_2),
    Scheme("totalsegmentator-v1", "TotalSegmentator, version 1", _TOTAL_1),
)

TOTALSEGMENTATOR = next(scheme for scheme in SCHEMES if scheme.key == "totalsegmentator")

_MADE_BY_A_MODEL = re.compile(r"pred|infer|output|result|nnunet", re.IGNORECASE)
PARTS = 3
"""How many last parts of a path may tell a data set."""


def find_scheme(key: str) -> Scheme | None:
    """The scheme that a user calls so, whatever the case and punctuation."""
    return next((scheme for scheme in SCHEMES if _plain(key) == _plain(scheme.key)), None)


def fitting_schemes(values: Collection[int]) -> tuple[Scheme, ...]:
    """Schemes that have all these label values, those with the fewest names first."""
    found = (scheme for scheme in SCHEMES if scheme.fits(values))
    return tuple(sorted(found, key=lambda scheme: (len(scheme.names), scheme.title)))


def scheme_values(key: str) -> dict[str, int]:
    """The value of each name of a scheme that is there."""
    return next(scheme.values for scheme in SCHEMES if scheme.key == key)


def recognise(path: Path) -> Scheme | None:
    """The data set whose label maps are called and laid out as this file is.

    Files in folders of predictions have the names of their scans, whatever their labels
    mean: they are recognised as none.
    """
    parts = path.absolute().parts[-PARTS:]
    if any(_MADE_BY_A_MODEL.search(part) for part in parts[:-1]):
        return None
    place = "/".join((*parts[:-1], stem(path)))
    found = [s for s in SCHEMES if s.files and re.search(rf"(^|/)({s.files})$", place)]
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
