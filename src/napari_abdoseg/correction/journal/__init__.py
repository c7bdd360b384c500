"""What was done to a label map, kept on the disk from stroke to stroke, so that no crash takes it.

Read it from the strokes up: `edit_history` is what can be undone, `records` the file that a
journal is, `places` and `holder` where that file is and who writes it. `keeper` writes it in a
thread; `recovery` offers what a crash has left, `recorded_labels` the label map that this leads
to, `changes_picture` a picture of it, and `corrections` how much it was, in figures, of which
`effort` are minutes, strokes and slices.
"""
