"""What the losses of a training say: too early, too long, too far apart, too restless, or no better than no network.

Each rule looks at one thing and returns a finding or None. The training loss is the mean over an epoch in which the
weights still moved, with dropout and augmentation on; so it may honestly lie above the validation loss, and no rule
takes that for a fault.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gatewise.train.case import FEW_EPOCHS, RESTLESS, VERY_RESTLESS, Case
from gatewise.train.finding import Finding, finding, shown

__all__ = [
    "cut_by_min_delta",
    "cut_by_patience",
    "gap",
    "no_gain",
    "noisy",
    "overfitting",
    "still_improving",
    "too_few_epochs",
    "underfitting",
]

RISE, CLEAR_RISE = 0.05, 0.15
"""Rise of the validation loss over its lowest, as a share of it, that is noted, and that asks for a remedy."""

FALL, CLEAR_FALL = 0.05, 0.15
"""Fall of the training loss meanwhile, likewise: without it a rise of the validation loss is no overfitting."""

GAIN, CLEAR_GAIN = 0.01, 0.05
"""Fall of the validation loss over the last fifth of the epochs from which on more of them are worth a try."""

ANNEALED = 0.2
"""Last learning rate over the highest below which the schedule has come to its end."""

SHORT_PATIENCE = 3
"""A patience of so few epochs stops at the first jump of the loss."""

WIDE_GAP = 3.0
"""Validation error in units of the training error that is noted even where the former does not rise."""

FLAT = 0.02
"""Fall of the training loss over the last third of the epochs below which it counts as flat."""

HIGH = 0.97
"""Loss of the network in units of the best forecast without one from which on it counts as high."""

WORSE, CLEARLY_WORSE, USELESS = 1.05, 1.2, 5.0
"""The same ratio from which on the network does harm, does so whatever windows are looked at, and (of errors, not of
their squares) has gone astray altogether."""

SMALL_NETWORK = 8
"""Up to so many hidden units in all, a flat and high loss is laid to the size of the network first."""


def overfitting(case: Case) -> Finding | None:
    """Find a validation loss that rises while the training loss falls.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 5.2 and 7.8.
    """
    if not _judged(case):
        return None
    lowest = case.best_epoch - 1 if case.best_epoch else int(np.argmin(case.smooth_val))
    before, after = case.smooth_val[lowest], float(np.median(case.val[-3:]))
    rise, fall = after / before - 1, 1 - case.smooth_train[-1] / case.smooth_train[lowest]
    if lowest >= len(case.val) - 2 or rise < max(RISE, case.noise) or fall < FALL:
        return None
    clear = rise >= CLEAR_RISE and fall >= CLEAR_FALL
    text = (
        f"validation loss rises from epoch {lowest + 1} ({shown(float(case.val[lowest]))}) to epoch {len(case.val)} "
        f"({shown(after)}) while training loss falls by {fall:.0%}; the weights of epoch "
        f"{case.best_epoch} are kept"
    )
    s = case.settings
    # The best weights were passed within an epoch or two: smaller steps come closer to them, and help the most then.
    more: dict[str, Any] = {"learning_rate": case.smaller_rate} if lowest < 2 else {}
    more["dropout"] = 0.2 if s.dropout < 0.2 else 0.3 if s.dropout < 0.3 else 0.5
    if not s.l2:
        more["l2"] = 1e-4
    if not s.noise:
        more["noise"] = 0.05
    return finding(
        "overfitting",
        "warning" if clear else "note",
        text,
        case.possible(**more),
        epoch=lowest + 1,
        rise=float(rise),
        fall=float(fall),
    )


def gap(case: Case) -> Finding | None:
    """Find a validation error far above the training error that does not come from a rise."""
    if not _judged(case) or not case.best_epoch or overfitting(case):
        return None
    at = case.best_epoch - 1
    ratio = float(case.error(case.smooth_val[at]) / max(case.error(case.smooth_train[at]), 1e-30))
    if ratio < WIDE_GAP:
        return None
    text = (
        f"validation error is {ratio:.1f} times the training error at epoch {case.best_epoch}, without rising: the "
        "validation part differs from the training part, or the network has learned its windows by heart"
    )
    s = case.settings
    level = {"normalise": "last"} if s.normalise == "none" else {}
    return finding(
        "gap", "note", text, case.possible(**level, dropout=max(s.dropout, 0.3)), epoch=case.best_epoch, ratio=ratio
    )


def still_improving(case: Case) -> Finding | None:
    """Find a training that the limit of epochs cut off while its validation loss still fell."""
    count = len(case.epochs)
    if case.status != "epoch-limit" or not _judged(case) or case.best_epoch < count - max(count // 10, 1):
        return None
    back = min(max(count // 5, 3), count - 1)
    gain = float(1 - case.smooth_val[-1] / case.smooth_val[-1 - back])
    if gain < max(GAIN, case.noise):
        return None
    text = (
        f"validation loss still fell at the limit of {count} epochs: by {gain:.1%} over the last {back}, to "
        f"{shown(float(case.val[-1]))}"
    )
    longer = case.possible(epochs=2 * case.settings.epochs)
    # A schedule that ends near zero ends in a fall, however long it is.
    annealed = case.epochs[-1].learning_rate < ANNEALED * max(case.curve("learning_rate"))
    severity = "warning" if gain >= CLEAR_GAIN and not annealed else "note"
    return finding("still-improving", severity, text, longer, epoch=count, gain=gain)


def too_few_epochs(case: Case) -> Finding | None:
    """Find a training that the limit of epochs ended before its curves had a shape."""
    count = len(case.epochs)
    if case.status != "epoch-limit" or count >= FEW_EPOCHS:
        return None
    text = f"only {count} epoch{'s were' if count != 1 else ' was'} trained, too few to see whether more would help"
    longer = case.possible(epochs=max(30, case.settings.epochs))
    return finding("few-epochs", "warning", text, longer, epochs=count)


def cut_by_min_delta(case: Case) -> Finding | None:
    """Find a fall of the validation loss that `min_delta` did not let count."""
    least = case.settings.min_delta
    if not least or not case.best_epoch or not case.sound:
        return None
    kept, lowest = float(case.val[case.best_epoch - 1]), int(np.argmin(case.val))
    missed = 1 - float(case.val[lowest]) / kept
    if missed < GAIN:
        return None
    text = (
        f"min_delta {shown(least)} passed over a fall of the validation loss from {shown(kept)} at epoch "
        f"{case.best_epoch} to {shown(float(case.val[lowest]))} at epoch {lowest + 1}, {missed:.0%} less"
    )
    severity = "warning" if missed >= CLEAR_GAIN else "note"
    return finding("min-delta", severity, text, case.possible(min_delta=0.0), epoch=lowest + 1, missed=missed)


def cut_by_patience(case: Case) -> Finding | None:
    """Find an early stop while the validation loss was on its way down."""
    patience, best = case.settings.patience, case.best_epoch
    if case.status != "early-stopped" or best < 2 or not case.sound:
        return None
    kept, waited, before = float(case.val[best - 1]), case.val[best:], case.val[max(best - 4, 0)]
    text = f"training was stopped after {patience} epoch{'s' * (patience != 1)} without a new lowest validation loss"
    gain = float(1 - kept / before)
    longer = case.possible(patience=max(2 * patience, 8))
    if patience <= SHORT_PATIENCE and gain >= CLEAR_GAIN:
        text += f", which had fallen by {gain:.0%} over the {best - max(best - 3, 1)} epochs before, to {shown(kept)}"
        return finding("patience", "warning", text, longer, epoch=len(case.val), fall=gain)
    if len(waited) < FEW_EPOCHS:
        return None
    slope, _ = np.polyfit(np.arange(len(waited)), waited, 1)
    fall = float(-slope * (len(waited) - 1) / waited[0])
    # Only a loss on its way down, and all but back at its lowest, was about to beat that.
    if fall < max(CLEAR_GAIN, 2 * case.noise) or waited[-1] > (1 + RISE) * kept:
        return None
    text += f" while it was falling again: by {fall:.0%} over them to {shown(float(waited[-1]))}, lowest {shown(kept)}"
    return finding("patience", "note", text, longer, epoch=len(case.val), fall=fall)


def noisy(case: Case) -> Finding | None:
    """Find a validation loss that jumps from epoch to epoch: steps too large for the valley that they are in.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 8.3.1 and 11.4.1; Izmailov et al. (2018),
    "Averaging weights leads to wider optima and better generalization", for averaging.
    """
    if not _judged(case) or case.noise < RESTLESS:
        return None
    s = case.settings
    calmer: dict[str, Any] = {"learning_rate": case.smaller_rate}
    if s.schedule == "constant":
        calmer["schedule"] = "cosine"
    if not s.averaging:
        calmer["averaging"] = 0.99
    text = (
        f"validation loss jumps by {case.noise:.0%} from epoch to epoch around {shown(float(np.median(case.val)))}: "
        f"the steps with learning_rate {shown(s.learning_rate)} are too large to settle"
    )
    severity = "warning" if case.noise >= VERY_RESTLESS else "note"
    return finding("noisy", severity, text, case.possible(**calmer), noise=case.noise)


def no_gain(case: Case) -> Finding | None:
    """Find a network that forecasts no better than what needs no network: its base, or the window's last value."""
    seen, s = case.probe, case.settings
    if seen is None or not case.best_epoch:
        return None
    ratio = seen.loss / max(seen.plain_loss, 1e-30)
    if ratio < HIGH:
        return None
    last = seen.last_loss < seen.base_loss or s.base == "last"
    better = "repeating the last value" if last else f"base {s.base} alone"
    numbers = f"loss {shown(seen.loss)} against {shown(seen.plain_loss)} on {seen.windows} validation windows"
    if ratio < WORSE:
        text = f"the network forecasts hardly better than {better}: {numbers}; perhaps there is no more to learn"
        return finding("no-gain", "note", text, {}, ratio=ratio)
    text = f"the network forecasts worse than {better}: {numbers}"
    if case.error(ratio) >= USELESS:
        tries = case.possible(learning_rate=case.smaller_rate)
        return finding("worse-than-plain", "problem", text, tries, ratio=ratio)
    if last and s.base == s.normalise == "none":
        text += ", as it must learn the level of every window by itself"
        framing = case.possible(normalise="last", base="last")
        return finding("worse-than-plain", "warning", text, framing, joint=True, ratio=ratio)
    tries = {"learning_rate": case.smaller_rate, "dropout": 0.2 if s.dropout < 0.2 else 0.4}
    tries = case.possible(base="last", **tries) if last else case.possible(**tries)
    return finding("worse-than-plain", "warning" if ratio >= CLEARLY_WORSE else "note", text, tries, ratio=ratio)


