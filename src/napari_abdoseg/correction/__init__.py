"""What tools do to a label map: each gives the edit that it would make, and changes nothing.

All begin with `editable_labels`: the label map, its organs' boxes and their locks. Some fill,
cut or change an organ, a file each; `brush`, `outline` and `tissue_edge` say where a hand goes,
and `painted_area` what that paints. What they leave on the disk: the journal of unsaved work,
`provenance` beside what was saved, and the `checked_places` of a case.
"""
