"""Cards of models that are installed: fitted to the model, with its hash and where it is from."""

from __future__ import annotations

from typing import Any

from napari_abdoseg.inference.model.card import ModelCard, Origin
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.progress import spoken_names

NAMED = 5
"""How many names that a model doesn't have are told before they are only counted."""


def card_of_installed(
    card: ModelCard, dataset: dict[str, Any], origin: Origin
) -> tuple[ModelCard, str]:
    """A card without names that the model doesn't have, and what is left out, in words.

    The catalogue names organs as the publisher lists them, and the model itself has the last
    word.

    Parameters
    ----------
    card : ModelCard
    dataset : dict
        Of ``dataset.json``.
    origin : Origin
    """
    labels = dataset.get("labels")
    names = set(labels) if isinstance(labels, dict) else set()
    merged = {name: parts for name, parts in card.merged.items() if names.issuperset(parts)}
    known = names.difference(*merged.values()) | set(merged)
    groups = {group: [each for each in of if each in known] for group, of in card.groups.items()}
    shown = [name for name in card.shown or () if name in known]
    fitted = {
        "merged": merged,
        "groups": {group: of for group, of in groups.items() if of},
        "shown": shown or None,
    }
    mentioned = {*(card.shown or ()), *(each for of in card.groups.values() for each in of)}
    missing = sorted((mentioned | set(card.merged)) - known)
    changes = {key: value for key, value in fitted.items() if value != getattr(card, key)}
    words = spoken_names(missing, NAMED)
    told = f"The model doesn't know {words}, which its card names." if missing else ""
    return card.model_copy(update=changes | {"origin": origin, "sha256": None}), told


def trained_folds(model: Model) -> tuple[str, ...]:
    """The folds of a model that have weights."""
    return tuple(fold for fold in model.folds if model.checkpoint(fold).is_file())


def model_hash(model: Model) -> str:
    """SHA-256 of a model with all its folds."""
    return model.sha256(trained_folds(model))
