"""The health of a training: what its statistics say about it, in words with the evidence and the knob to turn.

::

    training ─ epochs ─────────────┬─ curve_rules   losses
             └ best weights ─ probe┴─ step_rules    gradients, steps, gates, memory   ─→ findings

A finding is advice and no verdict: in a search the scores decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.architecture import Architecture
from gatewise.settings import Settings
from gatewise.train import curve_rules, step_rules
from gatewise.train.case import SGD_FACTOR, USUAL_RATE, Case, rounded
from gatewise.train.finding import SEVERITIES, Finding, finding, shown

if TYPE_CHECKING:
    from gatewise.train.fit import Epoch, Training, Validation
    from gatewise.train.probe import Probe

__all__ = ["EXPLOSION", "examine", "explain_divergence", "exploded", "findings_of"]

HIGH_LEARNING_RATE = 0.01
"""Learning rates from here on are the first suspect of a divergence (with adaptive optimizers and small networks)."""

EXPLOSION, ABSURD = 100.0, 1e4
"""Error in units of the smallest so far, and in units of a scaled series' spread, from which on a training has exploded
though every number is still finite."""

RULES: tuple[Callable[[Case], Finding | None], ...] = (
    step_rules.window_below_season,
    step_rules.small_steps,
    step_rules.large_steps,
    curve_rules.no_gain,
    curve_rules.underfitting,
    curve_rules.overfitting,
    curve_rules.too_few_epochs,
    curve_rules.still_improving,
    curve_rules.noisy,
    step_rules.vanishing,
    step_rules.spiking,
    step_rules.saturated,
    step_rules.fading,
    step_rules.forgetful,
    curve_rules.cut_by_min_delta,
    curve_rules.cut_by_patience,
    step_rules.clipped,
    curve_rules.gap,
)
"""Every rule, what matters most first among findings of one severity."""

EXPLAINS: dict[str, tuple[str, ...]] = {
    "small-steps": ("still-improving", "underfitting", "no-gain", "worse-than-plain", "few-epochs", "fading-gradients"),
    "large-steps": ("noisy", "worse-than-plain", "fading-gradients"),
    "overfitting": ("no-gain", "patience"),
    "underfitting": ("no-gain", "fading-gradients"),
    "no-gain": ("fading-gradients",),
    "saturated": ("fading-gradients",),
    "forgetful": ("fading-gradients",),
    "min-delta": ("still-improving", "patience"),
}
"""What each finding explains, and is left out beside it."""


def examine(
    settings: Settings,
    architecture: Architecture,
    training: Training,
    validation: Validation,
    linear: np.ndarray | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of a finished training, the most important first.

    This is the one call at the end of a training; it takes milliseconds and compiles nothing.

    Args:
        settings: resolved settings.
        architecture: that of the settings and the panel.
        training: how it went, with its best weights.
        validation: the validation windows, some of which are looked at.
        linear: the linear base, None with another base.
    """
    # The probe reads the network's layout, and with it comes JAX; a report that only reads findings does without.
    from gatewise.train.probe import probe

    seen = probe(architecture, training.parameters, validation, linear) if training.epochs else None
    return findings_of(settings, training.epochs, training.status, training.best_epoch, seen, settings.season)


def findings_of(
    settings: Settings,
    epochs: Sequence[Epoch],
    status: str,
    best_epoch: int,
    probe: Probe | None = None,
    season: int | None = None,
) -> tuple[Finding, ...]:
    """Return what the statistics of a training say, the most important first.

    Args:
        settings: resolved settings.
        epochs: what each epoch did.
        status: how the training ended: early-stopped, epoch-limit, interrupted or diverged.
        best_epoch: the epoch whose weights were kept, 0 for none.
        probe: a look inside the network with these weights; without one, fewer things can be said.
        season: period of the dominant cycle in steps; None or 1 for none.

    Returns:
        Problems first, then warnings, then notes; where there is neither problem nor warning, a word on what went well
        stands at the end. Nothing where no epoch ended.
    """
    if not epochs:
        return ()
    case = Case(settings, epochs, status, best_epoch, probe, season or 1)
    broken = _divergence(case)
    if broken is not None:
        # The other statistics of a training that exploded tell of the explosion only.
        aside = step_rules.window_below_season(case)
        return (broken, aside) if aside else (broken,)
    made = [found for rule in RULES if case.sound and (found := rule(case)) is not None]
    hidden = {code for found in made for code in EXPLAINS.get(found.code, ())}
    left = [found for found in made if found.code not in hidden or found.severity == "problem"]
    if not any(found.severity in ("problem", "warning") for found in left) and case.sound:
        left.append(_good(case))
    return tuple(sorted(left, key=lambda found: SEVERITIES.index(found.severity)))


