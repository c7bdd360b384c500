"""What a user paints, told voxel by voxel to all that follow it.

A stroke comes from napari to `shared_labels`, one for each label map. There it is decoded
(`paint_history`), loses what is locked (`held_back`), is drawn in all panels
(`layer_redraws`), and is told to whoever listens (`label_edits`): in this order.
"""
