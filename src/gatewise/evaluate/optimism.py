"""How optimistic the validation score was, which chose the model, beside the test score, which chose nothing."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Optimism"]


@dataclass(frozen=True)
class Optimism:
    """Validation beside test.

    Attributes:
        validation: MASE of the chosen networks together on the validation part.
        test: MASE of them, trained anew on all rows before it, on the test part; NaN where undefined.
        configurations: how many were tried, the best of which validated so.
        seed_spread: standard deviation of the best trial's MASE over its seeds, None with one.
    """

    validation: float
    test: float
    configurations: int
    seed_spread: float | None

    @property
    def message(self) -> str:
        """What that says, in words.

        Example:
            >>> Optimism(0.4, 0.5, 1, None).message
            'MASE 0.4 on validation and 0.5 on the test part (25 % higher).'
        """
        tried = f", the best of {self.configurations} configurations," if self.configurations > 1 else ""
        seeds = f" The best trial's score varied by {self.seed_spread:.2g} over its seeds." if self.seed_spread else ""
        if not (math.isfinite(self.validation) and math.isfinite(self.test) and self.validation > 0):
            return f"MASE {self.validation:.3g} on validation{tried} and undefined on the test part.{seeds}"
        off = self.test / self.validation - 1
        word = f"{100 * abs(off):.0f} % {'higher' if off > 0 else 'lower'}" if abs(off) >= 0.005 else "the same"
        return f"MASE {self.validation:.3g} on validation{tried} and {self.test:.3g} on the test part ({word}).{seeds}"

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and the words."""
        return {**asdict(self), "message": self.message}
