"""What ruins a training, found before it starts."""
