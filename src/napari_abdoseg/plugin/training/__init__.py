"""A user watches how the folds of a training are doing."""

from napari_abdoseg.plugin.training.widget import TrainingWidget

__all__ = ["TrainingWidget"]
