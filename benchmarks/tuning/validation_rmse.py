"""A child process: ``python validation_rmse.py RUN_DIR TABLE WEEKS`` loads the saved model and judges it again.

It forecasts one step from each of the origins before the last WEEKS rows and prints the RMSE in the table's units: a
check on what the run itself says of its validation part.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gatewise.forecast import Forecaster, panel_of


def main(run: Path, table: Path, weeks: int) -> None:
    """Forecast and print."""
    forecaster = Forecaster.load(run)
    panel = panel_of(str(table), forecaster.settings_)
    made = forecaster.model_.forecast_from(panel, tuple(range(weeks, 0, -1)), 1).point[:, 0, 0]
    print(float(np.sqrt(np.mean((made - panel.series[0].values[-weeks:]) ** 2))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
