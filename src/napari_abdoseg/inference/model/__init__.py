"""Model folders as nnU-Net leaves them: read, checked, and loaded as ensembles."""
