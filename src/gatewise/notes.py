"""What was done with the data, and what the intervals rest on, in sentences for a person."""

from __future__ import annotations

from gatewise.calibrate import enough_for
from gatewise.ensemble import Chosen
from gatewise.planning import Plan
from gatewise.report.words import counted
from gatewise.search.margin import Margin

__all__ = ["notes_of"]


def notes_of(made: Plan, chosen: Chosen, exception: str, margin: Margin | None) -> tuple[str, ...]:
    """Return what was done with the data, and what the intervals rest on."""
    split, notes = made.split, list[str]()
    if made.blind:
        names = ", ".join(one.name for one in made.panel.covariates if one.role == "future")
        notes.append(
            f"No forecast.csv: it needs the covariates known ahead ({names}) for the {made.settings.horizon} steps "
            "behind the data. Give them with --future-data, or later: gatewise predict RUN_DIR --future-data TABLE."
        )
    if split.test:
        notes.append(
            f"backtest.csv and leaderboard.csv: the last {split.test} rows of each series "
            f"({counted(len(split.test_cutoffs), 'origin')}) were never seen by training, scaling or search."
        )
    untested = len(made.panel) - len(made.panel.longer_than(split.test))
    if untested:
        notes.append(f"{counted(untested, 'series', 'series')} no longer than the test part could not be judged.")
    count = len(chosen.members)
    if count > 1:
        score = f"MASE {chosen.score:.4f} on validation"
        notes.append(f"The forecast is the {_how(made, chosen)} of {count} networks ({score}).")
    if margin:
        notes.append(str(margin))
    notes.append(exception or _refit_note(made, chosen))
    if len({one.index[-1] for one in made.panel}) > 1:
        notes.append("The series end at different times; each is cut at the same distance from its own end.")
    origins = chosen.residuals.shape[1]
    notes.append(f"Intervals are split-conformal, from {origins} validation forecasts.{_wider(made, chosen)}")
    few = [level for level in made.settings.level if not enough_for(origins, level)]
    if few:
        levels = " and ".join(f"{level}%" for level in few)
        notes.append(
            f"{origins} validation forecasts are too few for {levels}: there the steps of the horizon were pooled, and "
            "the interval is a rough guide only. More --val-windows would mend it."
        )
    return tuple(notes)


def _wider(made: Plan, chosen: Chosen) -> str:
    """Return by how much intervals are widened for what the residuals leave unknown, where it is worth a word."""
    calm, all_levels = made.bench.unrest, chosen.widening(made.bench)
    levels = [level for level in made.settings.level if all_levels[level - 1] >= 1.02]
    if not levels:
        return ""
    by = " and ".join(f"{level}% ones by {100 * (all_levels[level - 1] - 1):.0f} %" for level in levels)
    overlap = made.split.horizon > 1
    why = f"they overlap and say as much as {chosen.independent} that do not" if overlap else "they are few"
    if max(calm[level - 1] for level in levels) >= 1.02:
        why += ", and their time was calmer than the history before it"
    return f" The {by} are wider for what these leave unknown: {why}."


def _how(made: Plan, chosen: Chosen) -> str:
    return "median" if chosen.weights is None else f"{made.settings.combine} mean".replace("mean mean", "mean")


def _refit_note(made: Plan, chosen: Chosen) -> str:
    if made.settings.refit == "none":
        return "The networks stay as they were validated: the rows of the validation part trained none of them."
    where = "on every row before the test, and on every row" if made.split.test else "on every row"
    if made.settings.refit == "onward":
        return f"The networks were trained onward {where} from their validated weights, for forecast.csv and model/."
    epochs = [max(one.training.best_epoch, 1) for one in chosen.members]
    span = counted(epochs[0], "epoch") if len(set(epochs)) == 1 else f"{min(epochs)} to {max(epochs)} epochs"
    what = "The best configuration was" if len(epochs) == 1 else "They were"
    return f"{what} trained anew for {span} {where} for forecast.csv and model/."
