"""Names in a model folder, resolved to objects that may be called, or refused.

nnU-Net imports what plans and checkpoints name, and calls it with arguments of the same
file. Here every name is resolved before anything is called, in the packages where such an
object belongs, and is allowed by the object that it resolves to: a class of the kind that
is wanted, defined in that package itself, or one of a few functions. That an object of
another package can be reached from there does not help it. Arguments are plain values of
the types that the object takes.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError

from napari_abdoseg.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

    from napari_abdoseg.inference.model.plans_schema import Configuration, PlansContent

NETWORKS = "dynamic_network_architectures"
LAYERS, LAYERS_FOR_SHORT = "torch.nn.modules", "torch.nn"
USUAL_RESAMPLING = "resample_data_or_seg_to_shape"
RESAMPLING = frozenset({USUAL_RESAMPLING, "resample_torch_fornnunet", "no_resampling_hack"})
"""nnU-Net's functions that take an image, its new shape and both spacings."""
USUAL_ARGUMENTS = frozenset({"is_seg", "order", "order_z", "force_separate_z"})
"""What the first of them takes of plans."""
USUAL_NAMES = {
    "reader": frozenset({"SimpleITKIO", "NibabelIO", "NibabelIOWithReorient"}),
    "label manager": frozenset({"LabelManager"}),
    "preprocessor": frozenset({"DefaultPreprocessor"}),
    "normalisation": frozenset({"CTNormalization"}),
}
"""nnU-Net's own classes that plans for CT name: known without importing them, and all that they
import, which takes longer than to segment a small scan."""
LARGEST = 1e6
"""No argument of a layer is larger."""


def network_class(name: str, *homes: str) -> type[nn.Module] | None:
    """A class of layers or networks.

    Parameters
    ----------
    name : str
        Module and class, with dots between. No attribute of a class, and no module that
        another has imported, is looked into.
    *homes : str
        Packages or modules of which one must define it.

    Returns
    -------
    type or None
        None if there is no such class, or it is none of these.
    """
    from torch import nn

    place, _, attribute = name.rpartition(".")
    if place != LAYERS_FOR_SHORT and not any(_lies_in(place, each) for each in (LAYERS, NETWORKS)):
        return None
    try:
        module = importlib.import_module(place)
    except ImportError:
        return None
    found = vars(module).get(attribute)
    if not isinstance(found, type) or not issubclass(found, nn.Module):
        return None
    return found if any(_lies_in(found.__module__, home) for home in homes) else None


@cache
def nnunet_class(name: str, package: str, base: type) -> type[Any] | None:
    """A class of nnU-Net's own, by its name alone.

    Parameters
    ----------
    name : str
    package : str
        Where nnU-Net looks for it, which must be where it is defined.
    base : type
        What it must be a kind of.
    """
    found = _found_by_nnunet(name, package)
    if not isinstance(found, type) or not issubclass(found, base) or inspect.isabstract(found):
        return None
    return found if _lies_in(found.__module__, package) else None


@cache
def resampling_function(name: str) -> Any:
    """One of `RESAMPLING`, or None."""
    known = name in RESAMPLING
    return _found_by_nnunet(name, "nnunetv2.preprocessing.resampling") if known else None


def require_parts_of_nnunet(plans: PlansContent, configuration: Configuration, path: Path) -> None:
    """Require that whatever else than networks plans name is nnU-Net's own.

    Parameters
    ----------
    plans, configuration
        What ``plans.json`` says.
    path : Path
        Of that file.

    Raises
    ------
    ModelError
        It is not, or has arguments that it does not take.
    """
    wanted = [
        ("reader", plans.image_reader_writer),
        ("label manager", plans.label_manager),
        ("preprocessor", configuration.preprocessor_name),
        *(("normalisation", scheme) for scheme in configuration.normalization_schemes),
    ]
    for what, name in wanted:
        if name not in USUAL_NAMES[what] and nnunet_part(what, name) is None:
            raise refused(path, what, name)
    for name, arguments in configuration.resamplings:
        if name == USUAL_RESAMPLING and USUAL_ARGUMENTS.issuperset(arguments):
            continue
        function = resampling_function(name)
        if function is None:
            raise refused(path, "resampling", name)
        require_accepted(function, arguments, path, positional=4)


def nnunet_part(what: str, name: str) -> type[Any] | None:
    """A class of nnU-Net's own of one of the kinds in `USUAL_NAMES`; see `nnunet_class`."""
    from nnunetv2.imageio.base_reader_writer import BaseReaderWriter
    from nnunetv2.preprocessing.normalization.default_normalization_schemes import (
        ImageNormalization,
    )
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.label_handling.label_handling import LabelManager

    package, base = {
        "reader": ("imageio", BaseReaderWriter),
        "label manager": ("utilities.label_handling", LabelManager),
        "preprocessor": ("preprocessing.preprocessors", DefaultPreprocessor),
        "normalisation": ("preprocessing.normalization", ImageNormalization),
    }[what]
    return nnunet_class(name, f"nnunetv2.{package}", base)


def require_accepted(
    called: Any, arguments: Mapping[str, Any], path: Path, positional: int = 0
) -> None:
    """Require that there are all arguments and no others.

    Raises
    ------
    ModelError
        Some are missing or unknown.
    """
    try:
        inspect.signature(called).bind(*[None] * positional, **arguments)
    except TypeError as error:
        raise unusable(path, called.__name__, str(error)) from error


def require_plain(layer: type[nn.Module], arguments: Mapping[str, Any], path: Path) -> None:
    """Require arguments of the types that a layer says it takes.

    Raises
    ------
    ModelError
        One is unknown, of another type, not finite or too large.
    """
    hints = get_type_hints(layer.__init__)
    for name, value in arguments.items():
        if not _fits(hints.get(name), value):
            raise unusable(path, layer.__name__, f"{name} is no argument of it, or no {value!r}")


def _fits(hint: Any, value: Any) -> bool:
    if hint is None or (isinstance(value, int | float) and not abs(value) <= LARGEST):
        return False
    try:
        TypeAdapter(hint, config=ConfigDict(strict=True)).validate_python(value)
    except (ValidationError, PydanticSchemaGenerationError):
        return False
    return True


def refused(path: Path, what: str, name: str) -> ModelError:
    """Why a name is not followed."""
    return ModelError(
        f"plans.json of the model {path.parent} asks for the {what} {name}, which is not nnU-Net's "
        "own, and is refused, since it could run any code: choose a model without it."
    )


def unusable(path: Path, what: str, reason: str) -> ModelError:
    """Why a part of a network can't be used as it is asked for."""
    return ModelError(
        f"{path} asks for {what} in a way that can't be ({' '.join(reason.split())}): copy the "
        "model folder again, or choose one that nnU-Net v2 trained."
    )


def _found_by_nnunet(name: str, package: str) -> object:
    """What nnU-Net would take by this name, whatever it is."""
    from nnunetv2.utilities.find_class_by_name import recursive_find_python_class

    folder = importlib.import_module(package).__path__[0]
    return recursive_find_python_class(folder, name, package)


def _lies_in(module: str, home: str) -> bool:
    return module == home or module.startswith(f"{home}.")
