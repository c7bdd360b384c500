"""napari's colour code for masks, compiled before there is a mask."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW_AFTER_WARM_UP = """
import numpy as np
from napari.layers import Labels
from numba.core.event import install_recorder
from napari_abdoseg.plugin.jobs.warm_up import warm_up

assert warm_up() is warm_up()
warm_up().join()
colors = {None: "gray", 0: "transparent", 3: "blue"}
with install_recorder("numba:compile") as compiled:
    Labels(np.ones((4, 4, 4), np.uint8), colormap=colors)
assert not compiled.buffer, compiled.buffer
"""


UNITS_AFTER_WARM_UP = """
import napari.layers
import pint
from napari_abdoseg.plugin.jobs.warm_up import warm_up

warm_up().join()
assert type(pint.application_registry.get()).__name__ == "LazyRegistry"
napari.layers.Points([[1, 2]])
assert type(pint.application_registry.get()).__name__ != "LazyRegistry"
"""


@pytest.mark.slow
def test_the_thread_leaves_what_the_first_layer_makes_to_the_gui_thread():
    subprocess.run([sys.executable, "-c", UNITS_AFTER_WARM_UP], check=True)


@pytest.mark.slow
def test_a_mask_is_shown_without_compiling_anything():
    subprocess.run([sys.executable, "-c", SHOW_AFTER_WARM_UP], check=True)
