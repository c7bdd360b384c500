"""Files compared by what they hold: the same content need not be packed in the same way."""

from __future__ import annotations

import gzip
from pathlib import Path


def unpacked(path: Path) -> bytes:
    """What a file holds, unpacked if it is packed by gzip."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content
