"""Gatewise: from a table of time series to a tuned LSTM forecaster, and an honest word on whether it earned its place.

Example:
    >>> import gatewise
    >>> gatewise.__all__[-3:]
    ['sweep', 'tune', 'write_report']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewise.ablation import ablate
    from gatewise.auditing.run import audit
    from gatewise.backtesting import backtest
    from gatewise.data.load import load_panel
    from gatewise.errors import GatewiseError
    from gatewise.forecast import Forecaster
    from gatewise.report.html import write_report
    from gatewise.settings import Settings
    from gatewise.studies import lr_find, sweep
    from gatewise.swept import Sweep
    from gatewise.train.range_curve import RangeTest
    from gatewise.tuning import Study, tune

__all__ = [
    "Forecaster", "GatewiseError", "RangeTest", "Settings", "Study", "Sweep",
    "ablate", "audit", "backtest", "load_panel", "lr_find", "sweep", "tune", "write_report",
]  # fmt: skip

_HOMES = {
    "Forecaster": "gatewise.forecast",
    "GatewiseError": "gatewise.errors",
    "RangeTest": "gatewise.train.range_curve",
    "Settings": "gatewise.settings",
    "Study": "gatewise.tuning",
    "ablate": "gatewise.ablation",
    "backtest": "gatewise.backtesting",
    "audit": "gatewise.auditing.run",
    "Sweep": "gatewise.swept",
    "load_panel": "gatewise.data.load",
    "lr_find": "gatewise.studies",
    "sweep": "gatewise.studies",
    "tune": "gatewise.tuning",
    "write_report": "gatewise.report.html",
}


def __getattr__(name: str) -> Any:
    # Heavy libraries load with the first name that needs them, so that `gatewise --help` answers at once.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gatewise' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
