"""The sections on the evaluation: models and metrics, whether the difference is real, calibration, series, origins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gatewise.report.charts import Charts
from gatewise.report.evaluation import (
    METRICS,
    Audit,
    Errors,
    Evaluation,
    ModelScore,
    calibration_words,
    others_best,
    wins,
)
from gatewise.report.markup import (
    Column,
    Keyed,
    Markup,
    Row,
    bullets,
    figure,
    folded,
    keyed,
    note,
    paragraph,
    section,
    table,
)
from gatewise.report.words import counted, duration, model_label, number, percent

__all__ = ["audit_section", "calibration_section", "evaluation_parts", "evaluation_warnings", "origins_section",
           "series_section"]  # fmt: skip

ENDS = 10
"""Series with the largest, and with the smallest, error that the table of series shows."""

MOST_ORIGINS = 100
"""Most origins in the table; ``report.json`` has them all."""


def _fixed(digits: int) -> Callable[[float | None], str]:
    return lambda value: number(None) if value is None else f"{value:,.{digits}f}"


def _share(share: float | None) -> str:
    """Return a share in percent with three digits: WAPE may be a thousandth or several times the whole."""
    return number(None) if share is None else f"{100 * share:.3g}%"


def _signed(share: float | None) -> str:
    return _share(share) if share is None or share <= 0 else f"+{_share(share)}"


SHOWN: dict[str, Callable[[float | None], str]] = {
    "MASE": _fixed(3), "RMSSE": _fixed(3), "sMAPE": _fixed(2), "WAPE": _share, "bias": _signed, "RMSE": number,
    "MAE": number, "pinball": number, "CRPS": number, "seconds": duration,
}  # fmt: skip
"""How each metric is written."""

MEANINGS = (
    ("MASE", "mean absolute error divided by that of the seasonal naive forecast over the history: below 1 is better"),
    ("RMSSE", "the same with squared errors: it weighs large errors more"),
    ("sMAPE", "mean absolute error in percent of the mean of truth and forecast"),
    ("WAPE", "sum of the absolute errors as a share of the sum of the absolute truths"),
    ("bias", "sum of the errors as that share: above 0 the forecasts are too high"),
    ("RMSE and MAE", "root mean squared and mean absolute error in the data's units"),
    ("pinball and CRPS", "errors of the whole distribution, of quantiles and intervals, in the data's units"),
    ("took", "seconds to fit and forecast from the test origins"),
)


def evaluation_warnings(evaluation: Evaluation | None) -> Markup:
    """Return what a reader must know of the forecast before using it: that it copies the past."""
    if evaluation is None or evaluation.lag_copy is None:
        return Markup("")
    return note("The forecast follows the past", [evaluation.lag_copy.message])


def evaluation_parts(evaluation: Evaluation, charts: Charts) -> tuple[Markup, ...]:
    """Return the parts of the leaderboard's section: models, comparison, who is missing, validation against test."""
    return (
        paragraph(_recommended(evaluation)),
        figure(charts.models, titled=False),
        _models_table(evaluation),
        folded("What the columns mean", bullets(f"{name}: {words}." for name, words in MEANINGS)),
        *_left_out(evaluation),
        *_comparison(evaluation, charts),
        *_optimism(evaluation),
    )


def _recommended(evaluation: Evaluation) -> str:
    name = evaluation.recommended
    return f"Recommended for this table: {model_label(name)}." if name else ""


def _models_table(evaluation: Evaluation) -> Markup:
    metrics = [name for name in METRICS if any(score.metrics[name] is not None for score in evaluation.models)]
    best = {name: _best(name, evaluation.models) for name in metrics}
    rows = []
    for score in evaluation.models:
        values = [score.metrics[name] for name in metrics]
        cells = [keyed(SHOWN[name](value), value) for name, value in zip(metrics, values, strict=True)]
        bold = frozenset(
            place
            for place, (name, value) in enumerate(zip(metrics, values, strict=True))
            if value is not None and best[name] is not None and abs(value) == best[name]
        )
        rows.append(Row(model_label(score.model), cells, bold, "ours" if score.model == "gatewise" else ""))
    titles = {"seconds": "took"}
    columns = [Column("model"), *(Column(titles.get(name, name), "right") for name in metrics)]
    hint = "The best of each column is bold: the lowest, and for bias the nearest to 0. A click on a title sorts."
    return Markup(table("Errors over the test origins", columns, rows) + paragraph(hint, "quiet"))


def _best(metric: str, models: Sequence[ModelScore]) -> float | None:
    return min((abs(value) for score in models if (value := score.metrics[metric]) is not None), default=None)


def _left_out(evaluation: Evaluation) -> tuple[Markup, ...]:
    if not evaluation.left_out:
        return ()
    said = (f"{model_label(one.model)}: {one.why}" for one in evaluation.left_out)
    return Markup("<h3>Not in the table</h3>"), bullets(said)


def _comparison(evaluation: Evaluation, charts: Charts) -> tuple[Markup, ...]:
    said = evaluation.comparison
    if said is None:
        return ()
    other, words = model_label(said.against), ""
    if said.improvement is not None:
        way = "lower" if said.improvement >= 0 else "higher"
        words = f"Gatewise's error is {percent(abs(said.improvement))} {way} than that of {other}"
        if said.low is not None and said.high is not None:
            words += f" (confidence interval of the saving: {percent(said.low)} to {percent(said.high)}"
            words += f"; p = {number(said.p_value)})" if said.p_value is not None else ")"
        words += ". "
    decision = {
        "better": f"That is more than chance explains: Gatewise is better than {other} here.",
        "worse": f"That is more than chance explains: use {other} here.",
        "tie": f"Chance explains as much: take the two as equal, and {other} where simple is worth something.",
    }.get(said.decision, "")
    return (
        Markup("<h3>Is the difference real?</h3>"),
        paragraph(f"{words}{decision}"),
        figure(charts.comparison, titled=False),
        paragraph(said.test, "quiet"),
    )


