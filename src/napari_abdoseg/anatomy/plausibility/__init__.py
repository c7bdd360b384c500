"""Places in a label map that no healthy abdomen explains."""
