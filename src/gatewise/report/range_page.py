"""The page and the picture of a learning-rate range test."""

from __future__ import annotations

from gatewise.report.document import study_document
from gatewise.report.markup import Column, Row, code, drawing, paragraph, section, table
from gatewise.report.svg import DOT, Panel, picture, rate_scale, value_scale
from gatewise.report.words import duration, number
from gatewise.train.range_curve import RangeTest

__all__ = ["range_page", "range_picture"]

METHOD = (
    "A short training raises the learning rate from step to step. Each loss is divided by that of the untrained "
    "network on the same windows, so that the curve starts at 1 and what the windows differ in drops out. It is the "
    "mean over the seeds, smoothed over about ten steps. Only training windows were looked at. The test says how fast "
    "a network learns at first, not how well it forecasts in the end: check the suggestion with whole trainings."
)

HIGHEST_SHOWN = 2.0
"""Relative losses above this are off the chart: a diverging end would flatten all the rest."""


def range_picture(found: RangeTest, name: str) -> str:
    """Return the curve as SVG, with the suggestion and where training diverges.

    Args:
        found: the range test.
        name: of the data.
    """
    shown = [loss for loss in (*found.losses, *found.smoothed) if loss <= HIGHEST_SHOWN]
    panel = Panel("loss, relative to that of the untrained network", 300, rate_scale(found.rates), value_scale(shown))
    rates = found.rates[: len(found.losses)]
    panel.dots(
        rates,
        found.losses,
        "slate",
        [f"{rate:.2g}: {loss:.3g}" for rate, loss in zip(rates, found.losses, strict=True)],
        1.8,
    )
    panel.line(found.rates[: len(found.smoothed)], found.smoothed, "accent", width=2.4)
    if found.suggestion is not None:
        panel.mark(found.suggestion, "brick", f"suggestion {found.suggestion:.2g}")
    if found.diverges_at is not None:
        panel.mark(found.diverges_at, "ochre", f"diverges at {found.diverges_at:.2g}", row=1)
    legend = [("slate", DOT, "each step"), ("accent", "", "smoothed")]
    return picture(
        f"Learning-rate range test on {name}", f"{found.advice} {found.evidence}", [panel], "learning rate", legend
    )


def range_page(found: RangeTest, name: str) -> str:
    """Return the whole page as HTML.

    Args:
        found: the range test.
        name: of the data.
    """
    title = f"{name} · learning-rate range test"
    rates = (
        (
            "suggestion",
            found.suggestion,
            "a third of the rate with the lowest loss, and no more than the highest stable one",
        ),
        ("lowest loss", found.minimum, "of the smoothed curve"),
        ("steepest descent", found.steepest, "of the smoothed curve, over the logarithm of the rate"),
        ("valley", found.valley, "half-way down the longest descent"),
        ("diverges at", found.diverges_at, "the smoothed loss is four times its minimum, or not a number"),
        ("highest stable", found.highest_stable, "a tenth of that, or the highest rate that was tried"),
    )
    rows = [Row(what, (number(rate), how), kind="ours" if what == "suggestion" else "") for what, rate, how in rates]
    columns = (Column("rate"), Column("learning rate", "right"), Column("where", "long"))
    use = [] if found.suggestion is None else [code(f"gatewise fit DATA --set learning_rate={found.suggestion:.2g}")]
    main = [
        section("curve", "The curve", paragraph(found.evidence), drawing(range_picture(found, name), METHOD)),
        section("rates", "What it suggests", table("Learning rates read from the curve", columns, rows)),
        section(
            "next",
            "How to use it",
            *use,
            paragraph("To compare whole trainings:"),
            code(f"gatewise sweep DATA --over lr={_around(found)}"),
        ),
    ]
    return study_document(title, found.advice, main, f" in {duration(found.seconds)}")


def _around(found: RangeTest) -> str:
    """Return learning rates around the suggestion, as ``--over`` takes them."""
    middle = found.suggestion or 3e-3
    return f"{middle / 10:.1g}..{min(middle * 10, 1.0):.1g}:5"
