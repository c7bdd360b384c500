"""Where real CTs lie beside the repository; a user's checkout has none."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "shared" / "data"
REASON = "the real CTs (../shared/data beside the repository) are not here"
