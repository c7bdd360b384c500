"""A label map on the scan's grid from what networks say at their spacing."""
