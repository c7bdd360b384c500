"""The tool that corrects organs, kept from one case to the next."""

from __future__ import annotations

from napari.components import ViewerModel

from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.plugin.correct.bench import Usable, bench


class ToolAtHand:
    """Puts the chosen tool down while another case comes, and takes it up there.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._bench = bench(viewer)
        self._tool: Usable | None = None

    def put_down(self) -> None:
        """Leave the case with no tool; one that waits since a case without label map stays so."""
        self._tool = self._bench.tool or self._tool
        self._bench.choose(None)

    def take_up(self) -> None:
        """Take it up again, unless the label map in view can't be corrected."""
        try:
            self._bench.target()
        except CorrectionError:
            return
        tool, self._tool = self._tool, None
        if tool is not None:
            self._bench.choose(tool)
