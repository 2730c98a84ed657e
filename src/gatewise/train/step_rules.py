"""What the steps of a training and the network's inside say: gradients, clipping, sizes of steps, gates, memory.

Each rule looks at one thing and returns a finding or None.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gatewise.settings import Settings
from gatewise.train.case import RESTLESS, Case, rounded
from gatewise.train.finding import Finding, finding, shown

__all__ = [
    "clipped",
    "fading",
    "forgetful",
    "large_steps",
    "saturated",
    "small_steps",
    "spiking",
    "vanishing",
    "window_below_season",
]

USUAL_STEP, BRISK_STEP = 1e-3, 5e-3
"""Size of a step over that of the weights in a sound training, roughly, and in one of a small network.

Source: Karpathy (2015), "CS231n: Convolutional neural networks for visual recognition", "Ratio of weights:updates".
"""

SMALL_STEP, LARGE_STEP, HUGE_STEP = 1e-4, 0.05, 0.1
"""The same ratio, mean over an epoch, that is too small in every epoch, and too large in any; sound trainings of small
networks start at 0.01 to 0.02 and settle at 0.002 to 0.008 (measured on the tables of `case.RESTLESS`)."""

MOSTLY_CLIPPED, HALF_CLIPPED = 0.9, 0.5
"""Shares of clipped steps that are noted. Clipping is meant for the rare cliff, not for every step.

Source: Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", section 3.2.
"""

SPIKE = 100.0
"""Largest gradient norm, in units of the usual one, that is noted where nothing clips it."""

NO_GRADIENT = 1e-4
"""Gradient norm over the training loss below which hardly anything is learned."""

FADED = 0.01
"""Share of the largest gradient below which a state far back in time hardly teaches the network.

Source: Bengio, Simard and Frasconi (1994), "Learning long-term dependencies with gradient descent is difficult";
Pascanu, Mikolov and Bengio (2013), section 2.1.
"""

FEW_STEPS = 8
"""Shorter sequences are not judged by how far their gradients reach."""

MOST_SATURATED, MUCH_SATURATED = 0.3, 0.5
"""Mean share of saturated input gates, output gates and candidates; sound trainings show at most 0.1. A forget gate at
1 is memory and no fault, so that gate does not count.

Source: Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward networks", section 3.
"""

FORGETFUL = 0.3
"""Mean forget gate of the units that remember longest below which a layer's memory is about one step; it starts near
0.73, from a bias of 1.

