"""What is known of a case, one file each, and how it is changed while others do the same."""
