"""A napari window with a case in the four panels: the process that `abdoseg view` starts."""

from __future__ import annotations

import sys
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.shown_case import ShownCase


def main() -> None:
    """Show the files that the command names until the window is closed."""
    image, *labels = map(Path, sys.argv[1:])
    try:
        case = ShownCase.read(image, *labels)
    except AbdosegError as error:
        sys.exit(_complain(str(error)))
    try:
        import napari
        import napari.qt  # which needs Qt's libraries
    except ImportError as error:
        sys.exit(_complain(f"napari can't be loaded ({error}): install napari-abdoseg[all] anew."))
    from napari_abdoseg.plugin.case_window import show_case

    show_case(napari.Viewer(title=image.name), case)
    napari.run()


def _complain(sentence: str) -> int:
    sys.stderr.write(f"abdoseg: {sentence}\n")
    return 2


if __name__ == "__main__":
    main()
