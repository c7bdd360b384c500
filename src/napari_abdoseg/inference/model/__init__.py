"""Model folders as nnU-Net leaves them: read, checked, and loaded as ensembles."""

from napari_abdoseg.inference.model.known_models import known_models, models_folder
from napari_abdoseg.inference.model.model_folder import Model, read_model, require_same_labels

__all__ = ["Model", "known_models", "models_folder", "read_model", "require_same_labels"]
