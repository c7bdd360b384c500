"""The warning in the Segment panel that a CT lies otherwise than its header says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.utils.notifications import NotificationSeverity, notification_manager
from segmenting import PATIENCE

from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.segment.choice import FOLDER
from napari_abdoseg.plugin.segment.found import Found


def flipped(scan, *axes):
    return replace(scan, data=np.flip(scan.data, axes))


@pytest.fixture
def widget(viewer):
    notification_manager.records.clear()
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Segment organs")
    return widget


def add(viewer, volume, name):
    data, options, _ = image_layer(volume)
    return viewer.add_image(data, **(options | {"name": name}))


def shown(widget, qtbot):
    alarm = widget.orientation_alarm
    qtbot.waitUntil(alarm.isVisible, timeout=PATIENCE)
    return alarm


def warned():
    return [
        note.message
        for note in notification_manager.records
        if note.severity == NotificationSeverity.WARNING and "seems" in note.message
    ]


def test_a_turned_scan_is_warned_of_while_it_is_chosen(viewer, widget, phantom, qtbot):
    sound = widget.choice.scan.value
    turned = add(viewer, flipped(phantom[0], 1, 2), "<turned>")
    widget.choice.scan.value = turned
    alarm = shown(widget, qtbot)
    assert "Wrong sides? &lt;turned&gt;" in alarm.words.text()
    assert "the patient&#x27;s front is where the file says back" in alarm.words.text()
    assert not alarm.picture.pixmap().isNull()
    assert alarm.picture.pixmap().width() <= alarm.width()
    assert len(warned()) == 1
    assert warned()[0].startswith("<turned>: The scan seems turned by 180°")
    widget.choice.preset.value = "fast"
    assert alarm.isVisible()
    widget.choice.scan.value = sound
    assert not alarm.isVisible()
    qtbot.waitUntil(lambda: not alarm.is_busy, timeout=PATIENCE)
    assert not alarm.isVisible()
    widget.choice.scan.value = turned
    shown(widget, qtbot)
    widget.choice.source.value = FOLDER
    assert not alarm.isVisible()


def test_what_organs_tell_is_shown_too_and_told_once(viewer, widget, phantom, qtbot):
    volume, labels = (flipped(each, 2) for each in phantom)
    layer = add(viewer, volume, "mirrored")
    widget.choice.scan.value = layer
    alarm = shown(widget, qtbot)
    assert "the spleen" not in alarm.words.text()
    alarm.look_at(layer, labels)
    qtbot.waitUntil(lambda: "left of the spleen" in alarm.words.text(), timeout=PATIENCE)
    assert alarm.isVisible()
    assert len(warned()) == 1


def test_organs_of_a_run_are_looked_at(viewer, widget, phantom, qtbot):
    volume, labels = phantom
    nothing_seen = replace(volume, data=np.full_like(volume.data, -1000))
    widget.choice.scan.value = widget._layer = add(viewer, nothing_seen, "empty")
    widget._show_result(Found(flipped(labels, 2)))
    assert "left of the spleen" in shown(widget, qtbot).words.text()


def test_organs_that_lie_right_after_all_end_it(viewer, widget, phantom, qtbot):
    volume, labels = phantom
    layer = add(viewer, flipped(volume, 2), "mirrored")
    widget.choice.scan.value = layer
    alarm = shown(widget, qtbot)
    alarm.look_at(layer, labels)
    qtbot.waitUntil(lambda: not alarm.isVisible(), timeout=PATIENCE)
    assert alarm.words.text() == ""


def test_a_removed_or_coloured_layer_is_not_warned_of(viewer, widget, phantom, qtbot):
    layer = add(viewer, flipped(phantom[0], 1), "mirrored")
    widget.choice.scan.value = layer
    alarm = shown(widget, qtbot)
    viewer.layers.remove(layer)
    assert not alarm.isVisible()
    colours = viewer.add_image(np.zeros((4, 5, 3), np.uint8), rgb=True)
    widget.choice.scan.value = colours
    qtbot.waitUntil(lambda: not alarm.is_busy, timeout=PATIENCE)
    assert not alarm.isVisible()
