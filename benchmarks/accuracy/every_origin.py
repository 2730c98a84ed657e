"""A child process: forecasts of a saved model from every origin of the test part, for a fixed split.

``python every_origin.py RUN_DIR TABLE TEST_ROWS OUT`` loads ``RUN_DIR/model``, forecasts the columns of TABLE and
writes ``unique_id, ds, cutoff, y, gatewise`` to OUT (Parquet), where `ds` counts rows from 0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from gatewise.forecast import Forecaster, panel_of

AT_ONCE = 256
"""Origins forecast at a time."""

LONGEST_WINDOW = 720
"""Windows that the protocol allows."""


def main(run: Path, table: Path, test_rows: int, out: Path) -> None:
    """Forecast and write."""
    forecaster = Forecaster.load(run)
    windows = [member.settings.window or 0 for member in forecaster.model_.members]
    if max(windows) > LONGEST_WINDOW:
        raise SystemExit(f"a window must be at most {LONGEST_WINDOW} steps here, but the run has {max(windows)}")
    settings = forecaster.settings_
    horizon, panel = settings.horizon or 1, panel_of(str(table), settings)
    distances = range(test_rows, horizon - 1, -1)
    chunks = [distances[first : first + AT_ONCE] for first in range(0, len(distances), AT_ONCE)]
    made = np.concatenate([forecaster.model_.forecast_from(panel, tuple(some), horizon).point for some in chunks])
    frames = []
    for number, one in enumerate(panel):
        origins = len(one) - np.array(distances)
        steps = origins[:, None] + np.arange(horizon)
        columns = {"ds": steps.ravel(), "cutoff": np.repeat(origins - 1, horizon), "y": one.values[steps].ravel()}
        frames.append(pd.DataFrame({"unique_id": one.unique_id, **columns, "gatewise": made[:, number].ravel()}))
    pd.concat(frames, ignore_index=True).to_parquet(out, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
