"""The machine's devices and memory, and torch before it is loaded."""
