"""``report.json``: every number that the page shows, for whoever reads it with a program.

The document is `gatewise.report.summary.Summary` as JSON, with ``report_format`` before it. Its keys, always all
of them and always in this order:

===================  ==================================================================================================
key                  what
===================  ==================================================================================================
``report_format``    1; it changes when a key changes its meaning
``command``          fit, tune or demo
``version``          of the Gatewise that made the run
``run_folder``       as the run named it
``phase``            finished, interrupted, stopped, searching, …
``finished``         whether there is a ``summary.json``
``interrupted``      whether the user ended it early
``seconds``          duration
``horizon``          steps forecast
``season``           period in steps, 1 for none
``verdict``          whether the LSTM earned its place
``reasons``          why the preset chose what it chose
``notes``            how the numbers came about
``best``             the best trial: number, validation MASE, best epoch, settings
``leaderboard``      MASE, sMAPE, RMSE and MAE by model, best first
``evaluation``       all metrics, left-out models, intervals, errors by step, series and origin, the comparison
``audit``            what ``gatewise audit`` found
``data``             what was read, repaired and found by the data doctor
``drawn``            the drawn series: history, forecast and backtest with intervals
``steps``            mean absolute error at each step of the horizon
``coverage``         how often each interval held the truth
``epochs``           the best trial's losses, learning rate and share of clipped steps
``findings``         what the coach says of each trial
``trials``           every trial with its settings
``unusable``         those that diverged or failed
``knobs``            batch sizes, hidden units and every varied setting against the score
``importance``       which settings mattered, and what to try next
``clipping``         shares of clipped steps
``settings``         ``run.toml`` by group and name
``settings_text``    ``run.toml`` as it stands
``best_file``        whether there is a ``best.toml``
``problems``         sentences on files that could not be read
===================  ==================================================================================================

Shares are 0-1, durations in seconds, time stamps as the wall clock showed them, what is unknown null. There is no NaN
and no infinity.
"""

from __future__ import annotations

import json

from gatewise.report.summary import Summary
from gatewise.runs.store import finite

__all__ = ["REPORT_FORMAT", "report_json"]

REPORT_FORMAT = 1
"""Changes when a key changes its meaning."""


def report_json(summary: Summary) -> str:
    """Return ``report.json``: strict JSON, the same text for the same run."""
    document = {"report_format": REPORT_FORMAT, **finite(summary.to_dict())}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
