"""The networks that made a label map: found again, so that one of them can learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from napari_abdoseg.errors import CorrectionError, ModelError
from napari_abdoseg.inference.model.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.progress import Progress, Work

CHECKING = "Checking the model"


@dataclass(frozen=True)
class Networks:
    """What is told of the networks that made a label map, or its logits.

    Parameters
    ----------
    name : str
        Of the model; empty where it isn't told.
    folds : tuple of str
        That could work, of which the first ones have; empty for all.
    sha256 : str
        Hash of the model and the folds that have worked; empty where it isn't told.
    """

    name: str = ""
    folds: tuple[str, ...] = ()
    sha256: str = ""

    @classmethod
    def told(cls, entry: Mapping[str, Any] | None, sha256: object) -> Self:
        """Those of an entry such as reports, and layers, have; anything else says nothing."""
        of = entry or {}
        folds = of.get("folds")
        return cls(
            _text(of.get("name")),
            tuple(map(str, folds)) if isinstance(folds, list) else (),
            _text(sha256),
        )


def loading_first_fold(
    networks: Networks, others: Iterable[str] = (), device: str = "auto"
) -> Work[Ensemble]:
    """Load the first fold of the model that made a label map, if that is on this machine.

    Parameters
    ----------
    networks : Networks
    others : iterable of str, optional
        Names or folders of models that it may be, besides the one by the name that is told.
    device : str, optional
        See `load_ensemble`.

    Raises
    ------
    CorrectionError
        It isn't told which, or no model here is that one, file for file.
    AbdosegError
        See `load_ensemble`.

    Examples
    --------
    >>> from napari_abdoseg import load_ensemble
    >>> from napari_abdoseg.inference.model.networks import Networks, loading_first_fold
    >>> from napari_abdoseg.progress import drain
    >>> trained = load_ensemble("demo", [1, 2], "cpu").configurations[0]
    >>> made_by = Networks("demo", ("1", "2"), trained.sha256(("1", "2")))
    >>> drain(loading_first_fold(made_by, device="cpu")).configurations[0].folds
    ('1',)
    """
    if not networks.sha256:
        raise CorrectionError(
            "It isn't known which model made this label map, so none can learn from it: segment "
            "the CT again."
        )
    is_another = False
    for name in dict.fromkeys(filter(None, (networks.name, *others))):
        try:
            model = read_model(name)
            folds = model.choose_folds(networks.folds or None)
        except ModelError:
            continue
        for count in range(len(folds), 0, -1):
            yield Progress(CHECKING, 0, 0)
            if model.sha256(folds[:count]) == networks.sha256:
                return (yield from loading_ensemble(model, folds[:1], device))
        is_another = is_another or name == networks.name
    called = f"The model {networks.name}" if networks.name else "The model"
    if is_another:
        raise CorrectionError(
            f"{called} is another one here than the one that made this label map: install that "
            "one, or segment the CT again."
        )
    raise CorrectionError(
        f"{called} that made this label map is not installed here: install it, or segment the CT "
        "again."
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
