"""A user sees which organs a label map holds, their measures, and each alone."""
