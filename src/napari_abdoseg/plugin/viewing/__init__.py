"""How a user looks at a case: which one, from where, at which place and window."""
