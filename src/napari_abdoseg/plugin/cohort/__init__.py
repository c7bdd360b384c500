"""A user looks through the organs of many results, and opens each by a double click."""
