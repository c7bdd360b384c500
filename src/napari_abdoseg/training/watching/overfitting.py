"""Trainings that learn their cases by heart."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.training.watching.curves import FoldCurves, Values
from napari_abdoseg.training.watching.finding import Finding, Trouble
from napari_abdoseg.training.watching.words import dice, loss

LEAST_EPOCHS = 12
"""Epochs that a trend is looked for in, at least."""
SHARE = 3
"""One part of so many of all epochs are looked at."""
LEAST_SMOOTHED, SMOOTHED = 7, 20
"""Epochs that are averaged, at least, and one part of so many of all."""
RISE_BY_CHANCE, FALL_BY_CHANCE = 1e-4, 1e-2
"""Largest p values of the trends of validation and training loss; that of the rise is small,
for a training is looked at after each of its epochs."""
GIVEN_BACK = 0.05
"""Share of its fall that the validation loss must have given back."""
HELD = 0.98
"""Share of its best that an EMA pseudo Dice still has where it holds."""


def find_overfitting(curves: FoldCurves) -> Finding | None:
    """Tell whether a training overfits.

    It does where the validation loss rises and the training loss falls, each beyond its noise
    by the Mann–Kendall test, over the last third of the epochs or since the validation loss was
    best, and the validation loss has given back more than `GIVEN_BACK` of its fall.

    Notes
    -----
    Mann, H. B. (1945). Nonparametric tests against trend. Econometrica, 13(3), 245–259.

    nnU-Net's authors don't mind a rising validation loss as long as the pseudo Dice holds
    (issues 757 and 829), so the reason says what becomes of that.
    """
    train, val = curves.train_loss, curves.val_loss
    if len(val) < SHARE * LEAST_EPOCHS or not np.isfinite([train, val]).all():
        return None
    smooth = _smoothed(val)
    best = int(smooth.argmin())
    start = min(best, len(val) - len(val) // SHARE)
    rise = smooth[-1] - smooth[best]
    if rise <= GIVEN_BACK * (smooth.max() - smooth[best]):
        return None
    if _chance_of_rise(val[start:]) > RISE_BY_CHANCE:
        return None
    if _chance_of_rise(-train[start:]) > FALL_BY_CHANCE:
        return None
    return Finding(
        Trouble.OVERFITS,
        f"its validation loss has risen from {loss(smooth[best])} around epoch "
        f"{curves.numbers[best]:.0f} to {loss(smooth[-1])}, while its training loss falls. "
        f"{_dice_words(curves.mean_dice_ema)}",
    )


def _smoothed(values: Values) -> Values:
    """Means of the epochs around each."""
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(values, max(LEAST_SMOOTHED, len(values) // SMOOTHED)))


def _chance_of_rise(values: Values) -> float:
    """p value of a rise, by the Mann–Kendall test: Kendall's rank correlation with time."""
    from scipy.stats import kendalltau

    return float(kendalltau(np.arange(len(values)), values, alternative="greater").pvalue)


def _dice_words(ema: Values) -> str:
    """What the pseudo Dice says to it."""
    most, last = np.nanmax(ema, initial=0), ema[-1]
    if last >= HELD * most:
        return f"The EMA pseudo Dice holds at {dice(last)}, which counts more."
    return (
        f"The EMA pseudo Dice has fallen from {dice(most)} to {dice(last)} too: "
        "more cases or fewer epochs would help."
    )
