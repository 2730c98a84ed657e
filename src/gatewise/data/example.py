"""The example data: weekly CO2 at Mauna Loa, which statsmodels ships."""

from __future__ import annotations

from gatewise.data.load import load_panel
from gatewise.data.panel import Panel

__all__ = ["co2_panel"]


def co2_panel() -> Panel:
    """Return weekly CO2 in the air at Mauna Loa, 1958 to 2001, in ppm: one series of 2284 weeks, with gaps.

    Source: Keeling and Whorf (2004), Carbon Dioxide Information Analysis Center.
    """
    import pandas as pd
    from statsmodels.datasets import co2

    table = pd.DataFrame(co2.load_pandas().data).rename_axis("date").reset_index()
    return load_panel(table, name="co2")
