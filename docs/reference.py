"""Write the references that come from the code: `python docs/reference.py`. A test keeps them true.

``docs/reference/settings.md`` is the table of settings, ``docs/reference/cli.md`` the commands as Typer knows them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatewise.cli.training import DEMO
from gatewise.search.space import FROM_DATA
from gatewise.settings import GROUPS
from gatewise.table import Row, settings_table

__all__ = ["PAGES", "commands_page", "settings_page"]

TITLES = {
    "data": "Data: what is read and how it is split",
    "recipe": "Recipe: how a window is framed",
    "network": "Network",
    "training": "Training",
    "search": "Search",
}


def settings_page() -> str:
    """Return the reference of all settings as Markdown."""
    lines = [
        "# Settings",
        "",
        "Generated from the code by `make docs`. Every setting can be given as `--set name=value`, in a TOML file for",
        "`--config` (in the table named here), and from Python as `Forecaster(name=value)` or `tune(..., name=value)`.",
        "A default of *open* is chosen from the data by the preset. The last column says how `gatewise tune` varies a",
        "setting that is left open; windows, patches and sizes are narrowed to what the data can carry.",
        "[What each knob does](../guide/tuning.md) explains those of the network and of the training.",
    ]
    for group in GROUPS:
        lines += [
            "",
            f"## {TITLES[group]} `[{group}]`",
            "",
            "| name | default | unit | what | search |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_setting(row) for row in settings_table() if row.group == group]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the reference of all commands as Markdown."""
    from typer.main import get_command

    from gatewise.cli.main import app

    root: Any = get_command(app)
    lines = [
        "# Commands",
        "",
        f"Generated from the code by `make docs`. {root.help}",
        "",
        "```",
        *(f"gatewise {name:<8} {_sentence(command.help)}" for name, command in root.commands.items()),
        "```",
        "",
        "`gatewise --version` prints the version, `gatewise COMMAND --help` the options of one command. A flag with a",
        "default of *open* is a setting that the preset chooses from the data; a flag wins over `--set`, and `--set` over",
        "`--config`. [Settings](settings.md) has them all, [Exit statuses](exit-statuses.md) what a command returns.",
    ]
    for name, command in root.commands.items():
        lines += ["", f"## {name}", "", command.help, "", *_command(name, command)]
    return "\n".join(lines) + "\n"


PAGES = {"settings.md": settings_page, "cli.md": commands_page}
"""What writes each page of ``docs/reference``."""


def _command(name: str, command: Any) -> list[str]:
    """Return usage, arguments and options of one command."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    needed = [f"{one.opts[0]} {one.metavar}" for one in options if one.required]
    words = [one.metavar if one.required else f"[{one.metavar}]" for one in arguments]
    lines = ["```", " ".join(["gatewise", name, *words, *needed, "[OPTIONS]"]), "```", ""]
    lines += ["| | default | what |", "| --- | --- | --- |"]
    for one in arguments:
        lines.append(f"| `{one.metavar}` | {'needed' if one.required else ''} | {_cell(one.help)} |")
    defaults = {row.name: _default(row.default) for row in settings_table()}
    if name == "demo":
        defaults |= {setting: _default(value) for setting, value in DEMO.items()}
    for one in options:
        # Help of the form "Folder.  [default: here]" tells a default that is no constant.
        text, _, told = (one.help or "").partition("  [default: ")
        default = f"`{told.removesuffix(']')}`" if told else _option_default(one, defaults)
        spelled = ", ".join(one.opts) + (f" {one.metavar}" if one.metavar else "")
        lines.append(f"| `{_cell(spelled)}` | {default} | {_cell(text)} |")
    return lines


def _option_default(option: Any, defaults: dict[str, str]) -> str:
    """Return the default of an option: its own, or that of the setting it stands for."""
    if option.required:
        return "needed"
    if option.default is None:
        return defaults.get(option.name, "")
    return "off" if option.default is False else f"`{_plain(option.default)}`"


def _sentence(text: str) -> str:
    """Return what stands before the first colon or full stop."""
    return text.partition(":")[0].rstrip(".")


def _cell(text: str | None) -> str:
    """Return text for a cell of a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


def _setting(row: Row) -> str:
    choices = f": {', '.join(row.choices)}" if row.choices else ""
    return f"| `{row.name}` | {_default(row.default)} | {row.unit} | {_cell(row.help + choices)} | {_search(row)} |"


def _default(value: Any) -> str:
    return "*open*" if value is None else f"`{_plain(value)}`"


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
    for page, write in PAGES.items():
        (Path(__file__).parent / "reference" / page).write_text(write(), encoding="utf-8")
