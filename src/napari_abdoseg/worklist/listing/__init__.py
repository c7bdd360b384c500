"""All cases of a folder, as they are now: found, listed, ordered, chosen and put into words."""
