"""Write `docs/settings.md` from the table of settings: `python docs/reference.py`. A test keeps it true."""

from __future__ import annotations

from pathlib import Path

from gatewise.search.space import FROM_DATA
from gatewise.settings import GROUPS
from gatewise.table import Row, settings_table

__all__ = ["reference"]

TITLES = {
    "data": "Data: what is read and how it is split",
    "recipe": "Recipe: how a window is framed",
    "network": "Network",
    "training": "Training",
    "search": "Search",
    "evaluation": "Evaluation",
}


def reference() -> str:
    """Return the reference of all settings as Markdown."""
    lines = [
        "# Settings",
        "",
        "Generated from the code by `make docs`. Every setting can be given as `--set name=value`, in a TOML file for",
        "`--config` (in the table named here), and from Python as `Forecaster(name=value)` or `tune(..., name=value)`.",
        "A default of *open* is chosen from the data by the preset. The last column says how `gatewise tune` varies a",
        "setting that is left open; windows, patches and sizes are narrowed to what the data can carry.",
    ]
    for group in GROUPS:
        lines += [
            "",
            f"## {TITLES[group]} `[{group}]`",
            "",
            "| name | default | unit | what | search |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_line(row) for row in settings_table() if row.group == group]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    default = "*open*" if row.default is None else f"`{_plain(row.default)}`"
    choices = f": {', '.join(row.choices)}" if row.choices else ""
    return f"| `{row.name}` | {default} | {row.unit} | {row.help}{choices} | {_search(row)} |"


def _search(row: Row) -> str:
    prior = row.prior
    if row.name in FROM_DATA:
        return "by the data"
    if prior is None:
        return ""
    text = ", ".join(map(_plain, prior.choices)) if prior.choices else f"{prior.low:g} to {prior.high:g}"
    text += " (log)" if prior.log else ""
    return text + (f", when {prior.when[0]} is {' or '.join(map(_plain, prior.when[1]))}" if prior.when else "")


def _plain(value: object) -> str:
    return (
        ",".join(map(str, value))
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


if __name__ == "__main__":
    (Path(__file__).parent / "settings.md").write_text(reference(), encoding="utf-8")
