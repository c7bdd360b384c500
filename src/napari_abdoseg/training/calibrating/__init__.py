"""How good a model's label maps are expected to be, learnt from cases that a fold has not seen."""
