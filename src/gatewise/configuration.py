"""Settings as text: TOML files and ``name=value`` flags."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from gatewise.errors import SettingsError, nearest
from gatewise.settings import GROUPS, Settings
from gatewise.table import settings_table

__all__ = ["parse_assignment", "read_toml", "write_toml"]


def parse_assignment(text: str) -> tuple[str, Any]:
    """Return name and value of a ``name=value`` flag.

    Example:
        >>> parse_assignment("dropout=0.3"), parse_assignment("hidden=64,32"), parse_assignment("loss=mae")
        (('dropout', 0.3), ('hidden', '64,32'), ('loss', 'mae'))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingsError(f"--set takes name=value, but got '{text}'. Write for example --set dropout=0.3.")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def read_toml(path: Path) -> dict[str, Any]:
    """Return the settings written in a TOML file, whether in their groups' tables or at the top.

    Raises:
        SettingsError: for a missing file, a file that is not TOML, or an unknown or misplaced name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"--config must name a readable TOML file, but '{path}' is not: {error.strerror}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config must name a TOML file, but '{path}' is not valid: {error}.") from None
    groups = {row.name: row.group for row in settings_table()}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in GROUPS:
            values.update(_known(key, value, groups, path))
            continue
        if not isinstance(value, Mapping):
            raise SettingsError(f"'{key}' in '{path}' must be a table. Write [{key}] on a line of its own.")
        for name, inner in value.items():
            if groups.get(name, key) != key:
                raise SettingsError(f"setting '{name}' in '{path}' stands in [{key}]. Move it to [{groups[name]}].")
            values.update(_known(name, inner, groups, path))
    return values


def _known(name: str, value: Any, groups: Mapping[str, str], path: Path) -> dict[str, Any]:
    if name not in groups:
        raise SettingsError(f"unknown setting '{name}' in '{path}'.{nearest(name, [*groups, *GROUPS])}")
    return {name: value}


def write_toml(settings: Settings, still_open: Container[str] = ()) -> str:
    """Return every setting as TOML, in tables by group; unset ones and those still open stand as comments."""
    lines: list[str] = []
    for group in GROUPS:
        lines += [f"[{group}]"]
        for row in settings_table():
            if row.group == group:
                value = None if row.name in still_open else getattr(settings, row.name)
                lines += [f"# {row.name} is unset" if value is None else f"{row.name} = {_toml(value)}"]
        lines += [""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(part) for part in value)}]"
    return repr(value)
