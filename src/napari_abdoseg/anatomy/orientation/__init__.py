"""Whether what a scan shows lies as its header says."""
