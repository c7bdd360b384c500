"""Dock widget `Bile duct`: the candidate in one picture, its measures, and the way along it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.action_manager import action_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from napari_abdoseg.anatomy.bile_duct import WIDE_MM, BileDuct, CurvedView, Way
from napari_abdoseg.anatomy.bile_duct.straightened import HALF_WIDTH_MM
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.bile_duct.curved_picture import CurvedPicture, Sight
from napari_abdoseg.plugin.bile_duct.going_along import LOOKING, going_along
from napari_abdoseg.plugin.bile_duct.sight import sight_of
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.keys import ALONG_DUCT, BACK_ALONG_DUCT, Command
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.organs.matching_scan import scan_on
from napari_abdoseg.plugin.viewing.focus import voxel_at
from napari_abdoseg.plugin.viewing.place_in_view import PlaceInView
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from napari import Viewer

EMPTY = (
    "Open a label map or segment a CT: its bile duct is shown here, pulled straight in one "
    "picture, or else where to look for it."
)
OUTLINED = "The region is outlined."
NEVER = "A place to look, never a finding."
DUCT = "<b>Candidate bile duct</b> of {}"
REGION = "<b>Where the bile duct of {} is to be looked for</b>"
WIDE = (
    "wide: more than {:g} mm, the upper limit of normal on ultrasound (Parulekar, Radiology 1979)"
)
LINK = "#4d9be6"
SEEN = "{} of {} mm seen"
TURN_TIP = "Turns the plane around the duct; so does the wheel over the picture"
STEP_DEGREES = 10
HALF_TURN = 180


class BileDuctWidget(Panel):
    """The duct of the label map in view, or the way on which to look for one."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Bile duct")
        self._viewer = unwrapped(napari_viewer)
        self.along = going_along(self._viewer)
        self.way = self.along.way
        self.heading, self.facts, self.note = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.picture = CurvedPicture()
        self.turn = QSlider(Qt.Orientation.Horizontal)
        self.degrees = QLabel()
        self.up_button, self.down_button = QPushButton(), QPushButton()
        self.seen = QLabel()
        self._view: CurvedView | None = None
        self._cutting = LatestWork(_cut_out, settle_ms=0)
        self._sight: Sight | None = None
        self._scan: tuple[Image, Volume] | None = None
        self._followed: list[Any] = []
        self._place = PlaceInView(self._viewer)
        self._lay_out()
        self._tell_keys()
        self._connect()
        self.way.is_wanted = True
        self._show()

    def _lay_out(self) -> None:
        self.turn.setRange(-HALF_TURN, HALF_TURN)
        self.turn.setSingleStep(STEP_DEGREES)
        self.turn.setPageStep(45)
        self.turn.setToolTip(TURN_TIP)
        self.degrees.setMinimumWidth(self.degrees.fontMetrics().horizontalAdvance("−180°"))
        self.degrees.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.facts.setTextFormat(Qt.TextFormat.RichText)
        turning, going = QHBoxLayout(), QHBoxLayout()
        self._turn_label = QLabel("Turn")
        rows: tuple[tuple[QBoxLayout, tuple[QWidget, ...]], ...] = (
            (turning, (self._turn_label, self.turn, self.degrees)),
            (going, (self.up_button, self.down_button, self.seen)),
            (self.body, (self.heading, self.facts, self.note)),
        )
        for layout, widgets in rows:
            for widget in widgets:
                layout.addWidget(widget)
        self.body.addWidget(self.picture, stretch=1)
        self.body.addLayout(turning)
        self.body.addStretch()
        self.foot.addLayout(going)

    def _connect(self) -> None:
        self.follow(self._viewer.events.theme, self._say)
        self.follow(self.way.changed, self._show)
        self.follow(self.along.changed, self._show_seen)
        self.follow(self._place.moved, self._point)
        self.follow(action_manager.events.shortcut_changed, self._tell_keys)
        layers = self._viewer.layers.events
        for event in (layers.inserted, layers.removed):
            self.follow(event, self._find_scan)
        self._cutting.yielded.connect(self._take)
        self.facts.linkActivated.connect(self._go_to_link)
        self.picture.picked.connect(self.along.go_to)
        self.picture.wheeled.connect(self._turn_on)
        self.turn.valueChanged.connect(self._look)
        self.up_button.clicked.connect(self.along.up)
        self.down_button.clicked.connect(self.along.down)
        self.closed.connect(self._look_away)

    def _look_away(self) -> None:
        self.way.is_wanted = False
        self._place.close()
        self._cutting.close()
        self._follow_looks()

    def _tell_keys(self, event: Any = None) -> None:
        """Say which keys do the same; napari's Preferences change them."""
        for button, words, command in (
            (self.up_button, "Up", BACK_ALONG_DUCT),
            (self.down_button, "Down the duct", ALONG_DUCT),
        ):
            button.setText(_with_key(words, command))
            button.setToolTip(command.words)

    def _show(self) -> None:
        """Show the way as it is known now."""
        way, layer = self.way.way, self.way.layer
        if way is None or layer is None:
            self._view = None
        else:
            self._cutting.start_soon(layer, way)
        self._say()
        self._find_scan()
        self._show_seen()

    def _take(self, cut_out: tuple[Way, CurvedView]) -> None:
        way, view = cut_out
        if way is self.way.way:
            self._view = view
            self._look()

    def _say(self, event: Any = None) -> None:
        """Say what is seen, or why there is nothing."""
        way, layer, duct = self.way.way, self.way.layer, self.way.duct
        is_there = way is not None
        self.note.setText(NEVER if is_there else "")
        if layer is None or way is None:
            self.heading.setText(EMPTY if layer is None else self.way.problem or LOOKING)
            self.facts.setText("")
        elif duct is not None:
            self.heading.setText(DUCT.format(layer.name))
            self.facts.setText(_facts(duct, readable(LINK, self._viewer.theme)))
        else:
            self.heading.setText(REGION.format(layer.name))
            self.facts.setText(f"{self.way.too_little} {way.words} {OUTLINED}".strip())
        for widget in (
            *(self.picture, self.turn, self.degrees, self._turn_label),
            *(self.up_button, self.down_button, self.seen),
        ):
            widget.setVisible(is_there)

    def _find_scan(self, event: Any = None) -> None:
        """Look at the scan on the grid of the labels, in its window."""
        layer, grid = self.way.layer, self.way.grid
        found: tuple[Image | None, Volume | None] = (None, None)
        if layer is not None and grid is not None:
            found = scan_on(self._viewer, grid, layer)
        image, volume = found
        self._scan = None if image is None or volume is None else (image, volume)
        self._follow_looks(*(each for each in (layer, image) if each is not None))
        self._look()

    def _follow_looks(self, *layers: Labels | Image) -> None:
        """Draw again when one of some layers has other colours, or another window."""
        for event in self._followed:
            event.disconnect(self._look)
        self._followed = [event for layer in layers for event in _looks(layer)]
        for event in self._followed:
            event.connect(self._look)

    def _look(self, event: Any = None) -> None:
        """Draw the plane, turned as the slider says."""
        self.degrees.setText(f"{self.turn.value()}°".replace("-", "−"))
        self._sight = None
        if self._view is not None:
            self._sight = sight_of(
                self._view, self.way.duct, sure(self.way.layer), self._scan, self.turn.value()
            )
        self.picture.show_sight(self._sight)
        self._point()

    def _turn_on(self, notches: int) -> None:
        """Turn by notches of the wheel, round and round."""
        angle = self.turn.value() + notches * STEP_DEGREES
        self.turn.setValue((angle + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN)

    def _point(self) -> None:
        """Draw the cross where panels are, if that is near the way."""
        if self._view is None or self._sight is None:
            return
        grid = self._view.course.grid
        voxel = voxel_at(grid, self._place.place)
        distances = self._view.course.distances(voxel)
        row = int(distances.argmin())
        if distances[row] > HALF_WIDTH_MM:
            self.picture.point_at(None)
            return
        across = (self._sight.plane.picture.voxels[row] - voxel) * grid.spacing
        self.picture.point_at((row, int(np.square(across).sum(axis=1).argmin())))

    def _show_seen(self) -> None:
        seen = self.along.seen
        self.picture.show_seen(seen)
        self.seen.setText(SEEN.format(round(self.along.seen_mm), round(self.along.length_mm)))

    def _go_to_link(self, link: str) -> None:
        duct = self.way.duct
        if duct is not None:
            self.along.go_to(_places(duct)[int(link)])


def _cut_out(layer: Labels, way: Way) -> Iterator[tuple[Way, CurvedView]]:
    try:
        yield way, CurvedView.of(way, label_map_of(layer))
    except AbdosegError:
        return  # it is no label map any more, of which the list of organs tells


def _facts(duct: BileDuct, color: str) -> str:
    """The measures of a duct; a click on one goes there."""

    def link(place: int, words: str) -> str:
        return f'<a href="{place}" style="color: {color}">{words}</a>'

    wide = f", {WIDE.format(WIDE_MM)}" if duct.is_wide else ""
    breaks = ", ".join(
        link(place, f"{each.length_mm:.0f} mm") for place, each in enumerate(duct.breaks, start=1)
    )
    rows = (
        ("Widest", f"{link(0, f'{duct.widest_mm:.1f} mm')}{wide}"),
        ("Length", f"{duct.course.length_mm:.0f} mm, volume {duct.volume_ml:.1f} ml"),
        ("Breaks off", f"for {breaks}" if breaks else "nowhere"),
    )
    lines = "".join(f"<tr><td>{head}&nbsp;&nbsp;</td><td>{words}</td></tr>" for head, words in rows)
    return f"<table cellspacing='0'>{lines}</table>"


def _places(duct: BileDuct) -> list[Triple]:
    """Where the links of the facts lead to."""
    return [duct.widest_voxel, *(each.voxel for each in duct.breaks)]


def _with_key(words: str, command: Command) -> str:
    return f"{words}  ({command.key_text})" if command.key_text else words


def _looks(layer: Labels | Image) -> list[Any]:
    """Events of what a layer looks like."""
    events = layer.events
    if isinstance(layer, Image):
        return [events.colormap, events.contrast_limits, events.gamma]
    return [events.colormap]
