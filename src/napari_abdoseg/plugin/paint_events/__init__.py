"""What a user paints, told voxel by voxel to all that follow it."""
