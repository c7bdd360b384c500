"""The three folders that nnU-Net works in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.training.raw_dataset import RawDataset


@dataclass(frozen=True)
class Folders:
    """nnU-Net's folders, for one data set.

    Parameters
    ----------
    dataset : RawDataset
    work : Path
        Holds ``nnUNet_preprocessed`` and ``nnUNet_results``.
    """

    dataset: RawDataset
    work: Path

    @property
    def preprocessed(self) -> Path:
        """Fingerprint, plans and preprocessed cases of the data set."""
        return self.work / "nnUNet_preprocessed" / self.dataset.name

    @property
    def results(self) -> Path:
        """Trained configurations of the data set."""
        return self.work / "nnUNet_results" / self.dataset.name

    def environment(self) -> dict[str, str]:
        """Variables by which nnU-Net finds the folders."""
        return {
            "nnUNet_raw": str(self.dataset.folder.parent),
            "nnUNet_preprocessed": str(self.preprocessed.parent),
            "nnUNet_results": str(self.results.parent),
        }

    def plans(self, identifier: str) -> Path:
        """File of plans."""
        return self.preprocessed / f"{identifier}.json"

    def trained(self, trainer: str, plans: str, configuration: str) -> Path:
        """Model folder of a configuration."""
        return self.results / f"{trainer}__{plans}__{configuration}"
