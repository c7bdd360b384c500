"""Models to be had: what there is, how it comes here, and whether it is what it should be."""
