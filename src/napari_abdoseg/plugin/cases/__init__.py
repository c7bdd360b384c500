"""A user looks through the organs of many cases, and opens each by a double click."""
