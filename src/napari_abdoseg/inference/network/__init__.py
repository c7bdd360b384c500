"""Networks on their device, tile by tile over a whole scan."""

from napari_abdoseg.inference.network.network import Network, device_of, network_on_device

__all__ = ["Network", "device_of", "network_on_device"]
