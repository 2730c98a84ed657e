"""Presets: where settings that the user left open come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatewise.data.panel import Panel
from gatewise.data.season import find_season
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

LONGEST_SEASONAL_WINDOW = 400
"""Two seasons longer than this make a window too long for its worth; the base is then the last value."""


@dataclass(frozen=True)
class Resolved:
    """Settings without an open end, and why each open one was chosen.

    Attributes:
        settings: all settings; window, horizon, season and the window counts are numbers.
        reasons: one sentence per choice made from the data.
    """

    settings: Settings
    reasons: tuple[str, ...]


def resolve(panel: Panel, given: dict[str, Any]) -> Resolved:
    """Fill what `given` leaves open from its preset and the panel.

    Args:
        panel: the whole panel; only its lengths and its training part are looked at.
        given: settings that the user set, by name; they stay as they are. None leaves one open.

    Raises:
        SettingsError: for unknown names, values out of range, or clashes.
    """
    given = {name: value for name, value in given.items() if value is not None}
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
    return Resolved(Settings.of(**{**chosen, **given}), reasons)


def _season(panel: Panel, test: int) -> int:
    """Return the season found without a look at the last `test` steps, 1 where nothing else is left."""
    seen = panel.longer_than(test)
    return find_season(seen.head(test)) if len(seen) else 1


class _Chooser:
    """Collects choices made from the data with their reasons; what the user gave stays and needs no reason."""

    def __init__(self, given: dict[str, Any]):
        self.given = given
        self.reasons: list[str] = []

    def __call__(self, name: str, value: Any, reason: str) -> Any:
        if self.given.get(name) is not None:
            return self.given[name]
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        self.reasons.append(f"{name} {shown}: {reason}")
        return value


def _auto(panel: Panel, given: dict[str, Any], asked: Settings) -> Resolved:
    # Checked values in place of what may still be text from a flag.
    choose = _Chooser({name: getattr(asked, name) for name in given})
    split, season = _lengths(choose, panel, asked)
    train = len(panel.shortest) - (split["test_windows"] + split["val_windows"]) * split["horizon"]
    chosen = {
        "season": season,
        **split,
        **_framing(choose, season, split["horizon"], train),
        **_sizes(choose, panel, train),
        "loss": "mae",
        "schedule": "cosine",
        "learning_rate": 3e-3,
        "dropout": 0.1,
    }
    return Resolved(Settings.of(**{**chosen, **given}), tuple(choose.reasons))


def _lengths(choose: _Chooser, panel: Panel, asked: Settings) -> tuple[dict[str, int], int]:
    """Choose horizon, test and validation part, and find the season without a look at the test part."""
    rows = len(panel.shortest)
    tenth = max(rows // 10, 1)
    hidden = max(tenth, (asked.test_windows or 0) * (asked.horizon or 1))
    season = asked.season or _season(panel, hidden)
    default, why = (season, "one season ahead") if season > 1 else (12, "a default")
    horizon = choose("horizon", min(default, tenth), why)
    part = min(tenth, max(5 * horizon, LEAST_TEST_ROWS))
    reason = f"at most a tenth of {rows} rows, 5 horizons or {LEAST_TEST_ROWS} rows"
    test = choose("test_windows", max(part // horizon, 1), reason)
    if test * horizon > hidden:
        season = asked.season or _season(panel, test * horizon)
    choose("season", season, "found from the data" if season > 1 else "no cycle found in the data")
    free = rows - test * horizon
    part = min(free // 5, max(10 * horizon, season, LEAST_VALIDATION_ROWS))
    reason = f"at most a fifth of {free} rows, 10 horizons, a season or {LEAST_VALIDATION_ROWS} rows"
    validation = choose("val_windows", max(part // horizon, 1), reason)
    return {"horizon": horizon, "test_windows": test, "val_windows": validation}, season


def _framing(choose: _Chooser, season: int, horizon: int, train: int) -> dict[str, Any]:
    """Choose window, patch, base and normalisation."""
    room = max((train - horizon) // 2, 1)
    patch = choose.given.get("patch", 1)
    if season > 1 and 2 * season <= min(LONGEST_SEASONAL_WINDOW, room):
        seasons = 3 if season < 24 and 3 * season <= room else 2
        window = choose("window", -(-seasons * season // patch) * patch, f"{seasons} seasons")
    else:
        wanted = min(max(2 * horizon, 28), room)
        window = choose("window", max(wanted // patch, 1) * patch, "twice the horizon, at least 28 steps")
    if 1 < season <= window:
        base = choose("base", "season", "the network forecasts what differs from the last season")
    else:
        base = choose("base", "none", "no season fits into the window; the network forecasts around the window's mean")
    patch = choose("patch", _patch(window), f"the LSTM makes {window // _patch(window)} steps through a window")
    normalise = choose("normalise", "mean", "levels that training never saw cost nothing")
    return {"window": window, "patch": patch, "base": base, "normalise": normalise}


def _patch(window: int) -> int:
    """Return the patch that divides the window into 12 to 36 LSTM steps, or 1."""
    for patch in range(1, window + 1):
        if window % patch == 0 and window // patch <= 36:
            return patch if window // patch >= 8 else 1
    return 1


def _sizes(choose: _Chooser, panel: Panel, train: int) -> dict[str, Any]:
    """Choose hidden units, batch size and the length of an epoch from the number of training rows."""
    rows = train * len(panel)
    hidden = choose("hidden", (32,) if rows < 1000 else (64,), f"{rows} training rows")
    batch = choose("batch_size", 32 if rows < 5000 else 64, f"{rows} training rows")
    epoch = choose(
        "windows_per_epoch", min(max(rows, 1024), 8192), "enough steps between two looks at the validation part"
    )
    return {"hidden": hidden, "batch_size": batch, "windows_per_epoch": epoch, "epochs": 40, "patience": 10}
