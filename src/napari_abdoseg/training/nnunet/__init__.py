"""What runs in nnU-Net's own processes, where its environment variables are set."""
