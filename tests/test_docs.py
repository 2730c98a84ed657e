"""Docs that the code keeps true: references, the guide's tables, translations, the README's tree, public names."""

import importlib
import json
import re
from pathlib import Path

import pytest

import gatewise
from docs.pictures import RESULTS, STUDIES, command, with_tables
from docs.reference import DOCS, GUIDES, PAGES, with_settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "gatewise"


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_what_the_code_says(page):
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run make docs"


@pytest.mark.parametrize("guide", GUIDES)
def test_tables_of_the_guide_are_what_the_code_and_the_studies_say(guide):
    text, results = (DOCS / guide).read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    assert with_settings(text, GUIDES[guide]) == text, "run make docs"
    assert with_tables(text, results, GUIDES[guide]) == text, "run python -m docs.pictures --tables"


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_shows_every_study_and_names_every_finding(guide):
    text, results = (DOCS / guide).read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    for study in STUDIES:
        assert f"<!-- measured: {study.name} -->" in text and f"(../images/sweep-{study.name}.svg)" in text
        assert results[study.name]["command"] == command(study), f"run make pictures STUDIES={study.name}"
    rules = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "train").glob("*.py"))
    findings = re.findall(r'\b(?:finding|Finding)\(\s*"([\w-]+)"', rules)
    assert len(set(findings)) > 20
    assert [name for name in findings if f"| `{name}` |" not in text] == []


def test_guides_have_the_same_sections_and_sources():
    english, chinese = ((DOCS / guide).read_text(encoding="utf-8") for guide in GUIDES)
    for pattern in (r"^#+ ", r"<!-- .*? -->", r"\(\.\./images/.*?\)", r"^- [A-Z].*? \(\d{4}\)", r"^gatewise .*$"):
        assert re.findall(pattern, english, re.MULTILINE) == re.findall(pattern, chinese, re.MULTILINE)


def test_run_folder_page_names_every_file():
    page = (DOCS / "reference" / "run-folder.md").read_text(encoding="utf-8")
    written = r'write_(?:text|json|table|settings)\(\s*"([\w.-]+\.\w+)"'
    for path in PACKAGE.rglob("*.py"):
        for name in re.findall(written, path.read_text(encoding="utf-8")):
            assert f"`{name}`" in page, f"{path.name} writes {name}"


def spoken(readme: str) -> dict[str, list[str]]:
    """Return what a README names whatever its language: commands, code, links, pictures and files."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    blocks = re.findall(r"```.*?```", text, re.DOTALL)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return {
        "commands": [re.split(r" {4,}|#", line)[0].rstrip() for line in "\n".join(blocks[:2]).splitlines()],
        "lines of code": [re.sub(r"\s*#.*", "", line) for line in blocks[2].splitlines()],
        "code": sorted(code for code in set(re.findall(r"`([^`\n]+)`", prose)) if code.isascii()),
        "links": sorted(link.replace(".zh-CN.md", ".md") for link in re.findall(r"\]\(([^)]+)\)", text)),
        "headings": re.findall(r"^#+ ", text, re.MULTILINE),
        "tree": re.findall(r"[\w-]+\.(?:py|md|toml|lock|yml)\b|[\w.-]+/|Makefile", blocks[3]),
    }


def test_chinese_readme_names_what_the_english_one_does():
    english, chinese = spoken("README.md"), spoken("README.zh-CN.md")
    for kind, names in english.items():
        assert names == chinese[kind], f"README.zh-CN.md has other {kind}"


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
