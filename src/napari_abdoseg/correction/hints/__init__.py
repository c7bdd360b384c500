"""Gestures that an ensemble completes: a click or a slice, and its logits do the rest.

`clicks` says what has to be added to an organ's logit so that clicked voxels come to their side
(the `least_that_suffices`), `lead` how far the organ is ahead between the voxels of the logits, and
`boundary` which voxels of the scan cross. `propagation` reads a corrected slice as clicks.
`scribble` lets strokes for and against an organ go as far as a `random_walk` does that the CT's
edges hold up (`stroke_walk`). `without_ensemble` gives what stands in for logits, and
`changed_mind` the places where an ensemble says something else after it has learnt. All give edits
as other tools do, and spare what is locked, what `hand_work` has seen a person change, and what
isn't on the `side` or in the box that was chosen (`where`). `standing` follows the steps of a label
map, and `answers` is what tools ask.
"""
