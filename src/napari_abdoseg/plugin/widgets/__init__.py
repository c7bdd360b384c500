"""What the panels are made of: tables, labels and colours that can be read."""
