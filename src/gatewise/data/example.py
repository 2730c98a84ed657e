"""The example data: weekly CO2 at Mauna Loa, which statsmodels ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.data.load import load_panel
from gatewise.data.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["co2_panel", "co2_table"]


def co2_table() -> pd.DataFrame:
    """Return weekly CO2 in the air at Mauna Loa, 1958 to 2001, in ppm: columns ``date, co2``, 2284 weeks, with gaps.

    Source: Keeling and Whorf (2004), Carbon Dioxide Information Analysis Center.
    """
    import pandas as pd
    from statsmodels.datasets import co2

    return pd.DataFrame(co2.load_pandas().data).rename_axis("date").reset_index()


def co2_panel() -> Panel:
    """Return the panel of `co2_table`: one series."""
    return load_panel(co2_table(), name="co2")
