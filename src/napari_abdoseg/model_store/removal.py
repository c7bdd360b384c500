"""Installed models removed again."""

from __future__ import annotations

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.known_models import KnownModel, find_known_models, models_folder
from napari_abdoseg.model_store.staging import remove_folder


def remove_model(name: str) -> KnownModel:
    """Remove a model that was installed or trained on this machine, as a whole.

    Raises
    ------
    ModelError
        There is none of this name, or it is kept by another program.
    SaveError
        It can't be removed.
    """
    known = next((model for model in find_known_models() if model.name == name), None)
    if known is None:
        installed = [model.name for model in find_known_models() if model.place == "installed"]
        raise ModelError(
            f"No model {name!r} is installed: in {models_folder()} are "
            f"{', '.join(installed) or 'none'}."
        )
    if known.place == "package":
        raise ModelError(f"{name} comes with the package, and is removed with it alone.")
    if known.place != "installed":
        raise ModelError(
            f"{name} belongs to {known.place}, which may need it: delete {known.folder} yourself "
            "if it doesn't."
        )
    remove_folder(known.folder)
    return known
