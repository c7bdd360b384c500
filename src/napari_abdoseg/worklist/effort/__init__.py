"""How much work cases were, and whether it gets less."""
