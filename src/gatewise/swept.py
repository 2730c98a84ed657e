"""What a study of one knob found, and the rule that chooses a value: the cheapest within one standard error."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gatewise.architecture import Architecture
from gatewise.knob import Knob, shown
from gatewise.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Choice", "Repeat", "Row", "Sweep", "choose", "improves"]

LESS_IS_CHEAPER = (
    "window", "embedding", "dropout", "recurrent_dropout", "averaging", "l2", "weight_decay", "noise", "shift",
    "magnitude",
)  # fmt: skip
"""Knobs of which less is simpler, and 0 mostly nothing at all: what does not clearly help is left out."""

CHANGE_AN_EPOCH = ("windows_per_epoch", "decoding", "calendar", "holidays")
"""Settings beside those of the Architecture that change how long an epoch takes."""

COSTS = {"parameters": "few parameters", "epochs": "few epochs of training", "seconds": "a short training"}
"""What is cheap of the other knobs, in words."""


@dataclass(frozen=True)
class Repeat:
    """One training of a value.

    Attributes:
        seed: of its start, the order of its windows, and its dropout and noise.
        score: mean absolute scaled error of its best weights on the validation part; infinite if there are none.
        train_loss: training loss of their epoch, dropout and augmentation included, NaN if there is none.
        val_loss: validation loss of that epoch.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        seconds: duration without the compilation: its epochs times the median duration of one.
        parameters: of the network.
        status: how it ended.
        message: one sentence on that.
    """

    seed: int
    score: float
    train_loss: float
    val_loss: float
    best_epoch: int
    epochs: int
    seconds: float
    parameters: int
    status: str
    message: str


@dataclass(frozen=True)
class Row:
    """One value with its trainings.

    Attributes:
        value: of the knob.
        settings: with this value.
        repeats: the trainings that finished.
        problem: why there is none, where the value fits neither the data nor the other settings.
    """

    value: Any
    settings: Settings
    repeats: tuple[Repeat, ...]
    problem: str = ""

    @property
    def score(self) -> float:
        """Mean score over the seeds; infinite where a training gave no usable model, NaN where none finished."""
        return self.mean("score")

    @property
    def std(self) -> float:
        """Standard deviation of the score over the seeds (with n - 1), NaN for fewer than two."""
        scores = [one.score for one in self.repeats]
        return statistics.stdev(scores) if len(scores) > 1 and all(map(math.isfinite, scores)) else math.nan

    @property
    def standard_error(self) -> float:
        """Standard error of the mean score: the standard deviation over the root of the number of seeds."""
        return self.std / math.sqrt(len(self.repeats)) if self.repeats else math.nan

    @property
    def is_usable(self) -> bool:
        """Whether there is a score, and a finite one."""
        return math.isfinite(self.score)

    @property
    def status(self) -> str:
        """How the trainings ended: ``ok``, or what went wrong."""
        if self.problem:
            return "failed"
        bad = sum(one.status == "diverged" or not math.isfinite(one.score) for one in self.repeats)
        if bad:
            return "diverged" if bad == len(self.repeats) else f"{bad} of {len(self.repeats)} diverged"
        return "ok" if self.repeats else "not finished"

    @property
    def message(self) -> str:
        """A sentence on what went wrong, empty for nothing."""
        bad = [one.message for one in self.repeats if one.status == "diverged" or not math.isfinite(one.score)]
        return self.problem or (bad[0] if bad else "")

    def mean(self, name: str) -> float:
        """Return the mean of a number over the seeds, NaN without any."""
        values = [float(getattr(one, name)) for one in self.repeats]
        return sum(values) / len(values) if values else math.nan

    def facts(self) -> dict[str, Any]:
        """Return the row as it stands in ``sweep.csv``."""
        names = ("train_loss", "val_loss", "best_epoch", "epochs", "seconds", "parameters")
        return {
            "value": shown(self.value),
            "seeds": len(self.repeats),
            "score": self.score,
            "std": self.std,
            "standard_error": self.standard_error,
            **{name: self.mean(name) for name in names},
            "status": self.status,
            "message": self.message,
        }


class Choice(NamedTuple):
    """The chosen value, and why.

    Attributes:
        row: of the chosen value.
        best: of the lowest mean score.
        bound: the largest mean score within one standard error of the best.
        cost: what the rule called cheap, in words.
        reason: the choice as a sentence.
    """

    row: Row
    best: Row
    bound: float
    cost: str
    reason: str


@dataclass(frozen=True, eq=False)
class Sweep:
    """A finished study of one knob.

    Attributes:
        data: name of the data.
        knob: what varied.
        settings: all other settings.
        framings: framings that the preset would have trained; the study is of the first.
        seeds: trainings that each value was to have.
        rows: one per value, in the order of trying.
        choice: the chosen value, and why.
        notes: what else had to change with a value, in sentences.
        stopped: why a growing knob grew no further, empty for others.
        interrupted: whether it ended before every training had finished.
        seconds: duration.
    """

    data: str
    knob: Knob
    settings: Settings
    framings: int
    seeds: int
    rows: tuple[Row, ...]
    choice: Choice
    notes: tuple[str, ...]
    stopped: str
    interrupted: bool
    seconds: float

    def __repr__(self) -> str:
        return f"Sweep over {self.knob.name}: {', '.join(shown(row.value) for row in self.rows)}\n{self.choice.reason}"

    @property
    def chosen(self) -> Any:
        """The value of the choice."""
        return self.choice.row.value

    @property
    def best_settings(self) -> Settings:
        """The settings with the chosen value, and with what had to follow it."""
        return self.choice.row.settings

    @property
    def table(self) -> pd.DataFrame:
        """One row per value: seeds, score with its spread, losses, epochs, seconds, parameters, status, chosen."""
        import pandas as pd

        return pd.DataFrame([{**row.facts(), "chosen": row is self.choice.row} for row in self.rows])

    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints and ``sweep.json`` keeps."""
        return {
            "data": self.data,
            "knob": self.knob.name,
            "values": [shown(row.value) for row in self.rows],
            "seeds": self.seeds,
            "chosen": shown(self.chosen),
            "best": shown(self.choice.best.value),
            "one_standard_error_bound": self.choice.bound,
            "cost": self.choice.cost,
            "reason": self.choice.reason,
            "stopped": self.stopped,
            "notes": list(self.notes),
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "rows": [{**row.facts(), "repeats": [asdict(one) for one in row.repeats]} for row in self.rows],
            "settings": self.settings.model_dump(mode="json"),
        }


