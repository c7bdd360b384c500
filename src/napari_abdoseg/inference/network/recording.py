"""Passes of a network on CUDA, recorded once and played again.

A pass is some hundred small pieces of work. Asked for one by one, a GPU waits for the next as long
as it works on each; a recording (a CUDA graph) asks for all at once.
https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

WARM_UPS = 2
"""Passes before one is recorded, in which libraries make what they need once."""
AHEAD = 2
"""Passes that are asked for before the first of them is done: enough to keep the GPU busy, and few
enough for progress to be true and for work to stop soon."""

_log = logging.getLogger(__name__)


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
    _recordings: dict[torch.Size, Recording | None] = field(default_factory=dict)
    _under_way: deque[torch.cuda.Event] = field(default_factory=deque)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, which hold until the next call.

        Parameters
        ----------
        images : Tensor of float32, shape (batch, channel, *patch)
        """
        with torch.cuda.device(images.device):
            if len(self._under_way) >= AHEAD:
                self._under_way.popleft().synchronize()
            logits = self._ask(images)
            done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
            done.record()
            self._under_way.append(done)
        return logits

    def forget(self) -> None:
        """Let go of all recordings and their memory."""
        self._recordings.clear()
        self._under_way.clear()

    def _ask(self, images: torch.Tensor) -> torch.Tensor:
        if images.shape not in self._recordings:
            self._recordings[images.shape] = self._record(images)
        recording = self._recordings[images.shape]
        if recording is None:
            return self.module(images)  # type: ignore[no-any-return]
        recording.images.copy_(images)
        recording.graph.replay()
        return recording.logits

    def _record(self, images: torch.Tensor) -> Recording | None:
        """A recording of one pass; None where it can't be recorded."""
        images, graph = images.clone(), torch.cuda.CUDAGraph()
        beside, here = torch.cuda.Stream(), torch.cuda.current_stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                self.module(images)
        here.wait_stream(beside)
        try:
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                logits = self.module(images)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            _log.warning("Passes are asked for one by one, as they can't be recorded: %s", error)
            return None
        return Recording(graph, images, logits)