def exploded(settings: Settings, epochs: Sequence[Epoch], plain_loss: float | None = None) -> bool:
    """Tell whether the last epoch's losses are so huge that the training has diverged, finite or not.

    Args:
        settings: the loss, whose squares are undone, and the scaling, which says what is huge.
        epochs: what each epoch did, the last one to be judged.
        plain_loss: loss of a forecast without a network, in the same units, where it is known.
    """
    case = Case(settings, epochs, "", 0)
    scaled = settings.scaling in ("standard", "minmax")
    for losses in (case.train, case.val):
        errors = case.error(losses[~np.isnan(losses)])
        if not len(errors):
            continue
        last, first, least = float(errors[-1]), float(errors[0]), float(errors.min())
        if not math.isfinite(last) or (scaled and last > ABSURD):
            return True
        # Where a base is all but exact, a hundred times its error may still be little: less than the series' spread.
        if plain_loss is not None and last > max(EXPLOSION * float(case.error(plain_loss)), 1.0 if scaled else 0.0):
            return True
        # A loss that fell to almost nothing may rise a hundredfold and still be small: it must exceed its start, too.
        if last > EXPLOSION * least and last > 0.1 * EXPLOSION * first:
            return True
    return False


def explain_divergence(settings: Settings, epoch: int) -> str:
    """Return why the loss most likely turned NaN, infinite or huge, and which knob to turn.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 10.11.1 and 11.4.

    Example:
        >>> explain_divergence(Settings.of(learning_rate=0.1, clip_norm=0), 3)
        'diverged at epoch 3 with learning_rate 0.1: try learning_rate 0.01 or clip_norm 1'
    """
    text, tries = _suspect(settings, epoch)
    return finding("diverged", "problem", text, tries).text


def _suspect(settings: Settings, epoch: int) -> tuple[str, dict[str, Any]]:
    """Return what is said of a divergence and the knobs to turn."""
    s, where = settings, f"diverged at epoch {epoch}"
    clipping = {"clip_norm": 1.0} if s.clip_norm == 0 or s.clip_norm > 1 else {}
    # A rate a million times too high is not mended by a tenth of it.
    usual = USUAL_RATE * (SGD_FACTOR if s.optimizer == "sgd" else 1)
    lower = {"learning_rate": rounded(min(s.learning_rate / 10, usual))}
    if s.learning_rate >= HIGH_LEARNING_RATE or clipping:
        return f"{where} with learning_rate {shown(s.learning_rate)}", lower | clipping
    if s.scaling == "none" and s.normalise == "none":
        return f"{where} on unscaled values", {"scaling": "standard"}
    return f"{where} with optimizer {s.optimizer}", lower


def _divergence(case: Case) -> Finding | None:
    plain = case.probe.plain_loss if case.probe is not None else None
    huge = exploded(case.settings, case.epochs, plain)
    if case.status != "diverged" and not huge:
        return None
    # The first epoch from which on it never came back.
    epoch = len(case.epochs)
    while epoch > 1 and exploded(case.settings, case.epochs[: epoch - 1], plain):
        epoch -= 1
    text, tries = _suspect(case.settings, epoch)
    last = case.epochs[epoch - 1]
    if math.isfinite(last.train_loss) and math.isfinite(last.val_loss):
        text = f"{text} (training loss {shown(last.train_loss)}, validation loss {shown(last.val_loss)})"
    if case.best_epoch:
        text += f"; the weights of epoch {case.best_epoch} are kept"
    return finding(
        "diverged",
        "problem",
        text,
        case.possible(**tries),
        epoch=epoch,
        learning_rate=last.learning_rate,
        largest_norm=last.largest_norm,
        val_loss=last.val_loss,
    )


def _good(case: Case) -> Finding:
    """Return what went well, with the numbers that show it."""
    best = max(case.best_epoch, 1)
    first, kept = float(case.val[0]), float(case.val[best - 1])
    step, share = float(np.median(case.curve("update_ratio"))), float(np.mean(case.curve("clipped")))
    text = f"sound training: validation loss {shown(first)} at epoch 1 and {shown(kept)} at epoch {best} of "
    text += f"{len(case.val)}"
    if case.probe is not None:
        text += f" ({shown(case.probe.plain_loss)} without the network, on a sample)"
    text += f", usual step {step:.1%} of the weights, {share:.0%} of the steps clipped"
    if case.probe is not None:
        layer = case.probe.layers[0]
        text += f", gradients reach back {layer.reach(step_rules.FADED)} of {len(layer.gradient)} steps"
    return Finding("sound", "good", text, {}, {"val_loss": kept, "update_ratio": step, "clipped": share})
