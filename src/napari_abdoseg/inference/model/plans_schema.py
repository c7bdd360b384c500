"""What nnU-Net's ``plans.json`` may hold, from its first version to the latest.

Names of classes and functions are only looked at for their form here, without torch;
`trusted_names` resolves them. A configuration of somebody's own network may be in the
file, as long as no other is asked for.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from napari_abdoseg.inference.model.schema import DottedName, FolderName, Identifier, Part

UNETS = frozenset({"PlainConvUNet", "ResidualEncoderUNet", "ResidualUNet"})
"""Networks that nnU-Net plans, all with the same arguments."""
CLASSES = ("conv_op", "norm_op", "dropout_op", "nonlin", "block")
"""Arguments of a network that name a class."""
INTENSITIES = "foreground_intensity_properties"
MOST_ANCESTORS = 16

Axes = Annotated[list[int], Field(min_length=3, max_length=3)]
Count = Annotated[int, Field(ge=1, le=100)]
Features = Annotated[int, Field(ge=1, le=20_000)]
Size = Annotated[int, Field(ge=1, le=4096)]
OddSize = Annotated[int, Field(ge=1, le=31)]
Stride = Annotated[int, Field(ge=1, le=16)]
Step = Annotated[float, Field(ge=0.01, le=1000)]
Plain = bool | int | float | str | None
Arguments = dict[Identifier, Plain]
Intensity = Annotated[float, Field(ge=-100_000, le=100_000)]
Order = Annotated[int, Field(ge=0, le=5)]


class Intensities(Part):
    """Intensities of a channel in the foreground of the training scans."""

    mean: Intensity
    std: Annotated[float, Field(gt=0, le=100_000)]
    percentile_00_5: Intensity
    percentile_99_5: Intensity

    @model_validator(mode="after")
    def _spans_a_range(self) -> Intensities:
        if self.percentile_00_5 >= self.percentile_99_5:
            raise ValueError("percentile_00_5 must be less than percentile_99_5")
        return self


class ResamplingArguments(Part):
    """Arguments of nnU-Net's resampling functions."""

    model_config = ConfigDict(extra="forbid")

    is_seg: bool = False
    order: Order = 3
    order_z: Order = 0
    force_separate_z: bool | None = None
    separate_z_anisotropy_threshold: Annotated[float, Field(gt=0)] = 3.0
    memefficient_seg_resampling: bool = False
    num_threads: Count = 4
    mode: Literal["linear", "nearest", "nearest-exact"] = "linear"
    aniso_axis_mode: Literal["linear", "nearest", "nearest-exact"] = "nearest-exact"


class ImageResamplingArguments(ResamplingArguments):
    """The same for images and logits, which are no labels."""

    is_seg: Literal[False] = False


class UNetArguments(Part):
    """Arguments of the U-Nets that nnU-Net plans."""

    model_config = ConfigDict(extra="forbid")

    n_stages: Annotated[int, Field(ge=2, le=16)]
    features_per_stage: Features | list[Features]
    conv_op: DottedName
    kernel_sizes: OddSize | list[OddSize | list[OddSize]]
    strides: Stride | list[Stride | list[Stride]]
    n_conv_per_stage: Count | list[Count] | None = None
    n_blocks_per_stage: Count | list[Count] | None = None
    n_conv_per_stage_decoder: Count | list[Count]
    conv_bias: bool = False
    norm_op: DottedName | None = None
    norm_op_kwargs: Arguments | None = None
    dropout_op: DottedName | None = None
    dropout_op_kwargs: Arguments | None = None
    nonlin: DottedName
    nonlin_kwargs: Arguments | None = None
    nonlin_first: bool = False
    deep_supervision: bool = False
    block: DottedName | None = None
    bottleneck_channels: Features | list[Features] | None = None
    stem_channels: Features | None = None

    @model_validator(mode="after")
    def _has_values_for_each_stage(self) -> UNetArguments:
        encoder = ("features_per_stage", "kernel_sizes", "strides", "n_conv_per_stage")
        counts = dict.fromkeys((*encoder, "n_blocks_per_stage"), self.n_stages)
        counts["bottleneck_channels"] = self.n_stages
        counts["n_conv_per_stage_decoder"] = self.n_stages - 1
        for name, count in counts.items():
            given = getattr(self, name)
            if isinstance(given, list) and len(given) != count:
                raise ValueError(f"{name} must have {count} values for {self.n_stages} stages")
        return self

    @property
    def widths(self) -> list[int]:
        """Features of each stage."""
        given = self.features_per_stage
        return given if isinstance(given, list) else [given] * self.n_stages

    def sizes(self, name: str, axes: int) -> list[list[int]]:
        """Kernels or strides of each stage, along each axis."""
        given = getattr(self, name)
        stages = given if isinstance(given, list) else [given] * self.n_stages
        return [stage if isinstance(stage, list) else [stage] * axes for stage in stages]


