"""How results are to be made: by which networks, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from napari_abdoseg.batch.case_logits import LOGITS
from napari_abdoseg.batch.case_report import Report
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preset import find_preset

SHOWN_DIGITS = 8


@dataclass(frozen=True, order=True)
class Networks:
    """Folds of a model in a configuration.

    Parameters
    ----------
    name : str
        Of the model.
    sha256 : str
        Of its folds and of what describes them.
    configuration : str
    folds : tuple of str
    """

    name: str
    sha256: str
    configuration: str
    folds: tuple[str, ...]

    @property
    def words(self) -> str:
        """All of it, such as ``"demo (3d_fullres, folds 0, 1, SHA-256 1f2e3d4c…)"``."""
        folds, digits = ", ".join(self.folds), self.sha256[:SHOWN_DIGITS]
        return f"{self.name} ({self.configuration}, folds {folds}, SHA-256 {digits}…)"

    @property
    def identity(self) -> tuple[str, str, tuple[str, ...]]:
        """What tells them from others; a name does not."""
        return self.sha256, self.configuration, self.folds


@dataclass(frozen=True)
class Recipe:
    """How the results of a run are made: what is asked of which networks.

    Parameters
    ----------
    networks : tuple of Networks
        All that work, the first stage of a cascade before its second.
    preset : str
    disagreement : bool
        It is also asked where folds disagree.
    logits : bool
        The networks' logits are kept, too.
    """

    networks: tuple[Networks, ...]
    preset: str
    disagreement: bool = False
    logits: bool = False

    @classmethod
    def of(
        cls, ensemble: Ensemble, preset: str, disagreement: bool = False, logits: bool = False
    ) -> Self:
        """Recipe of a run with an ensemble.

        Raises
        ------
        AbdosegError
            There is no such preset, a single fold has none to disagree with, or logits of several
            configurations would have to be kept.
        """
        used = find_preset(preset).used
        if disagreement and sum(len(used(each.folds)) for each in ensemble.configurations) < 2:
            raise AbdosegError(
                "A single fold has none to disagree with: use more folds and a preset that has "
                "all of them work, or leave out the disagreement."
            )
        if logits and len(ensemble.configurations) > 1:
            raise AbdosegError(
                "Logits are kept of one configuration, not of several that are averaged: choose "
                "one, or leave out --keep-logits."
            )
        networks = tuple(
            Networks(
                trained.model.name,
                trained.sha256(used(trained.folds)),
                trained.name,
                used(trained.folds),
            )
            for trained in ensemble.stages
        )
        return cls(networks, preset, disagreement, logits)

    @classmethod
    def from_report(cls, report: Report) -> Self:
        """Recipe of the result that a report is of.

        Raises
        ------
        KeyError, TypeError
            It does not say.
        """
        networks = tuple(_networks(entry) for entry in report["models"])
        return cls(networks, str(report["preset"]), "review" in report, LOGITS in report)

    def is_met_by(self, other: Recipe) -> bool:
        """Whether a result that was made so is one of the same networks and preset."""
        return self.preset == other.preset and _alike(self.networks) == _alike(other.networks)

    @property
    def words(self) -> str:
        """For the user."""
        return f"{' and '.join(each.words for each in self.networks)}, preset {self.preset}"


def _networks(entry: Mapping[str, Any]) -> Networks:
    folds = tuple(map(str, entry["folds"]))
    return Networks(str(entry["name"]), str(entry["sha256"]), str(entry["configuration"]), folds)


def _alike(networks: Iterable[Networks]) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(each.identity for each in networks)
