"""The network that plans describe, its names resolved and its layers tried, ready to be built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdoseg.inference.model.plans_schema import (
    Architecture,
    Configuration,
    PlansContent,
    UNet,
    UNetArguments,
)
from napari_abdoseg.inference.model.schema import check
from napari_abdoseg.inference.model.trusted_names import (
    LAYERS,
    NETWORKS,
    network_class,
    refused,
    require_accepted,
    require_parts_of_nnunet,
    require_plain,
    unusable,
)

if TYPE_CHECKING:
    from torch import nn

ARCHITECTURES, UNETS = f"{NETWORKS}.architectures", f"{NETWORKS}.architectures.unet"
HOMES = {
    "conv_op": (f"{LAYERS}.conv",),
    "norm_op": tuple(f"{LAYERS}.{of}" for of in ("instancenorm", "batchnorm", "normalization")),
    "dropout_op": (f"{LAYERS}.dropout",),
    "nonlin": (f"{LAYERS}.activation",),
    "block": (f"{NETWORKS}.building_blocks.residual",),
}
"""Where the classes are defined that arguments of a network may name."""
CHANNELS, EDGE = (3, 5), 4
"""Sizes of the images that a layer is tried on."""


@dataclass(frozen=True)
class NetworkPlan:
    """A network to be built.

    Parameters
    ----------
    kind : type of Module
    arguments : mapping
        All but the numbers of channels and classes.
    planned : UNetArguments
        The same as in the plans.
    """

    kind: type[nn.Module]
    arguments: Mapping[str, Any]
    planned: UNetArguments

    def build(self, channels: int, heads: int) -> nn.Module:
        """Build it with random weights."""
        given = {**self.arguments, "deep_supervision": False}
        return self.kind(input_channels=channels, num_classes=heads, **given)


def trusted_plans(content: dict[str, Any], configuration: str, path: Path) -> Any:
    """nnU-Net's ``PlansManager``, if all may be called that a configuration needs of the plans.

    Parameters
    ----------
    content : dict
        Of ``plans.json``, its form checked.
    configuration : str
    path : Path
        Of that file.

    Raises
    ------
    ModelError
        A name stands for nothing that may be called, or has arguments that it does not take.
    """
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    plan_network(content, configuration, path)
    return PlansManager(content)


def plan_network(content: dict[str, Any], configuration: str, path: Path) -> NetworkPlan:
    """The network of a configuration, if all may be called that it needs of the plans.

    Parameters
    ----------
    content, configuration, path
        See `trusted_plans`.

    Raises
    ------
    ModelError
        See `trusted_plans`.
    """
    plans = check(PlansContent, content, path)
    planned = plans.configurations[configuration]
    require_parts_of_nnunet(plans, planned, path)
    network, axes = _architecture(planned, content, configuration, path), len(planned.patch_size)
    name = network.network_class_name
    kind = _network_kind(name)
    if kind is None or not isinstance(network, UNet):
        raise refused(path, "class", name)
    arguments = network.arch_kwargs
    given = arguments.model_dump(exclude_unset=True)
    layers = {key: _layer(key, given[key], path) for key in HOMES if given.get(key) is not None}
    require_accepted(kind, given | {"input_channels": 1, "num_classes": 2}, path)
    for key, layer in layers.items():
        if key != "block":
            _try(layer, key, given.get(f"{key}_kwargs") or {}, axes, path)
    return NetworkPlan(kind, given | layers, arguments)


def _architecture(
    planned: Configuration, content: dict[str, Any], configuration: str, path: Path
) -> Architecture:
    """A configuration's network; as nnU-Net reads it where its plans are older than version 2.3."""
    if planned.architecture is not None:
        return planned.architecture
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    try:
        configured = PlansManager(content).get_configuration(configuration)
    except RuntimeError as error:  # of networks that nnU-Net does not know
        raise unusable(path, "a network", str(error)) from error
    architecture = check(Configuration, configured.configuration, path).architecture
    assert architecture is not None
    return architecture


def _network_kind(name: str) -> type[nn.Module] | None:
    """A network's class; those that were moved since, by the name alone."""
    place, _, own_name = name.rpartition(".")
    found = network_class(name, ARCHITECTURES)
    moved = found is None and place.startswith(f"{ARCHITECTURES}.")
    return network_class(f"{UNETS}.{own_name}", ARCHITECTURES) if moved else found


def _layer(key: str, name: str, path: Path) -> type[nn.Module]:
    found = network_class(name, *HOMES[key])
    if found is None:
        raise refused(path, "class", name)
    return found


def _try(
    layer: type[nn.Module], key: str, arguments: Mapping[str, Any], axes: int, path: Path
) -> None:
    """Require that a layer takes images of as many axes as patches have, and gives their like."""
    import torch

    require_plain(layer, arguments, path)
    for channels in CHANNELS:
        first = {"conv_op": (channels, channels, 1), "norm_op": (channels,)}.get(key, ())
        image = torch.zeros(1, channels, *[EDGE] * axes, device="cpu")
        try:
            with torch.inference_mode(), torch.device("cpu"):
                shape = layer(*first, **arguments).eval()(image).shape
        except Exception as error:  # of torch's own, whatever it makes of the arguments
            raise unusable(path, layer.__name__, str(error)) from error
        if shape != image.shape:
            raise unusable(path, layer.__name__, f"it is not made for {axes} axes")
