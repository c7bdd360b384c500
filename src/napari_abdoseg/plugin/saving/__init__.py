"""A user saves corrected label maps, and loses none that is unsaved unasked or in a crash."""

from napari_abdoseg.plugin.saving.label_maps import Saving, saving
from napari_abdoseg.plugin.saving.scan_of import scan_path

__all__ = ["Saving", "saving", "scan_path"]
