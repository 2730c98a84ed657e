"""The split by time: training part, validation part, test part, each series cut at the same distance from its end."""

from __future__ import annotations

from dataclasses import dataclass

from gatewise.data.panel import Panel
from gatewise.errors import DataError

__all__ = ["Split", "split_of"]


@dataclass(frozen=True)
class Split:
    """Lengths of the last parts of every series, in steps.

    Attributes:
        horizon: steps forecast from one origin.
        validation: steps of the validation part, which lies before the test part.
        test: steps of the test part, which lies last and is never trained on.
    """

    horizon: int
    validation: int
    test: int

    @property
    def held_out(self) -> int:
        """Steps behind the training part."""
        return self.validation + self.test

    @property
    def test_cutoffs(self) -> tuple[int, ...]:
        """Distance of each test origin from the end of a series, in steps, the oldest first."""
        return tuple(range(self.test, 0, -self.horizon))


def split_of(panel: Panel, *, season: int, horizon: int, val_windows: int, test_windows: int) -> Split:
    """Return the split, after checking that the data can carry it.

    Series too short for it take no part in training; one at least must be long enough.

    Raises:
        DataError: when the longest series has fewer rows than a season and a horizon beside validation and test.
    """
    split = Split(horizon, validation=val_windows * horizon, test=test_windows * horizon)
    longest = max(panel, key=len)
    needed = season + horizon + split.held_out
    if len(longest) < needed:
        raise DataError(
            "a series must have at least season + horizon rows for training beside its validation and test part, "
            f"but season={season}, horizon={horizon}, validation={split.validation}, test={split.test} need {needed} "
            f"rows and the longest series, '{longest.unique_id}', has {len(longest)}. "
            "Use a shorter horizon, fewer --val-windows or --test-windows, or give more history."
        )
    return split
