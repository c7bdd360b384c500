"""What the values of a label map are called: one rule for all of the program."""
