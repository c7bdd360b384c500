"""Files of any kind: packed or not, and either whole or not there."""
