"""Words can be read in both themes, on tables, labels and pictures."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_rgb
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_abdoseg.plugin.compare import score_columns
from napari_abdoseg.plugin.four_panel.overlay import PLATE, WORDS
from napari_abdoseg.plugin.segment import model_choice
from napari_abdoseg.plugin.training import fold_columns
from napari_abdoseg.plugin.widgets.readable import contrast, readable

COLORS = (
    *(model_choice.ERROR, model_choice.ADVICE),
    *(score_columns.BETTER, score_columns.WORSE, fold_columns.TROUBLE),
)


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("color", COLORS)
def test_our_colours_can_be_read(color, theme):
    shown = readable(color, theme)
    colors = get_theme(theme)
    for ground in (colors.background, colors.foreground):
        assert contrast(shown, ground.as_hex(format="long")) >= 4.5
    red, green, blue = to_rgb(shown)
    assert max(red, green, blue) - min(red, green, blue) > 0.1, "it is no colour any more"


def test_a_colour_that_can_be_read_is_left_alone():
    assert readable("#ff6b6b", "dark") == "#ff6b6b"


@pytest.mark.parametrize("picture", ["black", "white", "#808080"])
def test_letters_can_be_read_on_any_picture(picture):
    alpha = PLATE.alphaF()
    below = [
        alpha * plate + (1 - alpha) * part for plate, part in zip(PLATE.getRgbF(), to_rgb(picture))
    ]
    assert contrast(WORDS.name(), QColor.fromRgbF(*below).name()) >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_model_speaks_in_a_colour_of_the_theme(make_napari_viewer, theme):
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Segment organs")
    viewer.theme = theme
    assert readable(model_choice.ADVICE, theme) in widget.choice.model.words.styleSheet()
