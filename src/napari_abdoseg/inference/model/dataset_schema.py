"""What nnU-Net's ``dataset.json`` may hold: labels and channels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.model.schema import Part, Text

LARGEST = 2**15 - 1
"""nnU-Net writes regions as int16."""

Label = Annotated[int, Field(ge=0, le=LARGEST)]
Region = Annotated[list[Label], Field(min_length=1)]


class DatasetContent(Part):
    """``dataset.json``, as far as a model depends on it.

    Parameters
    ----------
    labels : dict of str to int or list of int
        Values by name; several for a region.
    channel_names, modality : dict of str to str
        Input channels, as nnU-Net v2 and as its first versions call them.
    regions_class_order : list of int, optional
        Values that regions are written as.
    description : str, optional
    """

    labels: dict[Text, Label | Region]
    channel_names: dict[str, Text] | None = None
    modality: dict[str, Text] | None = None
    regions_class_order: list[Annotated[int, Field(ge=1, le=LARGEST)]] | None = None
    description: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels."""
        return tuple((self.channel_names or self.modality or {}).values())

    @property
    def organs(self) -> tuple[Organ, ...]:
        """Foreground labels with the values that they are written as, by value."""
        names = self._foreground
        values = self.regions_class_order if self.has_regions else self._values(names)
        return tuple(sorted(Organ(v, n) for v, n in zip(values or (), names, strict=True)))

    @property
    def has_regions(self) -> bool:
        """Whether networks tell regions apart, which may overlap."""
        return any(isinstance(value, list) and len(value) > 1 for value in self.labels.values())

    @property
    def foreground_labels(self) -> tuple[int, ...]:
        """Values in training label maps, without background; several for a region."""
        return tuple(sorted({*self._values(self._foreground)} - {0}))

    @property
    def heads(self) -> int:
        """Classes that networks tell apart, background among them but where they are regions."""
        return len(self._foreground) if self.has_regions else len(self.foreground_labels) + 1

    @property
    def _foreground(self) -> list[str]:
        return [n for n, v in self.labels.items() if n != "ignore" and v != 0 and v != [0]]

    def _values(self, names: list[str]) -> list[int]:
        values = (self.labels[name] for name in names)
        return [label for v in values for label in (v if isinstance(v, list) else [v])]

    @model_validator(mode="after")
    def _names_background(self) -> DatasetContent:
        if self.labels.get("background") == 0:
            return self
        like = [name for name in self.labels if name.casefold() == "background"]
        spelt = f" (spelt {like[0]} there)" if like and like[0] != "background" else ""
        raise ValueError(f"labels must have background with the value 0{spelt}")

    @model_validator(mode="after")
    def _counts_labels(self) -> DatasetContent:
        names = [name for name in self.labels if name != "ignore"]
        values = sorted(self._values(names))
        if len(set(values)) < 2:
            raise ValueError("labels name no organ")
        if not self.has_regions and values != list(range(len(values))):
            raise ValueError(
                f"labels have the values {_listed(values)}, and must count from 0 without a gap, "
                "as nnU-Net's networks give them"
            )
        ignored = self.labels.get("ignore")
        if ignored is not None and ignored != values[-1] + 1:
            raise ValueError("the label ignore must have the value after the highest other one")
        return self

    @model_validator(mode="after")
    def _orders_regions(self) -> DatasetContent:
        if not self.has_regions:
            return self
        order, regions = self.regions_class_order or [], self._foreground
        if len(order) != len(regions) or len(set(order)) != len(order):
            raise ValueError(
                f"regions_class_order must give each of the {len(regions)} regions a value of its "
                "own"
            )
        return self

    @model_validator(mode="after")
    def _names_channels_once(self) -> DatasetContent:
        if not self.channels:
            raise ValueError("it names no input channel")
        if self.modality is not None and len(self.modality) != len(self.channels):
            raise ValueError("channel_names and modality differ")
        return self


def _listed(values: list[int]) -> str:
    shown = ", ".join(map(str, values[:12]))
    return shown if len(values) <= 12 else f"{shown}, ..."