Source: Jozefowicz, Zaremba and Sutskever (2015), "An empirical exploration of recurrent network architectures".
"""

LONGEST_SEASON = 400
"""A season of more steps is no warning: a window over it is seldom worth its price."""


def clipped(case: Case) -> Finding | None:
    """Find a limit on the gradient that most steps run into."""
    share, s = float(np.mean(case.curve("clipped"))), case.settings
    if not share >= HALF_CLIPPED:
        return None
    typical = float(np.median(case.curve("gradient_norm")))
    text = f"{share:.0%} of the steps are clipped (the usual gradient norm is {shown(typical)}, "
    text += f"clip_norm {shown(s.clip_norm)})" if s.clip_norm else f"clip_value {shown(s.clip_value)})"
    looser = {"clip_norm": _nice(2 * typical)} if s.clip_norm else {}
    if s.clip_value:
        looser["clip_value"] = 0.0
    severity = "note"
    if share >= MOSTLY_CLIPPED:
        if _limited(case):
            severity = "warning"
            text += ", so their size is set by the limit and no longer by the gradient"
        else:
            text += f"; {s.optimizer} rescales its steps, so this costs little as long as it is the same for all"
    return finding("clipped", severity, text, case.possible(**looser), share=share, gradient_norm=typical)


def spiking(case: Case) -> Finding | None:
    """Find a gradient far beyond the others that nothing clipped: it explodes now and then."""
    norms, largest = case.curve("gradient_norm"), case.curve("largest_norm")
    usual = float(np.median(norms))
    at = int(np.argmax(largest))
    if not usual > 0 or case.settings.clip_norm or not largest[at] > SPIKE * usual:
        return None
    text = (
        f"the gradient explodes now and then: its norm reached {shown(float(largest[at]))} at epoch {at + 1}, "
        f"{largest[at] / usual:.0f} times the usual {shown(usual)}, and nothing clips it"
    )
    limit = case.possible(clip_norm=_nice(3 * usual))
    return finding(
        "gradient-spikes", "warning", text, limit, epoch=at + 1, largest_norm=float(largest[at]), gradient_norm=usual
    )


def vanishing(case: Case) -> Finding | None:
    """Find a gradient of all but nothing while the loss is not."""
    norm, loss = float(np.median(case.curve("gradient_norm"))), float(np.median(case.train))
    if not loss > 0 or not norm < NO_GRADIENT * loss:
        return None
    text = f"the gradient has all but vanished: its usual norm is {shown(norm)} at a training loss of {shown(loss)}"
    s = case.settings
    tries: dict[str, Any] = {"scaling": "standard"} if s.scaling == "none" else {}
    if len(s.hidden) > 1:
        tries["hidden"] = s.hidden[:1]
    return finding("vanished", "warning", text, case.possible(**tries), gradient_norm=norm, loss=loss)


def small_steps(case: Case) -> Finding | None:
    """Find steps too small to get anywhere."""
    largest, s = float(np.max(case.curve("update_ratio"))), case.settings
    if not 0 < largest < SMALL_STEP or _limited(case):
        return None
    rate = rounded(min(s.learning_rate * BRISK_STEP / largest, case.usual_rate))
    text = (
        f"the steps are too small: with learning_rate {shown(s.learning_rate)} each changes the weights by at most "
        f"{largest:.0e} of their size, where {USUAL_STEP:.0e} is usual; training loss went from "
        f"{shown(float(case.train[0]))} to {shown(float(case.train[-1]))}"
    )
    faster = case.possible(learning_rate=rate) if rate > s.learning_rate else {}
    return finding("small-steps", "warning", text, faster, update_ratio=largest)


def large_steps(case: Case) -> Finding | None:
    """Find steps that change the weights by much of their size at once."""
    ratios, s = case.curve("update_ratio"), case.settings
    at = int(np.argmax(ratios))
    if not ratios[at] >= LARGE_STEP:
        return None
    text = (
        f"the steps are too large: with learning_rate {shown(s.learning_rate)} each changed the weights by "
        f"{ratios[at]:.0%} of their size in epoch {at + 1}, where {USUAL_STEP:.1%} is usual and 2% common at the start"
    )
    # An epoch of two or three steps shows those of a fresh Adam, which are large and harmless; so harm must show, too.
    lasting = len(ratios) > 2 and float(np.sort(ratios)[-3]) >= LARGE_STEP
    harmed = lasting or saturated(case) is not None or case.noise > RESTLESS
    severity = "warning" if ratios[at] >= HUGE_STEP and harmed else "note"
    tries = case.possible(learning_rate=case.smaller_rate)
    return finding("large-steps", severity, text, tries, epoch=at + 1, update_ratio=float(ratios[at]))


def saturated(case: Case) -> Finding | None:
    """Find a layer whose gates stand at the ends of their range, where they have no slope to learn by."""
    if case.probe is None or not case.best_epoch:
        return None
    shares = [np.mean([one.saturated[gate] for gate in ("input", "candidate", "output")]) for one in case.probe.layers]
    worst = int(np.argmax(shares))
    share, s = float(shares[worst]), case.settings
    if share < MOST_SATURATED:
        return None
    each = case.probe.layers[worst].saturated
    text = (
        f"{share:.0%} of the gates of layer {worst + 1} are saturated (input {each['input']:.0%}, candidate "
        f"{each['candidate']:.0%}, output {each['output']:.0%}): they act as switches and hardly learn any more"
    )
    if s.scaling == s.normalise == "none":
        tries = case.possible(scaling="standard")
    else:
        tries = case.possible(learning_rate=case.smaller_rate, l2=max(10 * s.l2, 1e-5))
    severity = "warning" if share >= MUCH_SATURATED else "note"
    return finding("saturated", severity, text, tries, share=share, layer=worst + 1)


def forgetful(case: Case) -> Finding | None:
    """Find a layer that keeps next to nothing from one step to the next."""
    if case.probe is None or not case.best_epoch or len(case.probe.layers[0].gradient) < 4:
        return None
    worst = min(case.probe.layers, key=lambda layer: layer.longest_forget)
    if worst.longest_forget >= FORGETFUL:
        return None
    number = case.probe.layers.index(worst) + 1
    text = (
        f"layer {number} remembers about one step: its forget gates stand at {shown(worst.forget)} on average, and at "
        f"{shown(worst.longest_forget)} in the units that remember longest"
    )
    shorter = _shorter(case, max(len(case.probe.layers[0].gradient) // 4, 1))
    tries = case.possible(learning_rate=case.smaller_rate, **shorter)
    return finding("forgetful", "note", text, tries, forget=worst.forget, longest_forget=worst.longest_forget)


def fading(case: Case) -> Finding | None:
    """Find gradients that fade, or explode, on their way back through the window."""
    if case.probe is None or not case.best_epoch:
        return None
    first, s = case.probe.layers[0], case.settings
    steps = len(first.gradient)
    reach = first.reach(FADED)
    if steps < FEW_STEPS or s.window is None:
        return None
    if first.gradient[0] < FADED:
        far = int(np.argmax(first.gradient))
        text = (
            f"gradients explode on their way back: {far} steps of the LSTM before the forecast they are "
            f"{1 / max(first.gradient[0], 1e-9):.0f} times as large as at its end"
        )
        tries = case.possible(learning_rate=case.smaller_rate, clip_norm=_tighter(s))
        return finding(
            "exploding-in-time", "warning", text, tries, ratio=1 / max(first.gradient[0], 1e-9), distance=far
        )
    if reach > steps // 2:
        return None
    text = (
        f"gradients fade to {FADED:.0%} within {reach} of the {steps} steps that the LSTM makes, so the window's older "
        f"{(steps - reach) * s.patch} of {s.window} values hardly teach it; that is a loss only if they matter"
    )
    lost_season = reach * s.patch < case.season <= s.window and s.base in ("none", "last")
    if lost_season:
        text += f", and the season of {case.season} lies beyond"
    severity = "warning" if lost_season and case.probe.loss > 0.8 * case.probe.plain_loss else "note"
    return finding("fading-gradients", severity, text, case.possible(**_shorter(case, reach)), reach=reach, steps=steps)


def window_below_season(case: Case) -> Finding | None:
    """Find a window that does not hold one whole season."""
    s = case.settings
    if s.window is None or not 1 < s.window < case.season:
        return None
    text = (
        f"the window ({s.window} steps) is shorter than the season ({case.season}): the network never sees a whole one"
    )
    window = math.ceil(case.season / s.patch) * s.patch
    longer = case.possible(window=window)
    seen = bool(s.calendar)
    if seen:
        text += f", though the calendar ({', '.join(s.calendar or ())}) may tell it where in the season it stands"
    severity = "note" if seen or case.season > LONGEST_SEASON else "warning"
    return finding("window-below-season", severity, text, longer, window=s.window, season=case.season)


def _shorter(case: Case, steps: int) -> dict[str, int]:
    """Return a longer patch, or where none divides the window a shorter window, for about so many steps."""
    s, window = case.settings, case.settings.window or 1
    fitting = [
        patch for patch in range(s.patch + 1, window // 2 + 1) if window % patch == 0 and window // patch <= steps
    ]
    if fitting and case.possible(patch=fitting[0]):
        return {"patch": fitting[0]}
    shorter = {"window": max(steps, 1) * s.patch}
    return shorter if shorter["window"] < window and case.possible(**shorter) else {}


def _limited(case: Case) -> bool:
    """Whether clipping alone sets the size of the steps; the adaptive optimizers rescale what it leaves."""
    return case.settings.optimizer == "sgd" and float(np.mean(case.curve("clipped"))) >= MOSTLY_CLIPPED


def _tighter(settings: Settings) -> float:
    """Return half the limit on the gradient's norm, 1 where there is none."""
    return settings.clip_norm / 2 if settings.clip_norm else 1.0


def _nice(value: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten.

    Example:
        >>> _nice(0.13), _nice(3.0), _nice(0.06)
        (0.2, 5.0, 0.1)
    """
    if not 0 < value < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{step * power:.1g}") for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
