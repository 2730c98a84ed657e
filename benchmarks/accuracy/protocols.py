"""What is scored: a table, the origins at its end, a metric, and the figures that others have published.

Horizon, season and target come from ``CATALOG.csv`` beside the tables, so that a table's facts stand in one place.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["PROTOCOLS", "SINGLE", "Problem", "Protocol", "Published", "missing_tables", "problem_of"]

CATALOG = "CATALOG.csv"


class Published(NamedTuple):
    """A figure from elsewhere.

    Attributes:
        model: what reached it.
        figures: by metric.
        source: where it stands.
    """

    model: str
    figures: dict[str, float]
    source: str


class Protocol(NamedTuple):
    """How one table is scored.

    Attributes:
        name: as the command line and the log know it.
        file: in the folder of tables.
        title: of its section in RESULTS.md.
        metrics: of that section, the one that counts first.
        published: figures to stand beside.
        origins: that end the table, a horizon apart.
        targets: columns, each a series; the catalogue's target when empty.
        horizon: steps; the catalogue's when 0.
        future: columns that are known ahead, for the rows with covariates.
        parts: rows of training, validation and test part where these are fixed: then the table is cut behind them,
            every step of the test part that has a whole horizon before it is an origin, and nothing is trained anew.
    """

    name: str
    file: str
    title: str
    metrics: tuple[str, ...] = ("MASE",)
    published: tuple[Published, ...] = ()
    origins: int = 5
    targets: tuple[str, ...] = ()
    horizon: int = 0
    future: str = ""
    parts: tuple[int, int, int] | None = None


class Problem(NamedTuple):
    """A protocol with its data.

    Attributes:
        protocol: where it comes from.
        path: of the table.
        targets: columns.
        horizon: steps.
        season: in steps.
        test_rows: behind the first origin.
        stride: steps from one origin to the next.
        validation: rows before the test part on which peers choose and stop.
        series: values by name, in the order of the table, NaN where missing.
        naive2: sMAPE and MASE of Naive2, the denominators of OWA; None where unknown.
    """

    protocol: Protocol
    path: Path
    targets: tuple[str, ...]
    horizon: int
    season: int
    test_rows: int
    stride: int
    validation: int
    series: dict[str, np.ndarray]
    naive2: tuple[float, float] | None

    @property
    def origins(self) -> int:
        """Origins of each series."""
        return (self.test_rows - self.horizon) // self.stride + 1


M4 = "Makridakis, Spiliotis and Assimakopoulos (2020), The M4 Competition, IJF 36(1): hourly series"
MONASH = "Godahewa et al. (2021), Monash Time Series Forecasting Archive, mean MASE"
LINEAR = "Zeng et al. (2023), Are Transformers Effective for Time Series Forecasting?"
BARS = "best of Naive, SeasonalNaive, AutoETS, Theta and NeuralForecast's LSTM (500 steps), measured on these origins"


def _bar(mase: float) -> tuple[Published, ...]:
    return (Published("bar", {"MASE": mase}, BARS),)


SINGLE = tuple(
    Protocol(name, f"{name}.csv", "Single series", published=_bar(bar), future=future)
    for name, bar, future in (
        ("airline_passengers", 0.776, ""),
        ("bike_sharing", 0.735, "temp,hum,windspeed,holiday,workingday"),
        ("daily_min_temperatures", 0.717, ""),
        ("mauna_loa_co2", 0.403, ""),
        ("monthly_sunspots", 0.906, ""),
        ("national_illness", 2.981, ""),
        ("us_births", 1.404, ""),
        ("vic_electricity", 0.605, "Temperature,Holiday"),
        ("exchange_rate", 5.653, ""),
        ("etth1", 0.688, ""),
    )
)
"""One target each, five origins a horizon apart."""

PROTOCOLS = {
    one.name: one
    for one in (
        Protocol(
            "m4_hourly",
            "m4_hourly.parquet",
            "M4 Hourly",
            ("OWA", "MASE", "sMAPE"),
            (
                Published("ES-RNN, the winner of M4", {"OWA": 0.440, "MASE": 0.893, "sMAPE": 9.33}, M4),
                Published("best of all M4 entries", {"OWA": 0.410, "MASE": 0.801, "sMAPE": 8.91}, M4),
                Published("seasonal naive", {"OWA": 0.627}, M4),
                Published("TiRex, zero-shot", {"MASE": 0.722}, "Auer et al. (2025), TiRex, arXiv:2505.23719"),
            ),
            origins=1,
        ),
        Protocol(
            "tourism_monthly",
            "tourism_monthly.parquet",
            "Tourism Monthly",
            published=(
                Published("FFNN", {"MASE": 1.382}, MONASH),
                Published("DeepAR", {"MASE": 1.409}, MONASH),
                Published("ETS", {"MASE": 1.526}, MONASH),
                Published("seasonal naive", {"MASE": 1.631}, MONASH),
            ),
            origins=1,
        ),
        Protocol(
            "etth1_standard",
            "etth1.csv",
            "ETTh1, the standard split",
            ("MSE", "MAE"),
            (
                Published("SegRNN", {"MSE": 0.351}, "Lin et al. (2023), SegRNN, arXiv:2308.11200"),
                Published("NLinear", {"MSE": 0.374}, LINEAR),
                Published("PatchTST", {"MSE": 0.375}, "Nie et al. (2023), PatchTST, arXiv:2211.14730"),
                Published("plain GRU", {"MSE": 1.135}, "source not recorded"),
            ),
            targets=("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"),
            horizon=96,
            parts=(8640, 2880, 2880),
        ),
        *SINGLE,
    )
}


def missing_tables(folder: Path, protocols: list[Protocol]) -> list[str]:
    """Return the files that a folder lacks."""
    return [name for name in (CATALOG, *dict.fromkeys(one.file for one in protocols)) if not (folder / name).is_file()]


def problem_of(protocol: Protocol, folder: Path) -> Problem:
    """Read a protocol's table."""
    facts = pd.read_csv(folder / CATALOG).set_index("file").loc[protocol.file]
    path = folder / protocol.file
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    horizon = protocol.horizon or int(facts["horizon"])
    targets = protocol.targets or (str(facts["target"]),)
    if protocol.parts:
        table = table.head(sum(protocol.parts))
        validation, test_rows = protocol.parts[1:]
    else:
        test_rows = protocol.origins * horizon
        rows = int(table.groupby("unique_id").size().min()) if "unique_id" in table else len(table)
        validation = max(min(protocol.origins, (rows - test_rows) // 5 // horizon), 1) * horizon
    if "unique_id" in table:
        groups = table.groupby("unique_id", sort=False)[targets[0]]
        series = {str(name): group.to_numpy(np.float64) for name, group in groups}
    else:
        series = {target: table[target].to_numpy(np.float64) for target in targets}
    naive2 = (float(facts["naive2_smape"]), float(facts["naive2_mase"])) if facts["naive2_mase"] > 0 else None
    stride = 1 if protocol.parts else horizon
    season = int(facts["season"])
    return Problem(protocol, path, targets, horizon, season, test_rows, stride, validation, series, naive2)
