"""Trainings whose network comes to harm."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.training.watching.curves import FoldCurves
from napari_abdoseg.training.watching.finding import Finding, Trouble
from napari_abdoseg.training.watching.words import loss

RECENT = 5
"""Epochs that must agree, since a single one may have shown odd patches."""
LEARNT, LOST = 0.1, 0.1
"""EMA pseudo Dice that counts as learnt, and share of the best one that counts as lost."""
LEAST_RISE, LARGEST_START = 1.0, 5.0
"""Dice and cross-entropy of a fresh network are about 1 to 3 together, of a perfect one −1; a
training that begins above 5 has come to harm in its first epoch."""
ADVICE = "Start it anew with a lower learning rate; if that does not help, check the data set."


def find_divergence(curves: FoldCurves) -> Finding | None:
    """Tell whether a training diverges.

    It does where a loss is no number, as in nnU-Net's issue 2357; where the last
    `RECENT` epochs have all lost the pseudo Dice that was learnt before, as in its issues 298
    and 1395; or where their training loss is twice that of the first epoch, and 1 above it.
    """
    if not curves.epochs:
        return None
    reason = _no_number(curves) or _dice_lost(curves) or _loss_risen(curves)
    return Finding(Trouble.DIVERGES, f"{reason}. {ADVICE}") if reason else None


def _no_number(curves: FoldCurves) -> str | None:
    for name, values in (("training", curves.train_loss), ("validation", curves.val_loss)):
        finite = np.isfinite(values)
        if not finite[-1]:
            first = np.flatnonzero(finite)[-1] + 1 if finite.any() else 0
            return f"its {name} loss is {loss(values[-1])} since epoch {curves.numbers[first]:.0f}"
    return None


def _dice_lost(curves: FoldCurves) -> str | None:
    recent = curves.mean_dice[-RECENT:]
    best = np.nanmax(curves.mean_dice_ema, initial=0)
    if len(recent) < RECENT or best < LEARNT or not (recent < LOST * best).all():
        return None
    return f"its EMA pseudo Dice had reached {best:.2f} and the last {RECENT} epochs have lost it"


def _loss_risen(curves: FoldCurves) -> str | None:
    losses = curves.train_loss
    start = min(losses[0], LARGEST_START)
    if len(losses) <= RECENT or losses[-RECENT:].min() < start + max(LEAST_RISE, abs(start)):
        return None
    return f"its training loss began at {loss(losses[0])} and is {loss(losses[-1])} now"
