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
        given: settings that the user set, by name; they stay as they are.

    Raises:
        SettingsError: for unknown names, values out of range, or clashes.
    """
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


def _season(panel: Panel, held_out: int) -> int:
    """Return the season found without looking at the last `held_out` steps."""
    shortest = len(panel.shortest)
    return find_season(panel.head(held_out if held_out < shortest // 2 else 0))


def _auto(panel: Panel, given: dict[str, Any], asked: Settings) -> Resolved:
    rows, reasons = len(panel.shortest), list[str]()

    def because(name: str, value: Any, reason: str) -> Any:
        if given.get(name) is not None:
            return given[name]
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        reasons.append(f"{name} {shown}: {reason}")
        return value

    tenth = max(rows // 10, 1)
    season = asked.season or _season(panel, tenth)
    because("season", season, "found from the data" if season > 1 else "no cycle found in the data")
    horizon = asked.horizon or because(
        "horizon", min(season if season > 1 else 12, tenth), "one season ahead" if season > 1 else "a default"
    )
    test = asked.test_windows
    if test is None:
        test = because("test_windows", min(max(tenth // horizon, 1), 5), f"a tenth of {rows} rows, at most 5 horizons")
    free = rows - test * horizon
    validation = asked.val_windows or because(
        "val_windows",
        max(min(free // 5, max(10 * horizon, season)) // horizon, 1),
        f"a fifth of {free} rows, at most 10 horizons or a season",
    )
    train = free - validation * horizon
    framing = _framing(because, season, horizon, train)
    sizes = _sizes(because, panel, train)
    chosen = {
        "season": season,
        "horizon": horizon,
        "test_windows": test,
        "val_windows": validation,
        **framing,
        **sizes,
        "loss": "mae",
        "schedule": "cosine",
        "learning_rate": 3e-3,
        "dropout": 0.1,
    }
    return Resolved(Settings.of(**{**chosen, **given}), tuple(reasons))


def _framing(because: Any, season: int, horizon: int, train: int) -> dict[str, Any]:
    """Choose window, patch, base and normalisation."""
    room = max((train - horizon) // 2, 1)
    if season > 1 and 2 * season <= min(LONGEST_SEASONAL_WINDOW, room):
        seasons = 2 if season >= 24 else 3 if 3 * season <= room else 2
        window = because("window", seasons * season, f"{seasons} seasons")
        base = because("base", "season", "the network forecasts what differs from the last season")
    else:
        window = because("window", min(max(2 * horizon, 28), room), "twice the horizon, at least 28 steps")
        base = because("base", "none", "no season fits into a window; the network forecasts around the window's mean")
    patch = because("patch", _patch(window), f"the LSTM makes {window // _patch(window)} steps through a window")
    normalise = because("normalise", "mean", "levels that training never saw cost nothing")
    return {"window": window, "patch": patch, "base": base, "normalise": normalise}


def _patch(window: int) -> int:
    """Return the patch that divides the window into 12 to 36 LSTM steps, or 1."""
    for patch in range(1, window + 1):
        if window % patch == 0 and window // patch <= 36:
            return patch if window // patch >= 8 else 1
    return 1


def _sizes(because: Any, panel: Panel, train: int) -> dict[str, Any]:
    """Choose hidden units, batch size and the length of an epoch from the number of training rows."""
    rows = train * len(panel)
    hidden = because("hidden", (32,) if rows < 1000 else (64,), f"{rows} training rows")
    batch = because("batch_size", 32 if rows < 5000 else 64, f"{rows} training rows")
    epoch = because(
        "windows_per_epoch", min(max(rows, 1024), 8192), "enough steps between two looks at the validation part"
    )
    return {"hidden": hidden, "batch_size": batch, "windows_per_epoch": epoch, "epochs": 40, "patience": 10}
