"""A user corrects organs with tools: chooses one, sees what it would change, and takes that."""
