"""What a leakage audit says: its checks, the line for the report, and what may rest on the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gatewise.evaluate.comparing import Compared

__all__ = ["ALLOWED", "Audit", "Check", "check_of"]

ALLOWED = (
    "forecast.csv and model/ come from networks trained on every row: they forecast what lies behind the table.",
    "Where the parts begin rests on the time stamps and on where each series ends, so these were left as they are.",
    "Names and kinds of columns (time, id, target, numbers or categories) are read from the whole table.",
    "Covariates known ahead and static ones are known at a cutoff, so they were left as they are.",
    "The data doctor's description in data.json covers the whole table; no setting rests on it.",
    "Early stopping, the choice among trials and the intervals look at the validation part, which is before the test.",
    "The plan of a new run on a longer table looks at the rows that were the test part of this one.",
)
"""What looks at values behind a cutoff on purpose, a sentence each."""


@dataclass(frozen=True)
class Check:
    """One check of an audit.

    Attributes:
        name: what was checked.
        passed: whether it came out bit-identical.
        detail: what was compared; or what changed, by how much, and where to look.
        numbers: numbers and texts that were compared.
    """

    name: str
    passed: bool
    detail: str
    numbers: int = 0


@dataclass(frozen=True)
class Audit:
    """The leakage audit of a run.

    Attributes:
        run_folder: the run.
        checks: in the order in which a run goes its way: what leaks first explains what follows.
        date: when it was made, ISO 8601 in UTC.
        scrambled: values behind the first cutoff that were drawn anew.
        notes: what it rests on, a sentence each.
        seconds: duration.
        interrupted: whether it was stopped before its end; nothing is written then.
    """

    run_folder: str
    checks: tuple[Check, ...]
    date: str
    scrambled: int
    notes: tuple[str, ...]
    seconds: float
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and not self.interrupted and all(one.passed for one in self.checks)

    @property
    def line(self) -> str:
        """One sentence for the report."""
        failed = [one for one in self.checks if not one.passed]
        numbers = sum(one.numbers for one in self.checks)
        if self.interrupted:
            return f"Leakage audit of {self.date[:10]} stopped after {len(self.checks)} checks."
        if not failed:
            return (
                f"Leakage audit of {self.date[:10]} passed: with {self.scrambled:,} values behind the cutoffs "
                f"scrambled, {numbers:,} numbers of scaling, choices, weights, intervals and forecasts came out "
                f"bit-identical in {len(self.checks)} checks."
            )
        first = failed[0]
        return (
            f"Leakage audit of {self.date[:10]} FAILED in {len(failed)} of {len(self.checks)} checks, first in "
            f"'{first.name}': {first.detail}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints and ``audit.json`` keeps."""
        return {
            "passed": self.passed,
            "line": self.line,
            "checks": [asdict(one) for one in self.checks],
            "date": self.date,
            "run_folder": self.run_folder,
            "scrambled": self.scrambled,
            "notes": list(self.notes),
            "allowed": list(ALLOWED),
            "seconds": round(self.seconds, 1),
        }


def check_of(name: str, compared: Compared, what: str, look: Sequence[str]) -> Check:
    """Return a check from a comparison.

    Args:
        name: what was checked.
        compared: what was found.
        what: what was compared, for a check that passed.
        look: modules to look at where it did not.

    Example:
        >>> check_of("scaling", Compared(3), "scalers", ["workbench.py"]).detail
        'scalers: 3 numbers bit-identical'
        >>> check_of("scaling", Compared(3, 1, ("center: 1 became 2",)), "scalers", ["workbench.py"]).detail
        'center: 1 became 2. Look at workbench.py.'
    """
    if not compared.differences:
        return Check(name, True, f"{what}: {compared.numbers:,} numbers bit-identical", compared.numbers)
    more = compared.differences - len(compared.listed)
    said = "; ".join(compared.listed) + (f"; and {more} more" if more else "")
    return Check(name, False, f"{said}. Look at {', '.join(look)}.", compared.numbers)
