"""A CT file and the files of its results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.logits.file import logits_path


@dataclass(frozen=True)
class Case:
    """A CT file and where its results go.

    Parameters
    ----------
    name : str
        As nnU-Net names it: ``case`` for ``case_0000.nii.gz``.
    image : Path
    output : Path
        Folder of the results.
    """

    name: str
    image: Path
    output: Path

    @property
    def labels(self) -> Path:
        """The label map."""
        return self.output / f"{self.name}.nii.gz"

    @property
    def disagreement(self) -> Path:
        """Where folds disagree."""
        return self.output / f"{self.name}_disagreement.nii.gz"

    @property
    def logits(self) -> Path:
        """Logits that hints to a correction go by."""
        return logits_path(self.labels)

    @property
    def report(self) -> Path:
        """What is known of the result."""
        return self.output / f"{self.name}.json"


def require_own_files(cases: Iterable[Case], disagreement: bool) -> None:
    """Make sure that no file is a result of two cases.

    Raises
    ------
    AbdosegError
        Where folds disagree on one case would have the name of another one's label map.
    """
    by_labels = {case.labels: case for case in cases}
    for case in by_labels.values():
        if disagreement and (other := by_labels.get(case.disagreement)):
            raise AbdosegError(
                f"{case.disagreement.name} would be both where folds disagree on {case.name!r} and "
                f"the label map of {other.name!r}: rename {other.image}, segment it into another "
                "folder, or leave out the disagreement."
            )
