"""NRRD and MetaImage: headers of text, with the voxels behind them or in a file beside them."""
