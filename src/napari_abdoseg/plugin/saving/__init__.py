"""A user saves corrected label maps, and is asked before unsaved ones leave."""

from napari_abdoseg.plugin.saving.label_maps import Saving, saving
from napari_abdoseg.plugin.saving.scan_of import scan_path

__all__ = ["Saving", "saving", "scan_path"]
