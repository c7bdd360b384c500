"""The field's spellings of organ names, and ours."""

from __future__ import annotations

import re
from functools import cache

from napari_abdoseg.image.names.published_schemes import SCHEMES

_SIDES = {
    **dict.fromkeys(("left", "l", "lt"), "left"),
    **dict.fromkeys(("right", "r", "rt"), "right"),
}
_SHORT = {
    "lk": "left kidney",
    "rk": "right kidney",
    "lag": "left adrenal gland",
    "rag": "right adrenal gland",
    "ivc": "inferior vena cava",
    "svc": "superior vena cava",
    "gb": "gallbladder",
}
_OTHERS = (
    *("lung", "bladder", "uterus", "rectum", "intestine", "bowel", "hepatic artery", "bile duct"),
    *("portal vein", "splenic vein", "hepatic vein", "superior mesenteric vein", "lesion"),
    *("celiac trunk", "body", "bone", "kidney lesion", "liver lesion", "prostate or uterus"),
    *("heart atrium", "heart ventricle"),
)
_SAME = {
    "oesophagus": "esophagus",
    "gall bladder": "gallbladder",
    "bladder": "urinary bladder",
    "adrenal": "adrenal gland",
    "suprarenal gland": "adrenal gland",
    "postcava": "inferior vena cava",
    "vena cava inferior": "inferior vena cava",
    "arota": "aorta",
    "tumour": "tumor",
    "liver tumour": "liver tumor",
    "hepatic tumor": "liver tumor",
    "kidney tumour": "kidney tumor",
    "pancreas tumour": "pancreas tumor",
    "pancreatic tumor": "pancreas tumor",
    "prostate uterus": "prostate or uterus",
    "iliac vena": "iliac vein",
    "clavicula": "clavicle",
    "lung upper lobe": "upper lung lobe",
    "lung middle lobe": "middle lung lobe",
    "lung lower lobe": "lower lung lobe",
}
_PLURALS = {"vertebrae": "vertebra"}
_DECORATION = {
    *("mask", "masks", "seg", "segmentation", "label", "labels", "pred", "prediction", "gt"),
    *("groundtruth", "manual", "auto", "binary", "roi"),
}
_CASE_WORDS = {
    *("case", "patient", "pat", "pt", "sub", "subject", "subj", "ct", "scan", "img", "image"),
    *("volume", "vol", "id"),
}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[a-z])(?=[LR]$)")
_BREAK = re.compile(r"[\W_]+")


def organ_key(name: str) -> str:
    """A name as it is compared: one text for all spellings of one organ.

    ``"Left-Kidney"``, ``"kidney_left"``, ``"LK"`` and ``"left kidneys"`` are
    ``"left kidney"``; a name that the field does not have is written in lower case with
    blanks. Left and right are never one organ with the whole.
    """
    return _known(_words(name)) or " ".join(_words(name))


def organ_of_file(stem: str) -> tuple[str, str]:
    """The case and the organ that a file of one organ is called by.

    Parameters
    ----------
    stem : str
        A file's name without ``.nii.gz``, such as ``"s0001_kidney_left"`` or
        ``"liver_mask"``.

    Returns
    -------
    tuple of str
        ``("s0001", "left kidney")``; a case in front may be missing. Without an organ in
        the name, or with anything else in it, both are empty.
    """
    words = _words(stem)
    while words and words[-1] in _DECORATION:
        words = words[:-1]
    for start in range(len(words)):
        if not all(map(_is_of_case, words[:start])):
            break
        if organ := _known(words[start:]):
            return " ".join(words[:start]), organ
    return "", ""


def _words(name: str) -> tuple[str, ...]:
    parts = _BREAK.split(_HUMP.sub(" ", name.strip()))
    return tuple(part.lower() for part in parts if part)


def _is_of_case(word: str) -> bool:
    return word in _CASE_WORDS or any(letter.isdigit() for letter in word)


def _known(words: tuple[str, ...]) -> str:
    """Our name of an organ; empty if it is none."""
    if len(words) == 1 and words[0] in _SHORT:
        return _SHORT[words[0]]
    whole = _base(words)
    if whole:
        return whole
    for place, word in enumerate(words):
        if word in _SIDES and (base := _base(words[:place] + words[place + 1 :])):
            return f"{_SIDES[word]} {base}"
    return ""


def _base(words: tuple[str, ...]) -> str:
    """Our name of an organ whose side is not told; empty if it is none."""
    words = tuple(_PLURALS.get(word, word) for word in words)
    text = " ".join(words)
    for spelling in (text, text.removesuffix("s")):
        base = _SAME.get(spelling, spelling)
        if base in _bases():
            return base
    return ""


@cache
def _bases() -> frozenset[str]:
    """All organs, without left and right, in lower case."""
    names = {name.lower() for scheme in SCHEMES for name in scheme.names} | {*_OTHERS}
    return frozenset(name.removeprefix("left ").removeprefix("right ") for name in names)
