"""Gestures that an ensemble completes: a click, a stroke or a slice, and its logits do the rest.

`lead` says how far an organ is ahead of all others, at the spacing of the logits and between their
voxels. `bias` lets an organ be larger or smaller, everywhere or around a click. Each gives an edit
as other tools do, and spares what is locked and what a person has painted.
"""
