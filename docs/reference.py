"""Write what the docs have from the code: `python -m docs.reference`. A test keeps it true.

``docs/reference/settings.md`` is the table of settings, ``docs/reference/cli.md`` the commands as Typer knows them, and
the tuning guide has the settings of each section with their defaults and ranges, between two marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gatewise.cli.training import DEMO
from gatewise.search.space import FROM_DATA
from gatewise.settings import GROUPS, Settings
from gatewise.table import Row, settings_table

__all__ = ["GUIDES", "PAGES", "Words", "commands_page", "filled", "settings_page", "with_settings"]

DOCS = Path(__file__).parent

TITLES = {
    "data": "Data: what is read and how it is split",
    "recipe": "Recipe: how a window is framed",
    "network": "Network",
    "training": "Training",
    "search": "Search",
    "evaluation": "Evaluation",
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
        "| command | what |",
        "| --- | --- |",
        *(f"| [`{name}`](#{name}) | {_sentence(command.help)} |" for name, command in root.commands.items()),
        "",
        "`gatewise --version` prints the version, `gatewise COMMAND --help` the options of one command. A flag with a",
        "default of *open* is a setting that the preset chooses from the data; a flag wins over `--set`, and `--set`",
        "over `--config`. [Settings](settings.md) has them all, [Exit statuses](exit-statuses.md) says what a command",
        "returns.",
    ]
    for name, command in root.commands.items():
        lines += ["", f"## {name}", "", command.help, "", *_command(name, command)]
    return "\n".join(lines) + "\n"


PAGES = {"reference/settings.md": settings_page, "reference/cli.md": commands_page}
"""What writes each page that is generated as a whole."""


class Words(NamedTuple):
    """The words of a guide's tables: columns of settings and of measurements, and the words of their cells."""

    settings: tuple[str, ...]
    measured: tuple[str, ...]
    open: str
    by_data: str
    when: str


GUIDES = {
    "guide/tuning.md": Words(
        ("setting", "default", "may be", "`tune` draws from"),
        ("value", "validation MASE", "± standard error", "training loss", "epochs", "chosen"),
        "*open*",
        "what fits the data",
        "with",
    ),
    "guide/tuning.zh-CN.md": Words(
        ("设置", "默认值", "允许范围", "`tune` 的搜索范围"),
        ("取值", "验证集 MASE", "± 标准误", "训练损失", "轮数", "选中"),
        "*由数据决定*",
        "由数据决定",
        "当",
    ),
}
"""The tuning guides, and the words of their tables."""


def filled(text: str, mark: str, block: Callable[[str], str]) -> str:
    r"""Return a page whose blocks of one kind are written anew.

    Args:
        text: with blocks that begin with ``<!-- mark: name -->`` and end with ``<!-- end -->``.
        mark: the kind.
        block: what stands between the marks, by the name.

    Example:
        >>> filled("<!-- sum: 1 2 -->old<!-- end -->", "sum", str.upper)
        '<!-- sum: 1 2 -->\n\n1 2\n\n<!-- end -->'
    """

    def written(match: re.Match[str]) -> str:
        return f"<!-- {mark}: {match[1]} -->\n\n{block(match[1])}\n\n<!-- end -->"

    return re.sub(rf"<!-- {mark}: (.*?) -->.*?<!-- end -->", written, text, flags=re.DOTALL)


def with_settings(text: str, words: Words) -> str:
    """Return a guide with its tables of settings as the code has them."""
    rows = {row.name: row for row in settings_table()}

    def table(names: str) -> str:
        lines = [f"| {' | '.join(words.settings)} |", "| --- | --- | --- | --- |"]
        for name in names.split():
            default = words.open if rows[name].default is None else f"`{_plain(rows[name].default)}`"
            lines.append(f"| `{name}` | {default} | {_allowed(rows[name])} | {_search(rows[name], words)} |")
        return "\n".join(lines)

    return filled(text, "settings", table)


def _allowed(row: Row) -> str:
    """Return the values that a setting may have."""
    if row.choices:
        return ", ".join(row.choices)
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [(signs[side], getattr(limit, side)) for limit in Settings.model_fields[row.name].metadata
              for side in signs if hasattr(limit, side)]  # fmt: skip
    return ", ".join(f"{sign} {value:g}" for sign, value in limits)


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
    """Return the first sentence, without its full stop."""
    return text.partition(". ")[0].rstrip(".")


def _cell(text: str | None) -> str:
    """Return text for a cell of a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


def _setting(row: Row) -> str:
    choices = f": {', '.join(row.choices)}" if row.choices else ""
    return f"| `{row.name}` | {_default(row.default)} | {row.unit} | {_cell(row.help + choices)} | {_search(row)} |"


def _default(value: Any) -> str:
    return "*open*" if value is None else f"`{_plain(value)}`"


def _search(row: Row, words: Words | None = None) -> str:
    """Return what a search draws a setting from."""
    prior = row.prior
    if row.name in FROM_DATA:
        return words.by_data if words else "by the data"
    if prior is None:
        return ""
    text = ", ".join(map(_plain, prior.choices)) if prior.choices else f"{prior.low:g} to {prior.high:g}"
    text += " (log)" if prior.log else ""
    if not prior.when:
        return text
    values = list(map(_plain, prior.when[1]))
    if words:
        return f"{text} ({words.when} {prior.when[0]}={'|'.join(values)})".replace("|", "\\|")
    return f"{text}, when {prior.when[0]} is {' or '.join(values)}"


def _plain(value: object) -> str:
    return (
        ",".join(map(str, value))
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def main() -> None:
    """Write every page and block."""
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
    for guide, words in GUIDES.items():
        path = DOCS / guide
        path.write_text(with_settings(path.read_text(encoding="utf-8"), words), encoding="utf-8")


if __name__ == "__main__":
    main()
