"""The bile duct that a label map has, as a candidate: measured again when it changes."""

from __future__ import annotations

from napari.layers import Labels

from napari_abdoseg.anatomy.bile_duct import BileDuct, is_duct, measure_duct
from napari_abdoseg.plugin.organs.finding import Finding
from napari_abdoseg.plugin.organs.measuring import OrganTable

NAME = "candidate bile duct"
CANDIDATE = "{}\n(candidate)"
"""What the list calls it: whoever labelled it, often a network, may be wrong."""
WORDS = "It is a place to look, never a finding."
MEASURING = "The candidate bile duct is being measured…"


class DuctFinding(Finding[BileDuct]):
    """Measures the duct in a thread, and says why where it can't be followed.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        super().__init__(layer, measure_duct, is_duct, has_duct)

    @property
    def duct(self) -> BileDuct | None:
        """The duct, where it can be followed."""
        return self.result

    @property
    def words(self) -> str:
        """What the duct is like, or why that is not known."""
        if self.duct is not None:
            return f"{NAME.capitalize()}: {self.duct.words}. {WORDS}"
        return self.problem or MEASURING


def has_duct(table: OrganTable) -> bool:
    """Whether a label map has an organ that is called as bile ducts are, and voxels of it."""
    return any(is_duct(organ) for organ in table.measures)
