"""A curve in the terminal, of letters alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

__all__ = ["plot"]

WIDTH, HEIGHT = 64, 12


def plot(xs: Sequence[float], ys: Sequence[float], marks: Mapping[str, float], top: float) -> list[str]:
    """Return a curve over a logarithmic axis as lines of text, with letters below it for what is marked.

    Args:
        xs: rising, positive.
        ys: as many; those above `top` stand on the upper edge.
        marks: x of each mark by its letter.
        top: upper end of the y axis.

    Example:
        >>> [line.split()[0] for line in plot([1, 10, 100], [1.0, 0.0, 0.5], {}, top=1.0)][::6]
        ['1', '0.455', '└────────────────────────────────────────────────────────────────']
    """
    low = min(ys)
    span = (top - low) or 1.0
    first, width = math.log(xs[0]), math.log(xs[-1] / xs[0]) or 1.0

    def column(x: float) -> int:
        return round((math.log(x) - first) / width * (WIDTH - 1))

    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    for x, y in zip(xs, ys, strict=True):
        row = round((min(y, top) - low) / span * (HEIGHT - 1))
        cells[HEIGHT - 1 - row][column(x)] = "•"
    lines = []
    for number, cell in enumerate(cells):
        value = f"{top - span * number / (HEIGHT - 1):.3g}" if number in (0, HEIGHT // 2, HEIGHT - 1) else ""
        lines.append(f"{value:>13} {'┤' if value else '│'}{''.join(cell)}".rstrip())
    below = [" "] * WIDTH
    end = f"{xs[-1]:.2g}"
    below[: len(f"{xs[0]:.2g}")] = f"{xs[0]:.2g}"
    below[WIDTH - len(end) :] = end
    for letter, x in marks.items():
        if xs[0] <= x <= xs[-1]:
            below[column(x)] = letter
    return [*lines, f"{'':>14}└{'─' * WIDTH}", f"{'':>15}{''.join(below)}"]
