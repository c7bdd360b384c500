"""Where networks run."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """A torch device, and why it was taken.

    Parameters
    ----------
    name : str
        As torch spells it: ``"cuda:0"``, ``"mps"``, ``"cpu"``.
    reason : str
        A sentence for the user.
    """

    name: str
    reason: str


def choose_device(wish: str = "auto") -> Device:
    """Take the device asked for, or the fastest there is.

    Parameters
    ----------
    wish : str
        ``"auto"`` is CUDA, else MPS, else CPU; or ``"cpu"``, ``"cuda"``,
        ``"cuda:1"``, ``"mps"``.

    Raises
    ------
    DeviceError
        The device is unknown or not on this machine.

    Examples
    --------
    >>> from napari_abdoseg.inference.hardware.device import choose_device
    >>> choose_device("cpu")
    Device(name='cpu', reason='As asked for.')
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wish == "auto":
        if cuda:
            return Device("cuda:0", f"{torch.cuda.get_device_name(0)}, found by CUDA.")
        if mps:
            return Device("mps", "Apple GPU (MPS); there is no CUDA device.")
        return Device("cpu", f"CPU, since {_why_no_gpu()}.")
    kind, _, index = wish.partition(":")
    if kind not in DEVICES or (index and not index.isdigit()):
        raise DeviceError(
            f"{wish!r} is no device: choose auto, cpu, cuda, cuda:1 (a GPU by number) or mps."
        )
    if kind == "cuda" and not cuda:
        raise DeviceError(f"CUDA is not at hand: {_why_no_gpu()}. Choose auto or cpu.")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"There is no {wish}: this machine has {torch.cuda.device_count()} GPU(s), "
            "numbered from 0."
        )
    if kind == "mps" and not mps:
        raise DeviceError("MPS is not at hand: it needs an Apple GPU. Choose auto or cpu.")
    return Device(f"cuda:{index or 0}" if kind == "cuda" else kind, "As asked for.")


def choose_devices(wishes: str = "auto") -> tuple[Device, ...]:
    """Take all devices asked for, so that each works on something of its own.

    Parameters
    ----------
    wishes : str
        ``"auto"`` is all GPUs, else MPS, else CPU; ``"cuda"`` is all GPUs; or devices with
        commas between them, such as ``"cuda:5,cuda:6"``. ``"cpu,cpu"`` shares the CPU out.

    Raises
    ------
    DeviceError
        One is unknown or not on this machine.
    """
    import torch

    devices = tuple(choose_device(wish.strip()) for wish in wishes.split(","))
    if wishes.strip() in ("auto", "cuda") and devices[0].name.startswith("cuda"):
        return tuple(
            Device(f"cuda:{number}", f"{torch.cuda.get_device_name(number)}, found by CUDA.")
            for number in range(torch.cuda.device_count())
        )
    return devices


def describe_device(device: Device) -> str:
    """A device in words, such as ``"cuda:0 (NVIDIA A100)"``."""
    import torch

    if device.name.startswith("cuda"):
        return f"{device.name} ({torch.cuda.get_device_name(device.name)})"
    return {"cpu": "the CPU", "mps": "mps (Apple GPU)"}[device.name]


def _why_no_gpu() -> str:
    import torch

    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return "torch finds no NVIDIA GPU or driver"
