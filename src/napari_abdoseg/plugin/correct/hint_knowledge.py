"""What hints on a Labels layer go by."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from napari.layers import Labels

from napari_abdoseg.correction.hints.answers import Knowledge
from napari_abdoseg.plugin.layers.kept_logits import logits_of

_knowledge: WeakKeyDictionary[Labels, Knowledge] = WeakKeyDictionary()


def knowledge_of(layer: Labels) -> Knowledge:
    """What hints on a label map go by, as long as no other logits come."""
    knowledge, kept = _knowledge.get(layer), logits_of(layer)
    if knowledge is None or knowledge.kept is not kept:
        knowledge = _knowledge[layer] = Knowledge(kept)
    return knowledge
