"""Networks run by OpenVINO, which is faster than torch on a CPU, where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from napari_abdoseg.inference.checkpoint import Checkpoint

if TYPE_CHECKING:
    import torch
    from torch import nn


def openvino_is_installed() -> bool:
    """Whether the optional package is there."""
    return find_spec("openvino") is not None


class OpenVinoNetwork:
    """A network that takes the weights of one fold after another, each compiled once.

    Parameters
    ----------
    module : Module
        In main memory.
    shape : sequence of int
        (1, channel, *patch).
    bfloat16 : bool
        Convolve in bfloat16; in single precision otherwise.
    """

    def __init__(self, module: nn.Module, shape: tuple[int, ...], bfloat16: bool) -> None:
        import torch

        self.device = torch.device("cpu")
        self._module = module
        self._shape = shape
        self._precision = "bf16" if bfloat16 else "f32"
        self._compiled: dict[Checkpoint, Any] = {}
        self._network: Any = None

    def load(self, member: Checkpoint) -> None:
        """Take a fold's weights."""
        if member not in self._compiled:
            self._module.load_state_dict(member.weights)
            self._compiled[member] = self._compile()
        self._network = self._compiled[member]

    def run(self, image: torch.Tensor, flip: tuple[int, ...]) -> torch.Tensor:
        """Logits of one pass, mirrored and back; see `TorchNetwork.run`."""
        import torch

        (logits,) = self._network(torch.flip(image, flip).numpy()).values()
        return torch.flip(torch.from_numpy(logits), flip)

    def _compile(self) -> Any:
        import openvino
        import torch

        with torch.no_grad():
            model = openvino.convert_model(self._module, example_input=torch.zeros(self._shape))
        model.reshape(list(self._shape))
        settings = {"INFERENCE_PRECISION_HINT": self._precision, "PERFORMANCE_HINT": "LATENCY"}
        return openvino.Core().compile_model(model, "CPU", settings)