class UNet(Part):
    """A U-Net as nnU-Net has planned it since version 2.3."""

    network_class_name: DottedName
    arch_kwargs: UNetArguments
    kw_requires_import: Annotated[list[str], Field(alias="_kw_requires_import")]

    @model_validator(mode="after")
    def _imports_its_classes(self) -> UNet:
        named = {name for name in CLASSES if name in self.arch_kwargs.model_fields_set}
        if set(self.kw_requires_import) != named:
            raise ValueError(f"_kw_requires_import must name {', '.join(sorted(named))}")
        return self


class OtherNetwork(Part):
    """A network of somebody's own."""

    network_class_name: DottedName


def _kind_of_network(content: Any) -> str:
    name = content.get("network_class_name") if isinstance(content, dict) else ""
    return "U-Net" if str(name).rpartition(".")[2] in UNETS else "other"


Architecture = Annotated[
    Annotated[UNet, Tag("U-Net")] | Annotated[OtherNetwork, Tag("other")],
    Discriminator(_kind_of_network),
]


class Configuration(Part):
    """A configuration, what it inherits from others among it."""

    data_identifier: FolderName | None = None
    preprocessor_name: Identifier
    batch_size: Annotated[int, Field(ge=1, le=100_000)] = 2
    batch_dice: bool = False
    patch_size: Annotated[list[Size], Field(min_length=2, max_length=3)]
    spacing: Annotated[list[Step], Field(min_length=2, max_length=3)]
    normalization_schemes: Annotated[list[Identifier], Field(min_length=1)]
    use_mask_for_norm: Annotated[list[bool], Field(min_length=1)]
    resampling_fn_data: Identifier
    resampling_fn_data_kwargs: ImageResamplingArguments
    resampling_fn_seg: Identifier
    resampling_fn_seg_kwargs: ResamplingArguments
    resampling_fn_probabilities: Identifier
    resampling_fn_probabilities_kwargs: ImageResamplingArguments
    previous_stage: FolderName | None = None
    next_stage: FolderName | list[FolderName] | None = None
    architecture: Architecture | None = None
    # before nnU-Net 2.3
    UNet_class_name: Identifier | None = None
    UNet_base_num_features: Features | None = None
    unet_max_num_features: Features | None = None
    n_conv_per_stage_encoder: list[Count] | None = None
    n_conv_per_stage_decoder: list[Count] | None = None
    num_pool_per_axis: list[int] | None = None
    pool_op_kernel_sizes: list[list[Stride]] | None = None
    conv_kernel_sizes: list[list[OddSize]] | None = None

    @property
    def resamplings(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Names and arguments of the functions that resample images, labels and logits."""
        named = (
            (self.resampling_fn_data, self.resampling_fn_data_kwargs),
            (self.resampling_fn_seg, self.resampling_fn_seg_kwargs),
            (self.resampling_fn_probabilities, self.resampling_fn_probabilities_kwargs),
        )
        return tuple((name, given.model_dump(exclude_unset=True)) for name, given in named)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Configuration:
        if len(self.spacing) != len(self.patch_size):
            raise ValueError("spacing and patch_size must have as many axes")
        if len(self.normalization_schemes) != len(self.use_mask_for_norm):
            raise ValueError("normalization_schemes and use_mask_for_norm must be as many")
        return self

    @model_validator(mode="after")
    def _describes_a_network(self) -> Configuration:
        if self.architecture is not None:
            return self
        fields = ("UNet_class_name", "UNet_base_num_features", "unet_max_num_features")
        lists = ("n_conv_per_stage_encoder", "n_conv_per_stage_decoder", "num_pool_per_axis")
        sizes = ("pool_op_kernel_sizes", "conv_kernel_sizes")
        missing = [name for name in (*fields, *lists, *sizes) if getattr(self, name) is None]
        if missing:
            raise ValueError(f"has no architecture, and no {missing[0]} of older versions")
        return self

    @model_validator(mode="after")
    def _fits_its_patches(self) -> Configuration:
        """What a U-Net takes to give each voxel of a patch an answer."""
        if not isinstance(self.architecture, UNet):
            return self
        arguments, axes = self.architecture.arch_kwargs, len(self.patch_size)
        kernels, strides = (arguments.sizes(name, axes) for name in ("kernel_sizes", "strides"))
        if any(len(stage) != axes for stage in (*kernels, *strides)):
            raise ValueError(f"kernel_sizes and strides must have {axes} axes, as patch_size")
        if any(size % 2 == 0 for stage in kernels for size in stage):
            raise ValueError("kernel_sizes must be odd")
        if any(step != 1 for step in strides[0]):
            raise ValueError("strides must begin with 1")
        shrunk = [prod(along) for along in zip(*strides, strict=True)]
        if any(size % step for size, step in zip(self.patch_size, shrunk, strict=True)):
            raise ValueError(f"patch_size must be a multiple of {shrunk}, the strides' products")
        if list(self.patch_size) == shrunk:
            raise ValueError("patch_size must be more than one voxel after all strides")
        return self


class PlansContent(Part):
    """``plans.json``, as far as a model depends on it."""

    model_config = ConfigDict(populate_by_name=True)

    plans_name: FolderName
    dataset_name: FolderName | None = None
    transpose_forward: Axes
    transpose_backward: Axes
    image_reader_writer: Identifier
    label_manager: Identifier = "LabelManager"
    original_median_spacing_after_transp: list[Step] | None = None
    original_median_shape_after_transp: list[Annotated[float, Field(gt=0)]] | None = None
    configurations: Annotated[dict[FolderName, Configuration], Field(min_length=1)]
    intensities: Annotated[
        dict[str, Intensities],
        Field(min_length=1, alias=f"{INTENSITIES}_per_channel"),
    ]

    @model_validator(mode="before")
    @classmethod
    def _from_older_versions(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        new, old = (
            f"foreground_intensity_properties_{by}" for by in ("per_channel", "by_modality")
        )
        return content if new in content else {**content, new: content.get(old)}

    @field_validator("configurations", mode="before")
    @classmethod
    def _inherits(cls, configurations: Any) -> Any:
        if not isinstance(configurations, dict):
            return configurations
        return {name: _with_inherited(configurations, name) for name in configurations}

    @model_validator(mode="after")
    def _turns_axes_there_and_back(self) -> PlansContent:
        there, back = self.transpose_forward, self.transpose_backward
        if sorted(there) != [0, 1, 2] or [there[axis] for axis in _within(back)] != [0, 1, 2]:
            raise ValueError(
                "transpose_forward and transpose_backward must be each other's inverse"
            )
        return self

    @model_validator(mode="after")
    def _describes_three_axes(self) -> PlansContent:
        shape, step = (
            self.original_median_shape_after_transp,
            self.original_median_spacing_after_transp,
        )
        if any(values is not None and len(values) != 3 for values in (shape, step)):
            raise ValueError("median shape and spacing must have 3 axes")
        return self


def _with_inherited(configurations: dict[str, Any], name: str) -> Any:
    """A configuration on top of those that it inherits from."""
    chain: list[Any] = []
    parent: Any = name
    while not chain or "inherits_from" in chain[-1]:
        found = configurations.get(parent) if isinstance(parent, str) else None
        if not isinstance(found, dict):
            if not chain:
                return found
            raise ValueError(f"{name} inherits from a configuration that is not there")
        if len(chain) > MOST_ANCESTORS:
            raise ValueError(f"{name} inherits from others without an end")
        chain.append(found)
        parent = found.get("inherits_from")
    merged: dict[str, Any] = {}
    for each in reversed(chain):
        merged |= each
    merged.pop("inherits_from", None)
    return merged


def _within(axes: list[int]) -> list[int]:
    """Axes, or none if they are not of three."""
    return axes if all(0 <= axis < 3 for axis in axes) else []
