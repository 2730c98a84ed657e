"""Draw: a summary as charts, each with its words."""

from __future__ import annotations

from dataclasses import dataclass, fields

from gatewise.report.canvas import Chart
from gatewise.report.evaluation_charts import (
    calibration_chart,
    comparison_chart,
    coverage_steps_chart,
    models_chart,
    origins_chart,
    series_chart,
)
from gatewise.report.forecast_charts import backtest_chart, forecast_chart, steps_chart
from gatewise.report.study_charts import leading_settings, pair_chart, parallel_chart
from gatewise.report.summary import Summary
from gatewise.report.training_charts import curves_chart, hidden_chart, history_chart, slice_charts

__all__ = ["Charts", "draw"]


@dataclass(frozen=True, eq=False)
class Charts:
    """The report's charts; None or empty where the run folder has nothing to draw."""

    forecast: Chart | None
    backtest: Chart | None
    models: Chart | None
    comparison: Chart | None
    calibration: Chart | None
    coverage_steps: Chart | None
    steps: Chart | None
    series: Chart | None
    origins: Chart | None
    curves: Chart | None
    history: Chart | None
    parallel: Chart | None
    pair: Chart | None
    hidden: Chart | None
    slices: tuple[Chart, ...]

    @property
    def drawn(self) -> tuple[Chart, ...]:
        """The charts that there are."""
        single = (getattr(self, field.name) for field in fields(self) if field.name != "slices")
        return (*(chart for chart in single if chart is not None), *self.slices)


def draw(summary: Summary) -> Charts:
    """Return the charts of a summary."""
    evaluation, slices = summary.evaluation, summary.knobs.slices
    ranking = summary.ranking
    leading = leading_settings(slices, summary.importance)
    return Charts(
        forecast=forecast_chart(summary.drawn.series),
        backtest=backtest_chart(summary.drawn.series, ranking),
        models=models_chart(evaluation) if evaluation else None,
        comparison=comparison_chart(evaluation) if evaluation else None,
        calibration=calibration_chart(evaluation.intervals) if evaluation else None,
        coverage_steps=coverage_steps_chart(evaluation.intervals) if evaluation else None,
        steps=steps_chart(summary.steps, ranking),
        series=series_chart(evaluation) if evaluation else None,
        origins=origins_chart(evaluation) if evaluation else None,
        curves=curves_chart(summary.epochs, summary.best),
        history=history_chart(summary.trials, summary.best) if summary.searched else None,
        parallel=parallel_chart(slices, leading),
        pair=pair_chart(slices, leading),
        hidden=hidden_chart(summary.knobs.hidden),
        slices=slice_charts(slices, summary.best),
    )
