"""Data sets of other layouts in nnU-Net's raw format."""
