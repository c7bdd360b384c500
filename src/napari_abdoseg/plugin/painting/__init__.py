"""A user paints an organ, by number keys, while locked organs stay as they are."""
