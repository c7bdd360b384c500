"""From a data set to an ensemble: convert, check, plan, train, watch."""
