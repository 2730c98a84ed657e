"""The `auto` preset: looks at a panel and chooses recipe, network and training, each choice with its reason.

One framing is right for some series and wrong for others, and a short validation part cannot tell which. So the preset
chooses a *portfolio*: a few networks that see the same series through different framings. `fit` trains them all and
forecasts with their median (or a weighted mean); `tune` starts its search from them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gatewise.architecture import SEASONS, steps_of
from gatewise.data.traits import Traits

__all__ = ["LONGEST_WINDOW", "choose_auto"]

LONGEST_WINDOW = 736
"""Longest window that the preset chooses, in steps: a month of hours, two years of days."""

WEEK = 7
"""Days whose hours are seen come in weeks, whether the data show it or not."""

MOST_SEASONS, LONGEST_PAIR, STEPS = 30, 400, 28
"""Seasons in a window at most; steps of two seasons that are worth a window; patches of a window without such ones."""

MANY_SERIES = 20
"""Series from which on the framings are those that suit a network for many series."""

LONGEST_PATCH = 48
"""Longest season that becomes one patch."""

MULTIPLICATIVE, SHALLOW = 0.5, 0.1
"""Swings that grow by at least this power of the level, around lows that are not deeper than this share of the median,
are taken as shares of the level: the logarithm makes them equal."""

MANY_WINDOWS, VERY_MANY_WINDOWS = 50_000, 200_000
"""Training windows of a panel from which on wider networks pay, and from the first of which on the final training goes
on from the validated weights."""


class Sequence(NamedTuple):
    """A window and its patch, in steps."""

    window: int
    patch: int

    def __str__(self) -> str:
        return f"{self.window} steps in {self.window // self.patch} patches of {self.patch}"


def choose_auto(
    traits: Traits, horizon: int, train: int, given: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a portfolio of settings, the best guess first, and why they were chosen.

    Args:
        traits: of the panel without its test part.
        horizon: steps to forecast.
        train: rows of the training part of the series in the middle.
        given: settings of the user, checked; they stay as they are in all of the portfolio.
    """
    reasons: list[str] = []

    def choose(name: str, value: Any, reason: str) -> dict[str, Any]:
        if name in given:
            return {}
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        reasons.append(f"{name} {shown}: {reason}")
        return {name: value}

    common = _training(choose, traits, train)
    near, far = _sequences(traits, horizon, train)
    if "window" in given or "patch" in given:
        near = far = _as_given(given, far, _needed(given, traits))
    elif near.window < _needed(given, traits):
        near = far = _as_given(given, far, _needed(given, traits))
        reasons.append(f"window {near}: what the given base or level needs")
    elif near == far:
        reasons.append(f"window {near}: what the training part has room for")
    else:
        reasons.append(f"window {near}, or {far}: some networks look at the near past and some far back")
    framings = _framings(traits, horizon, near, far)
    portfolio = [_joined(common, framing, given) for framing in framings]
    usable = [one for one in portfolio if _fits(one, traits)]
    distinct = [one for number, one in enumerate(usable) if one not in usable[:number]]
    distinct = distinct or [{**common, **_plain(near), **given}]
    if len(distinct) > 1:
        around = dict.fromkeys(one["base"] for one in distinct)
        named = ", ".join(BASES[base] for base in around)
        reasons.append(
            f"{len(distinct)} framings: networks that forecast around {named} err in different ways, and together less"
        )
    return distinct, reasons


BASES = {
    "none": "the window's level",
    "last": "the last value",
    "season": "the last season",
    "long-season": "the last long season",
    "season-mean": "the mean season",
    "season-drift": "the last season and its growth",
    "linear": "a linear forecast",
}
"""What the network forecasts around, in words."""


def _training(choose: Any, traits: Traits, train: int) -> dict[str, Any]:
    """Choose network and training from the number of training windows, and the transform from the swings."""
    windows = max(train, 1) * traits.series
    few = 1 < traits.series < MANY_SERIES
    chosen: dict[str, Any] = {"calendar": ()}
    chosen |= {"loss": "mae", "schedule": "cosine"}
    chosen |= {"dropout": 0.3, "learning_rate": 1e-3} if few else {"dropout": 0.1, "learning_rate": 3e-3}
    counted = f"about {windows} training windows"
    if windows >= MANY_WINDOWS and traits.series > 1:
        chosen |= choose("hidden", (256,) if windows >= VERY_MANY_WINDOWS else (128,), counted)
        chosen |= choose("batch_size", 128, counted)
        chosen |= choose("windows_per_epoch", 16384, "enough steps between two looks at the validation part")
        chosen |= choose("refit", "onward", "with so many windows the last rows are learned on top")
        chosen |= choose("combine", "weighted", "many series tell well which networks are the better ones")
        chosen |= {"epochs": 14, "patience": 6}
    else:
        chosen |= choose("hidden", (32,) if windows < 1000 else (64,), counted)
        chosen |= choose("batch_size", 32 if windows < 5000 else 64, counted)
        size = min(max(windows, 1024), 4096)
        chosen |= choose("windows_per_epoch", size, "enough steps between two looks at the validation part")
        chosen |= {"epochs": 30, "patience": 8}
    if traits.growth >= MULTIPLICATIVE and traits.depth >= SHALLOW and traits.smallest >= 0:
        chosen |= choose(
            "transform", "log", f"swings grow with the level (slope {traits.growth:.1f} of the logarithms)"
        )
    return chosen


