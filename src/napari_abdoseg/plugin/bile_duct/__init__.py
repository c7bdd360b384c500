"""A user sees the bile duct pulled straight in one picture, and goes along it."""
