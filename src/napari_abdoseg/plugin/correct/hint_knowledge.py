"""What hints on a Labels layer go by."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary, ref

from napari.layers import Labels

from napari_abdoseg.correction.hints.answers import Knowledge
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.layers.kept_logits import logits_of
from napari_abdoseg.plugin.saving.logits_beside import logits_beside

_knowledge: WeakKeyDictionary[Labels, tuple[KeptLogits | None, Knowledge]] = WeakKeyDictionary()


def knowledge_of(target: Target) -> Knowledge:
    """Logits that came with the layer of a label map, or are kept beside its file."""
    layer, kept = target.layer, logits_of(target.layer)
    if layer not in _knowledge or _knowledge[layer][0] is not kept:
        _knowledge[layer] = kept, Knowledge(_finding(target))
    return _knowledge[layer][1]


def _finding(target: Target) -> Callable[[], KeptLogits | None]:
    layer, kept, scan = target.layer, logits_of(target.layer), target.scan
    if kept is not None or scan is None:
        return lambda: kept
    source = ref(layer)  # the knowledge of a layer would keep it, and stay itself

    def find() -> KeptLogits | None:
        layer = source()
        return None if layer is None else logits_beside(layer, volume_of(scan))

    return find