def underfitting(case: Case) -> Finding | None:
    """Find losses that are both high and flat: the network does not even learn the training part.

    High means hardly better than the best forecast without a network. Where the series hold nothing more to learn
    (a random walk), this is as good as it gets, and the finding says so.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 5.2 and 11.4.1.
    """
    seen = case.probe
    if seen is None or not _judged(case) or overfitting(case):
        return None
    fall = float(1 - case.smooth_train[-1] / case.smooth_train[-1 - max(len(case.train) // 3, 2)])
    ratio, units = seen.loss / max(seen.plain_loss, 1e-30), sum(case.settings.hidden)
    if fall > FLAT or ratio >= WORSE or not (ratio >= HIGH or units <= SMALL_NETWORK):
        return None
    s = case.settings
    more: dict[str, Any] = {"hidden": tuple(max(2 * one, 16) for one in s.hidden)}
    if s.dropout > 0.2:
        more["dropout"] = 0.1
    losses = f"{shown(float(case.smooth_train[-1]))} and {shown(float(case.smooth_val[-1]))}"
    if ratio < HIGH:
        text = f"training and validation loss are flat ({losses}) with only {units} hidden unit{'s' * (units != 1)}"
    elif s.base == "linear":
        text = (
            f"the network adds hardly anything to its linear base: loss {shown(seen.loss)} against "
            f"{shown(seen.plain_loss)}, and training loss is flat; it is too small, or there is no more to learn"
        )
    else:
        text = (
            f"training and validation loss are both high and flat ({losses}): hardly better than without the network "
            f"({shown(seen.loss)} against {shown(seen.plain_loss)}), so it is too small, or there is no more to learn"
        )
    severity = "warning" if ratio >= HIGH and units <= SMALL_NETWORK else "note"
    return finding("underfitting", severity, text, case.possible(**more), ratio=ratio, fall=fall)


def _judged(case: Case) -> bool:
    """Whether the curves are long enough, sound, and above zero, so that ratios mean something."""
    return len(case.epochs) >= FEW_EPOCHS and case.sound and bool(case.val.min() > 0) and bool(case.train.min() > 0)
