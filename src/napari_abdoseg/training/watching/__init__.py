"""Following an nnU-Net training by the log files that it writes."""
