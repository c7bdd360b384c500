"""The label maps that a case has had, and which of them counts."""
