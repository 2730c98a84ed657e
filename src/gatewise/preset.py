"""Presets: where settings that the user left open come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewise.auto import choose_auto
from gatewise.data.panel import Panel
from gatewise.data.season import find_season
from gatewise.data.traits import traits_of
from gatewise.processor import fastest_precision
from gatewise.settings import Settings

__all__ = ["Resolved", "resolve"]

CLASSIC: dict[str, Any] = {
    "window": 10,
    "scaling": "minmax",
    "normalise": "none",
    "base": "none",
    "decoding": "direct",
    "hidden": (64, 32),
    "dropout": 0.2,
    "loss": "mse",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "schedule": "constant",
    "batch_size": 32,
    "epochs": 100,
    "patience": 5,
    "clip_norm": 1.0,
}
"""The textbook recipe."""

CLASSIC_HELD_OUT = 0.2
"""Share of the rows that `classic` tests on, and share of the rest that it validates on: 80/20 by time, twice."""

LEAST_TEST_ROWS, LEAST_VALIDATION_ROWS = 50, 100
"""However short the horizon is, a verdict and an early stop rest on about this many rows, where there are enough."""


@dataclass(frozen=True)
class Resolved:
    """Settings without an open end, and why each open one was chosen.

    Attributes:
        portfolio: complete settings of one network or several; window, horizon, season and the window counts are
            numbers, and the same in all of them but for the window.
        reasons: one sentence per choice made from the data.
    """

    portfolio: tuple[Settings, ...]
    reasons: tuple[str, ...]

    @property
    def settings(self) -> Settings:
        """The first of the portfolio."""
        return self.portfolio[0]


def resolve(panel: Panel, given: dict[str, Any]) -> Resolved:
    """Fill what `given` leaves open from its preset and the panel.

    Args:
        panel: the whole panel; only its lengths and its training part are looked at.
        given: settings that the user set, by name; they stay as they are. None leaves one open.

    Raises:
        SettingsError: for unknown names, values out of range, or clashes.
    """
    given = {name: value for name, value in given.items() if value is not None}
    given.setdefault("precision", fastest_precision())
    asked = Settings.of(**given)
    return _classic(panel, given, asked) if asked.preset == "classic" else _auto(panel, given, asked)


def _classic(panel: Panel, given: dict[str, Any], asked: Settings) -> Resolved:
    horizon, rows = asked.horizon or 1, len(panel.shortest)
    test = max(int(rows * CLASSIC_HELD_OUT) // horizon, 1)
    if asked.test_windows is not None:
        test = asked.test_windows
    validation = max(int((rows - test * horizon) * CLASSIC_HELD_OUT) // horizon, 1)
    chosen = {
        **CLASSIC,
        "horizon": horizon,
        "test_windows": test,
        "val_windows": validation,
        "season": asked.season or _season(panel, test * horizon),
    }
    reasons = (
        f"classic: the last {test * horizon} rows are the test, the {validation * horizon} before them the validation",
    )
    return Resolved((Settings.of(**{**chosen, **given}),), reasons)


def _season(panel: Panel, test: int) -> int:
    """Return the season found without a look at the last `test` steps, 1 where nothing else is left."""
    seen = panel.longer_than(test)
    return find_season(seen.head(test)) if len(seen) else 1


def _auto(panel: Panel, given: dict[str, Any], asked: Settings) -> Resolved:
    # Checked values in place of what may still be text from a flag.
    named = {name: getattr(asked, name) for name in given}
    if asked.long_season is not None:
        named["long_season"] = asked.long_season
    split, reasons = _lengths(panel, named, asked)
    seen = panel.longer_than(split["test_windows"] * split["horizon"])
    seen = (seen if len(seen) else panel).head(split["test_windows"] * split["horizon"] if len(seen) else 0)
    traits = traits_of(seen, split["season"], asked.long_season)
    train = max(traits.length - split["val_windows"] * split["horizon"], 1)
    chosen, why = choose_auto(traits, split["horizon"], train, named)
    portfolio = [Settings.of(**{**split, "long_season": traits.long_season, **one}) for one in chosen]
    return Resolved(tuple(portfolio), (*reasons, *why))


def _lengths(panel: Panel, given: dict[str, Any], asked: Settings) -> tuple[dict[str, int], list[str]]:
    """Choose horizon, test and validation part, and find the season without a look at the test part."""
    reasons: list[str] = []

    def choose(name: str, value: int, reason: str) -> int:
        if name in given:
            return given[name]
        reasons.append(f"{name} {value}: {reason}")
        return value

    rows = int(np.median(panel.lengths))
    tenth = max(rows // 10, 1)
    # An open horizon is chosen without a look at the longest test part that it can lead to, half of the rows at most.
    tests = asked.test_windows or 1
    hidden = (asked.test_windows or 0) * asked.horizon if asked.horizon else min(tests * tenth, rows // 2)
    hidden = max(tenth, hidden)
    season = asked.season or _season(panel, hidden)
    default, why = (season, "one season ahead") if season > 1 else (12, "a default")
    horizon = choose("horizon", min(default, tenth, max(hidden // tests, 1)), why)
    part = min(tenth, max(5 * horizon, LEAST_TEST_ROWS))
    reason = f"at most a tenth of {rows} rows, 5 horizons or {LEAST_TEST_ROWS} rows"
    test = choose("test_windows", max(part // horizon, 1), reason)
    if test * horizon > hidden:
        season = asked.season or _season(panel, test * horizon)
    choose("season", season, "found from the data" if season > 1 else "no cycle found in the data")
    free = rows - test * horizon
    part = min(max(free // 5, min(2 * horizon, free // 3)), max(10 * horizon, season, LEAST_VALIDATION_ROWS))
    reason = f"at most a fifth of {free} rows (or 2 horizons), 10 horizons, a season or {LEAST_VALIDATION_ROWS} rows"
    validation = choose("val_windows", max(part // horizon, 1), reason)
    return {"horizon": horizon, "test_windows": test, "val_windows": validation, "season": season}, reasons
