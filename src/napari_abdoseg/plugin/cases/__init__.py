"""A user goes through the cases of a work list, corrects them, and reviews those of others."""
