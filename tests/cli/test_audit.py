"""`gatewise audit` as a user runs it."""

import json

import pytest

from gatewise.cli.main import main
from gatewise.workbench import Part, Workbench
from tests.auditing.runs import gappy_table, tuned


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    return tuned(tmp_path_factory.mktemp("cli"), gappy_table())


def test_it_shows_a_table_and_leaves_zero(run_dir, capsys):
    capsys.readouterr()
    assert main(["audit", str(run_dir), "--trials", "1"]) == 0
    said = capsys.readouterr()
    assert "Leakage audit" in said.out and "passed: with" in said.out and "audit.json" in said.out
    assert "s of training" in said.err and "passed  scaling and encoding" in said.err
    assert main(["audit", str(run_dir), "--trials", "1", "--json", "-q"]) == 0
    said = capsys.readouterr()
    assert said.err == "" and json.loads(said.out) == json.loads((run_dir / "audit.json").read_text())


def test_a_planted_leak_leaves_one_and_is_named(run_dir, capsys, monkeypatch):
    def fit_on_everything(self, panel, split, season):
        honest(self, panel, split, season)
        self._part = Part(self.panel, panel, split.validation, season, int(panel.lengths.sum()))

    honest = Workbench.__init__
    monkeypatch.setattr(Workbench, "__init__", fit_on_everything)
    capsys.readouterr()
    assert main(["audit", str(run_dir), "--trials", "1"]) == 1
    said = capsys.readouterr()
    assert "FAILED" in said.out and "scaler.center" in said.out and "FAILED  scaling and encoding" in said.err
    document = json.loads((run_dir / "audit.json").read_text())
    assert document["passed"] is False and "first in" in document["line"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "holds no run.json"),
        (["--trials", "0"], "trials must be at least 1"),
        (["--jobs", "0"], "jobs must be at least 1"),
        (["--data", "nowhere.csv"], "there is no such file any more"),
    ],
)
def test_bad_input_leaves_two(run_dir, capsys, arguments, words):
    capsys.readouterr()
    given = arguments if arguments[0] == "nowhere" else [str(run_dir), *arguments]
    assert main(["audit", *given]) == 2
    assert words in capsys.readouterr().err
