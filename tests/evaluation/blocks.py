"""The grid of the small label maps."""

import numpy as np

AFFINE = np.diag([-2.0, -2.0, 3.0, 1.0])