def _sequences(traits: Traits, horizon: int, train: int) -> tuple[Sequence, Sequence]:
    """Return a short window and a long one: whole seasons where there is a season, as far as the rows reach."""
    room = max((train - horizon) // 2, 1)
    limit, season = min(room, LONGEST_WINDOW), traits.season
    if season == 1 or 2 * season > min(limit, LONGEST_PAIR):
        near = min(max(2 * horizon, 28), room)
        far = min(max(4 * near, season), limit)
        return _sequence(near), _sequence(max(far, near))
    within_day = "hour" in traits.calendar
    fewest = WEEK if within_day else 2
    near = min(max(fewest, -(-3 * horizon // (2 * season))), limit // season)
    far = 2 * near
    if within_day:
        # Several days ahead are seen better from a month than from two weeks.
        far = (4 if horizon > 2 * season else 2) * WEEK
    if traits.long_season > 1:
        longer = traits.long_season // season
        far = 2 * longer if 2 * longer <= MOST_SEASONS else longer + 2
    far = max(min(far, limit // season), near)
    if traits.series >= MANY_SERIES and traits.long_season > 1:
        near = far
    return _seasonal(season, near), _seasonal(season, far)


def _seasonal(season: int, seasons: int) -> Sequence:
    """Return a window of whole seasons, a season a patch; of about as many steps where that is no good patch."""
    return Sequence(season * seasons, season) if 6 <= season <= LONGEST_PATCH else _sequence(season * seasons)


def _sequence(window: int) -> Sequence:
    """Return a window of at least so many steps, in patches of which it has about 28."""
    patch = max(window // STEPS, 1)
    return Sequence(-(-window // patch) * patch, patch)


def _patch(window: int) -> int:
    """Return the smallest patch that makes at most 36 steps of a window, if it makes 8 at least; else 1."""
    for patch in range(1, window + 1):
        if window % patch == 0 and window // patch <= 36:
            return patch if window // patch >= 8 else 1
    return 1


def _joined(common: dict[str, Any], framing: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a framing together with the rest, and what the user set in place of either."""
    if given.get("decoding", "segments") != "segments":
        framing = {name: value for name, value in framing.items() if name != "segment"}
    return {**common, **framing, **given}


def _needed(given: dict[str, Any], traits: Traits) -> int:
    """Return the steps that the user's base and level of the window need."""
    wanted = (str(given.get("base")), str(given.get("normalise")))
    return max(steps_of(name, traits.season, traits.long_season) for name in wanted)


def _as_given(given: dict[str, Any], sequence: Sequence, needed: int) -> Sequence:
    """Return the user's window, or one near `sequence`, and as long as needed, that the user's patch divides."""
    window, patch = given.get("window"), given.get("patch")
    if window is None:
        unit = patch or 1
        window = max(sequence.window // unit, -(-needed // unit), 1) * unit
    return Sequence(window, patch or _patch(window))


def _framings(traits: Traits, horizon: int, near: Sequence, far: Sequence) -> list[dict[str, Any]]:
    """Return the framings of the portfolio, the safest first."""

    def framing(sequence: Sequence, base: str, normalise: str, rescale: str = "none", **more: Any) -> dict[str, Any]:
        return {**sequence._asdict(), "base": base, "normalise": normalise, "rescale": rescale, **more}

    def segments(sequence: Sequence) -> dict[str, Any]:
        return {"decoding": "segments", "segment": min(sequence.patch, horizon)} if horizon > 1 else {}

    seasonal = 1 < traits.season <= near.window
    if traits.known_ahead:
        # The decoder bends what is known ahead, the head only weighs it; and its effect may hang on the plain level.
        fine = {"decoding": "segments", "segment": max(1, min(traits.season, horizon) // 6)} if horizon > 1 else {}
        dated = {**fine, "calendar": traits.calendar}
        return [
            framing(near, "season", "mean", "std", **fine) if seasonal else framing(near, "last", "last", **fine),
            framing(far, "none", "none", **dated),
            framing(far, "linear", "mean", "std", **fine),
            framing(near, "none", "mean", **dated),
            framing(near, "season", "mean", **dated) if seasonal else framing(near, "last", "last", **dated),
        ]
    if not seasonal:
        return [
            framing(near, "last", "last"),
            framing(near, "linear", "last"),
            framing(far, "none", "mean"),
            framing(far, "none", "last", "std"),
            framing(far, "linear", "mean", "std"),
        ]
    if traits.series >= MANY_SERIES:
        return [
            framing(near, "season", "mean", "std"),
            framing(far, "linear", "mean", "std", **segments(far)),
            framing(near, "season-mean", "season", "std"),
            framing(far, "season", "mean", "std", **segments(far)),
            framing(near, "season-mean", "mean", "std", **segments(near)),
        ]
    made = [
        framing(near, "season", "mean", "std"),
        framing(far, "linear", "mean", "std"),
        framing(near, "season-mean", "season", "std"),
        framing(far, "last", "last", **segments(far)),
        framing(near, "linear", "last"),
        framing(near, "season-drift", "mean", "std"),
    ]
    if traits.series > 1:
        # A few series of a kind give windows enough to look far back, and to learn what a season is.
        made[0], made[2] = framing(far, "none", "last", "std", **segments(far)), framing(near, "linear", "mean", "std")
    return made


def _plain(near: Sequence) -> dict[str, Any]:
    """Return a framing that fits whatever else is set."""
    return {**near._asdict(), "base": "none", "normalise": "mean"}


def _fits(values: dict[str, Any], traits: Traits) -> bool:
    """Tell whether a framing makes sense together with what the user set."""
    base, window = values["base"], values["window"]
    for name in (base, values["normalise"]):
        seasonal, needed = name in SEASONS or name == "long-season", steps_of(name, traits.season, traits.long_season)
        if needed > window or (seasonal and needed == 1):
            return False
    if base == "linear" and values.get("decoding") == "recursive":
        return False
    return window % values["patch"] == 0
