"""Choosing a model and its folds; a folder is checked the moment it is chosen."""

from __future__ import annotations

from pathlib import Path

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton
from psygnal import Signal
from qtpy.QtWidgets import QFileDialog

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.model_store.catalogue import find_entry
from napari_abdoseg.plugin.segment.other_scans_question import OtherScansQuestion
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import spoken_names

MORE = "More models…"
DEMO = "demo"
NAMED_ORGANS = 12
"""How many organs are named before the rest is counted."""
ERROR, ADVICE = "#ff6b6b", "#c9b458"
"""Made readable in the theme that is worn."""


class ModelChoice:
    """Rows of a form: the model, a check box a fold, what the model says of itself or asks."""

    folds_changed = Signal()
    """Other folds are chosen, of this model or another."""
    more_wanted = Signal()
    """The user looks for other models than are here."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self._theme, self._color = "dark", ADVICE
        self._chosen_before: list[str] | None = None
        self._known = list(known_models())
        self._others: list[str] = []
        self._last = self._before = self._known[0]
        self.name = ComboBox(choices=self._choices, value=self._last, tooltip="Model")
        self._browse = PushButton(text="Folder…", tooltip="Choose an nnU-Net v2 model folder.")
        self.row = Container(widgets=[self.name, self._browse], layout="horizontal", labels=False)
        self.folds: Container[CheckBox] = Container(layout="horizontal", labels=False)
        for container in (self.row, self.folds):
            container.margins = (0, 0, 0, 0)
        self.words, self.question = WrappedLabel(), OtherScansQuestion()
        self.question.accepted.connect(self.look_again)
        self.question.declined.connect(lambda: self.choose(self._before))
        self.name.changed.connect(self._follow_name)
        self._browse.changed.connect(self._ask_for_folder)
        self._read()

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self._theme = theme
        self._say(self.words.text(), self._color)

    @property
    def chosen(self) -> str:
        """The name or the folder of the model that is chosen."""
        return self._last

    @property
    def chosen_folds(self) -> list[str]:
        """Folds that the user has chosen, also where the first of them works alone."""
        return self._ticked if self._chosen_before is None else self._chosen_before

    @property
    def _ticked(self) -> list[str]:
        return [box.text for box in self.folds if box.value]

    def use_first_alone(self, alone: bool) -> None:
        """Tick the first of the chosen folds alone, or again all that were chosen."""
        if alone == (self._chosen_before is not None):
            return
        chosen = self.chosen_folds
        self._chosen_before = chosen if alone else None
        for box in self.folds:
            box.value = box.text in (chosen[:1] if alone else chosen)
            box.enabled = not alone

    def choose(self, name_or_folder: str | Path) -> None:
        """Choose a model by name or folder."""
        name = str(name_or_folder)
        if name == MORE:
            return
        if name not in (*self._known, *self._others):
            self._others.append(name)
            self.name.reset_choices()
        self.name.value = name

    def look_again(self) -> None:
        """Offer the models that are known now, and read the chosen one again if it is another."""
        self._known = list(known_models())
        if self._last not in (*self._known, *self._others):
            self._last = self._known[0]
        chosen = self._last
        with self.name.changed.blocked():
            self.name.reset_choices()
            self.name.value = chosen
        if self.model is None or self.model.name != chosen or not self.model.is_current:
            self._read()

    @property
    def is_demo(self) -> bool:
        """Whether the model that knows phantoms alone is chosen."""
        return self._last == DEMO

    @property
    def has_others(self) -> bool:
        """Whether another model than the demo is known, or was chosen by its folder."""
        return bool({*self._known, *self._others} - {DEMO})

    def _choices(self, _: object = None) -> list[str]:
        return [MORE, *self._known, *self._others]

    def _follow_name(self, name: str) -> None:
        if name != MORE:
            self._last = name
            self._read()
            return
        self.name.value = self._last
        self.more_wanted.emit()

    def _ask_for_folder(self) -> None:
        title = "Choose an nnU-Net v2 model folder"
        folder = QFileDialog.getExistingDirectory(self.row.native, title)
        if folder:
            self.choose(folder)

    def _read(self) -> None:
        refused: ModelError | None = None
        try:
            self.model = read_model(self._last)
        except ModelError as error:
            self.model, refused = None, error
            self._say(str(error), ERROR)
        else:
            self._before = self._last
            self._say(_words(self.model), ADVICE)
        self.question.ask(refused)
        self.words.setHidden(self.question.is_asking)
        self.folds.clear()
        for fold in self.model.folds if self.model else ():
            box = CheckBox(text=fold, value=True)
            box.changed.connect(lambda: self.folds_changed.emit())
            self.folds.append(box)
        if self._chosen_before is not None:
            self._chosen_before = None
            self.use_first_alone(True)
        self.folds_changed.emit()

    def _say(self, words: str, color: str) -> None:
        self._color = color
        self.words.setText(words)
        self.words.setStyleSheet(f"color: {readable(color, self._theme)}")


def _words(model: Model) -> str:
    """What a model finds, and what is to be known before it is used."""
    names = [organ.name for organ in model.organs]
    turned = "It turns scans to RAS by itself." if model.card.axes == "RAS" else ""
    title = model.card.title
    described = f"{title.rstrip('.')}." if title else model.description
    told = (f"Finds {spoken_names(names, NAMED_ORGANS)}.", described, turned, _untried(model))
    return " ".join(filter(None, told))


def _untried(model: Model) -> str:
    """What nobody has tried of a model of the catalogue, in short."""
    origin = model.card.origin
    entry = find_entry(origin.catalogue) if origin and origin.catalogue else None
    words = entry.content.untried if entry else None
    return words.partition(":")[0].rstrip(".") + "." if words else ""
