"""A model that every worker must have to the bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from napari_abdoseg.inference.model.model_folder import PACKAGED, models_folder
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration

PART = 8 * 2**20
"""Bytes that travel at a time; the scheduler passes them on."""


@dataclass(frozen=True)
class NeededModel:
    """Files of a model's folds, those of a cascade's first stage among them.

    Parameters
    ----------
    name : str
        Of the model's folder.
    root : str
        The folder that it is in where it is asked for.
    files : tuple of (str, str)
        Path below ``root`` and SHA-256 of each.
    whole : tuple of str
        Folders below ``root`` of which all folds work, so that they may hold no others.
    """

    name: str
    root: str
    files: tuple[tuple[str, str], ...]
    whole: tuple[str, ...]

    @classmethod
    def of(cls, trained: TrainedConfiguration) -> Self:
        """The model of some trained folds."""
        root = trained.model.folder.parent
        stages = [stage for stage in (trained.previous_stage, trained) if stage is not None]
        paths = [path for stage in stages for path in stage.model.files(stage.folds)]
        files = tuple((path.relative_to(root).as_posix(), _sha256(path)) for path in paths)
        whole = [stage.model for stage in stages if stage.folds == stage.model.folds]
        names = tuple(model.folder.name for model in whole)
        return cls(trained.model.folder.name, str(root), files, names)

    @property
    def sha256(self) -> str:
        """Of all files."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()

    def is_in(self, root: Path) -> bool:
        """Whether a folder holds it, in which this process may read."""
        try:
            return not self._has_others(root) and all(
                _sha256(root / path) == sha256 for path, sha256 in self.files
            )
        except OSError:
            return False

    def _has_others(self, root: Path) -> bool:
        """Whether there are folds that would work though they are not needed."""
        needed = {(root / path).parent for path, _ in self.files}
        return any(not needed.issuperset((root / name).glob("fold_*")) for name in self.whole)

    def find(self) -> Path | None:
        """Where this machine has it: in the same place, under its name, or received before."""
        places = (Path(self.root), PACKAGED, models_folder(), received_models() / self.sha256)
        root = next((place for place in places if self.is_in(place)), None)
        return root and root / self.name

    @property
    def size(self) -> int:
        """Bytes of all files, where it is asked for."""
        return sum((Path(self.root) / path).stat().st_size for path, _ in self.files)

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """All files in parts, each with its path below ``root``."""
        for path, _ in self.files:
            with (Path(self.root) / path).open("rb") as file:
                while part := file.read(PART):
                    yield path, part


def received_models() -> Path:
    """Where a machine keeps models that others have sent, by their SHA-256."""
    import platformdirs

    return platformdirs.user_cache_path("napari-abdoseg", appauthor=False) / "models"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
