"""Folds of models that were read and checked, for whoever is to load them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration


@dataclass(frozen=True, eq=False)
class ChosenFolds:
    """Folds of a checked model, without their weights, so that they travel to other processes.

    Parameters
    ----------
    model : Model
    folds : tuple of str
    first_stage : ChosenFolds, optional
        That of a cascade.
    sha256 : str, optional
        Of all files, by which other machines know them; see `with_sha256`.
    """

    model: Model
    folds: tuple[str, ...]
    first_stage: ChosenFolds | None = None
    sha256: str = ""

    @classmethod
    def of(cls, trained: TrainedConfiguration) -> Self:
        """Folds that were loaded."""
        first = trained.previous_stage
        return cls(trained.model, trained.folds, None if first is None else cls.of(first))

    def with_sha256(self) -> Self:
        """The same with the hash of its files, which are read for it.

        Raises
        ------
        OSError
            One can't be read.
        """
        return replace(self, sha256=self._hash())

    @property
    def root(self) -> Path:
        """The folder that the model's folder is in."""
        return self.model.folder.parent

    @property
    def files(self) -> list[Path]:
        """All that predictions depend on, those of a cascade's first stage before its own."""
        first = self.first_stage.files if self.first_stage else []
        return [*first, *self.model.files(self.folds)]

    def below(self, root: Path) -> Self:
        """The same model where its folder is in another one; it is not checked again."""
        return self._moved(self.root, root)

    def is_in(self, root: Path) -> bool:
        """Whether a folder holds the same files, in which this process may read."""
        try:
            return self.below(root)._hash() == self.sha256
        except OSError:
            return False

    def _moved(self, before: Path, root: Path) -> Self:
        first = self.first_stage and self.first_stage._moved(before, root)
        folder = root / self.model.folder.relative_to(before)
        return replace(self, model=self.model.in_folder(folder), first_stage=first)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.relative_to(self.root).as_posix()!r} {content}\n".encode())
        digest.update(self.model.effect_of_card)
        return digest.hexdigest()
