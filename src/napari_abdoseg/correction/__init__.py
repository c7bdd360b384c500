"""What tools do to a label map: each gives the edit that it would make, and changes nothing."""
