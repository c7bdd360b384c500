"""Learning from a case while it is corrected: from the slices that are right already.

`tuning` lets a fold agree with them, `slices` brings them to the networks' grid, `kept_grid` brings
what has changed to the logits that are kept, and `learning` does all of it. No file of a model is
written.
"""
