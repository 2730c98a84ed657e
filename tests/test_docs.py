"""Docs that the code keeps true: the settings reference, the README's tree, and the list of public names."""

import importlib.util
import re
from pathlib import Path

import pytest

import gatewise

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "gatewise"


def test_settings_reference_is_what_the_code_says():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == module.reference(), "run make docs"


def tree() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8").split("## What stands where")[1].split("```")[1]


def test_readme_names_every_module():
    named = set(re.findall(r"[\w/]+\.py", tree()))
    named = {name.rpartition("/")[2] for name in named}
    folders = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and f"{folder.name}/ " in tree()}
    described_as_a_whole = {"cli", "report"}
    for path in PACKAGE.rglob("*.py"):
        folder = path.parent.name
        if path.name.startswith("__") or folder in described_as_a_whole:
            assert folder in folders | {"gatewise", "runs"} or f"{folder}/" in tree()
        else:
            assert path.name in named, f"{path} is missing from the README's tree"


def test_readme_names_nothing_that_is_gone():
    known = {path.name for path in PACKAGE.rglob("*.py")} | {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    known |= {path.name for path in (ROOT / "docs").glob("*.py")}
    assert {name.rpartition("/")[2] for name in re.findall(r"[\w/]+\.py", tree())} <= known


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_names_are_listed_and_exist(path):
    if path.name.startswith("__"):
        return
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(set(module.__all__)), "a name stands twice in __all__"
    assert all(hasattr(module, public) for public in module.__all__)


def test_top_level_names_resolve():
    assert all(getattr(gatewise, name) is not None for name in gatewise.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gatewise.nothing  # noqa: B018
