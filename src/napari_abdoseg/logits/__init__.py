"""Logits of an ensemble that are kept with a case, so that corrections can go by them.

`KeptLogits` come from `inference/export/keeping.py` and are used by `correction/hints/`.
"""
