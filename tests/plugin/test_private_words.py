"""What is private to napari is used by few files, each of which says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_abdoseg

PLUGIN = Path(napari_abdoseg.__file__).parent / "plugin"

WORDS = {
    "correct/napari_painting.py": {"_drag_modes", "_mode"},
    "four_panel/layer_copy.py": {"_keymap"},
    "four_panel/view.py": {"_update_layers"},
    "jobs/job.py": {"_register_task_status", "_update_task_status"},
    "layers/boxes.py": {"_view_indices"},
    "layers/unseen_controls.py": {"_add", "_populate", "_remove"},
    "paint_events/paint_history.py": {
        *("_commit_staged_history", "_redo_history", "_save_history", "_staged_history"),
        "_undo_history",
    },
    "saving/layer_marks.py": {
        *("napari._qt.containers", "napari._qt.containers._base_item_model"),
        "napari._qt.containers._layer_delegate",
    },
    "viewing/canvas_context.py": {
        *("_clean_and_update_scenegraph", "_scene_canvas", "_update_scenegraph"),
        "napari._vispy.canvas",
    },
    "viewing/painting_overlays.py": {"_overlays"},
    "widgets/bare_shapes.py": {"_add_layer"},
    "widgets/napari_window.py": {
        *("_bind_shortcuts", "_qt_viewer", "_save_layers_dialog", "_welcome_widget"),
    },
    "widgets/unseen_canvas.py": {
        *("_add_layer", "_on_add_layer_change", "_pause_scene_graph_update", "_remove_layer"),
        "_resume_scene_graph_update",
    },
}
"""Each file below plugin/ that uses any, and which."""

PUBLIC = {"_replace"}
"""Of a named tuple."""


def _files() -> list[str]:
    return sorted(path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*.py"))


def _private_words(source: str) -> set[str]:
    """Private names in a source that it does not define, or defines for others to call."""
    nodes = list(ast.walk(ast.parse(source)))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own = {node.attr for node in attributes if _is_set_on_self(node)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name)}
    methods = set(_methods(nodes))
    used = {node.attr for node in attributes if not isinstance(node.ctx, ast.Store)}
    of_others = {node.attr for node in attributes} - own - methods
    words = of_others | (methods - used) | set(_texts(nodes))
    words = {word for word in words if word.startswith("_") and not word.endswith("__")} - PUBLIC
    return words | set(_private_modules(nodes))


def _is_set_on_self(node: ast.Attribute) -> bool:
    is_on_self = isinstance(node.value, ast.Name) and node.value.id == "self"
    return is_on_self and isinstance(node.ctx, ast.Store)


def _methods(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from (each.name for each in node.body if isinstance(each, ast.FunctionDef))


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    """Names that `getattr` may be given."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != "_":
            yield from [node.value] if node.value.isidentifier() else []


def _private_modules(nodes: list[ast.AST]) -> Iterator[str]:
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    return (each for each in modules if "._" in each)


@pytest.mark.parametrize("file", _files())
def test_private_words_are_those_that_the_file_may_use(file):
    assert _private_words((PLUGIN / file).read_text("utf-8")) == WORDS.get(file, set())


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("viewer.window._qt_viewer", {"_qt_viewer"}),
        ("layer._slice = None", {"_slice"}),
        ("getattr(layer, '_slice')", {"_slice"}),
        ("import napari._qt", {"napari._qt"}),
        ("from napari._vispy.canvas import VispyCanvas", {"napari._vispy.canvas"}),
        ("class A(B):\n def _bind(self): pass", {"_bind"}),
        ("class A(B):\n def f(self): self._of_base()", {"_of_base"}),
        ("class A:\n def f(self, other): self._a = other._a", set()),
        ("class A:\n def f(self): self._g()\n def _g(self): pass", set()),
    ],
)
def test_a_private_word_is_found(source, words):
    assert _private_words(source) == words