def choose(name: str, rows: Sequence[Row]) -> Choice | None:
    """Return the cheapest value whose mean score is within one standard error of the best; None without any score.

    Cheap means few parameters for the hidden units, a small value for `LESS_IS_CHEAPER`, few epochs for knobs that
    leave an epoch as long as it was, and a short training for the others.

    The error is that of the mean over the seeds: it tells how far chance in starting weights and order moves a score,
    and nothing of how it would move with other validation data.

    Source: Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", section 3.4.3; Hastie,
    Tibshirani and Friedman (2009), "The Elements of Statistical Learning", section 7.10.
    """
    usable = [row for row in rows if row.is_usable]
    if not usable:
        return None
    best = min(usable, key=lambda row: row.score)
    error = best.standard_error
    bound = best.score + (0.0 if math.isnan(error) else error)
    cost = _cost_of(name)

    def price(row: Row) -> float:
        return float(row.value) if cost == "value" else row.mean(cost)

    eligible = [row for row in usable if row.score <= bound]
    row = min(eligible, key=lambda row: (price(row), row.score))
    paid = {
        "parameters": f" with {price(row):,.0f} parameters",
        "epochs": f" in {price(row):.3g} epochs",
        "seconds": f" in {price(row):.3g} s of training",
    }
    reason = _reason(name, row, best, len(eligible), paid.get(cost, ""))
    return Choice(row, best, bound, COSTS.get(cost, f"a small {name}"), reason)


def _cost_of(name: str) -> str:
    """Return by what a value is cheap: the value itself, or a number of its trainings."""
    if name in LESS_IS_CHEAPER:
        return "value"
    if name == "hidden":
        return "parameters"
    return "seconds" if name in (*Architecture._fields, *CHANGE_AN_EPOCH) else "epochs"


def _reason(name: str, row: Row, best: Row, within: int, paid: str) -> str:
    value = f"{name} {shown(row.value)}"
    others = f"{within - 1} others" if within > 2 else "other"
    if math.isnan(best.standard_error):
        return (
            f"{value} has the lowest validation MASE, {row.score:.4g}; of a single training nobody can tell whether "
            "that is chance. Use three seeds or more."
        )
    spread = f"{best.score:.4g} ± {best.standard_error:.2g}"
    if row is best:
        alone = "no other is within one standard error of it"
        shared = f"costs less than the {others} within one standard error of it"
        return f"{value} has the lowest validation MASE, {spread}, and {shared if within > 1 else alone}."
    return (
        f"{value} is the cheapest within one standard error of the best: validation MASE {row.score:.4g}{paid}, where "
        f"{name} {shown(best.value)} has {spread}."
    )


def improves(row: Row, before: Row) -> bool:
    """Tell whether a mean score is better than another by more than its own standard error (0 where unknown).

    That is the rule of `choose`: where a dearer value does not improve, the cheaper one is chosen.
    """
    error = row.standard_error
    return row.score + (0.0 if math.isnan(error) else error) < before.score
