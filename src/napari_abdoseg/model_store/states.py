"""Where a model is, in a word for lists."""

STATES = {
    "package": "packaged",
    "installed": "installed",
    "nnU-Net": "nnU-Net's",
    "TotalSegmentator": "TotalSegmentator's",
}
AVAILABLE, UNUSABLE = "to install", "unusable"
