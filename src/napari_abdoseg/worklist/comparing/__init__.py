"""What people, or a new model, make of the same cases."""
