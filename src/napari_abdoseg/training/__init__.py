"""From a data set to an ensemble."""
