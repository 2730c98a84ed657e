"""Draw: a summary as charts, each with its words."""

from __future__ import annotations

from dataclasses import dataclass

from gatewise.report.canvas import Chart
from gatewise.report.forecast_charts import backtest_chart, forecast_chart, steps_chart
from gatewise.report.summary import Summary
from gatewise.report.training_charts import curves_chart, hidden_chart, history_chart, slice_charts

__all__ = ["Charts", "draw"]


@dataclass(frozen=True, eq=False)
class Charts:
    """The report's charts; None or empty where the run folder has nothing to draw."""

    forecast: Chart | None
    backtest: Chart | None
    steps: Chart | None
    curves: Chart | None
    history: Chart | None
    hidden: Chart | None
    slices: tuple[Chart, ...]


def draw(summary: Summary) -> Charts:
    """Return the charts of a summary."""
    return Charts(
        forecast=forecast_chart(summary.drawn.series),
        backtest=backtest_chart(summary.drawn.series),
        steps=steps_chart(summary.steps),
        curves=curves_chart(summary.epochs, summary.best),
        history=history_chart(summary.trials, summary.best) if summary.searched else None,
        hidden=hidden_chart(summary.knobs.hidden),
        slices=slice_charts(summary.knobs.slices, summary.best),
    )
