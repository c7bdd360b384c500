"""Passes of a network on CUDA, recorded once and played again.

A pass is some hundred small pieces of work. Asked for one by one, a GPU waits for the next as long
as it works on each; a recording (a CUDA graph) asks for all at once.
https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

WARM_UPS = 2
"""Passes before one is recorded, in which libraries make what they need once."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A pass, and where it finds images and leaves logits.

    Parameters
    ----------
    graph : CUDAGraph
    images, logits : Tensor
    """

    graph: torch.cuda.CUDAGraph
    images: torch.Tensor
    logits: torch.Tensor


@dataclass(frozen=True, eq=False)
class Recorder:
    """A network that is asked by recordings, one for each shape of a batch.

    They hold for all weights that are loaded into it, as these come to the same place.

    Parameters
    ----------
    module : Module
        Its pass does the same whatever the images.
    """

    module: nn.Module
    _recordings: dict[torch.Size, Recording] = field(default_factory=dict)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, which hold until the next call.

        Parameters
        ----------
        images : Tensor of float32, shape (batch, channel, *patch)
        """
        with torch.cuda.device(images.device):
            if images.shape not in self._recordings:
                self._recordings[images.shape] = self._record(images)
            recording = self._recordings[images.shape]
            recording.images.copy_(images)
            recording.graph.replay()
        return recording.logits

    def forget(self) -> None:
        """Let go of all recordings and their memory."""
        self._recordings.clear()

    def _record(self, images: torch.Tensor) -> Recording:
        images, graph = images.clone(), torch.cuda.CUDAGraph()
        beside, here = torch.cuda.Stream(), torch.cuda.current_stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                self.module(images)
        here.wait_stream(beside)
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            logits = self.module(images)
        return Recording(graph, images, logits)