def _optimism(evaluation: Evaluation) -> tuple[Markup, ...]:
    said = evaluation.optimism
    if said is None:
        return ()
    columns = [Column("part"), Column("MASE", "right"), Column("what it is", "long")]
    tried = counted(said.configurations, "configuration") if said.configurations else "the configurations"
    rows = [
        Row("validation", [_fixed(3)(said.validation), f"what chose among {tried}, so it flatters the winner"]),
        Row("test", [_fixed(3)(said.test), "what nothing was chosen by"]),
    ]
    if said.seed_spread is not None:
        rows.append(Row("spread over seeds", [_fixed(3)(said.seed_spread), "standard deviation, same settings"]))
    return (
        Markup("<h3>Validation against test</h3>"),
        paragraph(said.message),
        table("How much validation flattered", columns, rows, sortable=False),
    )


def calibration_section(evaluation: Evaluation | None, charts: Charts) -> Markup:
    """Return how often the intervals held what they promise, nothing without intervals."""
    if evaluation is None or not evaluation.intervals:
        return Markup("")
    rows = []
    for one in evaluation.intervals:
        cells = [
            keyed(f"{one.level}%", float(one.level)),
            keyed(percent(one.coverage), one.coverage),
            calibration_words(one),
            keyed(number(one.width), one.width),
            keyed(number(one.truths), one.truths),
        ]
        rows.append(Row(model_label(one.model), cells, kind="ours" if one.model == "gatewise" else ""))
    columns = [
        Column("model"), Column("promised", "right"), Column("held", "right"), Column("that is", "short"),
        Column("mean width", "right"), Column("truths", "right"),
    ]  # fmt: skip
    hint = (
        "An interval of 80% should hold 8 of 10 true values; among those that do, the narrowest is best. Widths are in "
        "the data's units. Within 5 points, or twice what chance gives so many independent truths, counts as promised."
    )
    return section(
        "calibration",
        "Do the intervals hold?",
        figure(charts.calibration, titled=False),
        table("Intervals on the test origins", columns, rows),
        paragraph(hint, "quiet"),
        figure(charts.coverage_steps),
    )


def series_section(evaluation: Evaluation | None, charts: Charts) -> Markup:
    """Return the error of each series, nothing for a single one."""
    if evaluation is None or len(evaluation.by_series) < 2:
        return Markup("")
    ordered = sorted(
        evaluation.by_series, key=lambda row: (row.models.get("gatewise") is None, -(row.models.get("gatewise") or 0.0))
    )
    known = [row for row in ordered if row.models.get("gatewise") is not None]
    cut = len(ordered) > 2 * ENDS and len(known) > 2 * ENDS
    shown = [*known[:ENDS], *known[-ENDS:]] if cut else ordered[: 2 * ENDS]
    caption = (
        f"MASE of the {ENDS} series where Gatewise errs most and the {ENDS} where it errs least, of {len(ordered):,}; "
        "report.json has them all"
        if cut
        else "MASE by series"
    )
    other = others_best(evaluation)
    better, compared = wins(evaluation.by_series, other) if other else (0, 0)
    words = f"Gatewise is better than {model_label(other or '')} on {better:,} of {compared:,} series."
    return section(
        "series",
        "Series by series",
        paragraph(words if compared else ""),
        figure(charts.series, titled=False),
        _errors_table(caption, "series", shown),
    )


def origins_section(evaluation: Evaluation | None, charts: Charts) -> Markup:
    """Return the error from each test origin, nothing for a single one."""
    if evaluation is None or len(evaluation.by_origin) < 2:
        return Markup("")
    rows = evaluation.by_origin[-MOST_ORIGINS:]
    caption = "MASE by origin" + (f", the last {MOST_ORIGINS}" if len(rows) < len(evaluation.by_origin) else "")
    hint = "Whether the result rests on one lucky stretch: a model that is really better is so from most origins."
    return section(
        "origins",
        "Origin by origin",
        paragraph(hint, "quiet"),
        figure(charts.origins, titled=False),
        folded("MASE from each origin", _errors_table(caption, "origin", rows)),
    )


def _errors_table(caption: str, what: str, rows: Sequence[Errors]) -> Markup:
    models = list(dict.fromkeys(model for row in rows for model in row.models))
    made = []
    for row in rows:
        values = [row.models.get(model) for model in models]
        least = min((value for value in values if value is not None), default=None)
        bold = frozenset(place for place, value in enumerate(values) if value is not None and value == least)
        made.append(Row(str(row.name), [keyed(_fixed(3)(value), value) for value in values], bold))
    return table(caption, [Column(what), *(Column(model_label(model), "right") for model in models)], made)


def audit_section(audit: Audit | None) -> Markup:
    """Return what the audit checked, nothing where none was made."""
    if audit is None:
        return Markup("")
    marks = {True: "passed", False: "failed", None: "not checked"}
    rows = [
        Row(one.name, [Keyed(marks[one.passed], float(one.passed is not False)), one.detail],
            frozenset[int]() if one.passed else frozenset({0}))
        for one in audit.checks
    ]  # fmt: skip
    when = f"Audited {audit.date}." if audit.date else ""
    columns = [Column("check"), Column("result", "short"), Column("evidence", "long")]
    return section(
        "audit", "Audit", paragraph(audit.line), paragraph(when, "quiet"), table("What was checked", columns, rows)
    )
