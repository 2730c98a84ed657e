"""Measure the studies of the tuning guide on weekly CO2, draw their pictures and fill in the guide's tables.

    python -m docs.pictures                 every study: about a quarter of an hour on two cores
    python -m docs.pictures dropout loss    these alone
    python -m docs.pictures --tables        no study: the tables of the guide anew from docs/images/sweeps.json

The same study from the command line is what `command` returns. A test keeps the tables true to ``sweeps.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from docs.reference import DOCS, GUIDES, Words, filled

__all__ = ["RESULTS", "STUDIES", "Picture", "command", "measured", "with_tables"]

IMAGES, RESULTS = DOCS / "images", DOCS / "images" / "sweeps.json"
HORIZON, RANGE_TEST = 26, "range-test"


@dataclass(frozen=True)
class Picture:
    """A study of the guide.

    Attributes:
        name: of the picture and of the place of its table.
        over: the knob and its values, as ``--over`` has them.
        settings: what differs from the preset in all of its trainings.
        seeds: trainings of each value; more for the knobs that matter the most.
    """

    name: str
    over: str
    settings: dict[str, Any] = field(default_factory=dict)
    seeds: int = 3


STUDIES = (
    Picture("learning-rate", "learning_rate=1e-5,1e-4,3e-4,1e-3,3e-3,1e-2,3e-2,1e-1,3e-1", seeds=5),
    Picture("schedule", "schedule=constant,exponential,step,plateau,cosine,warmup-cosine,one-cycle", seeds=5),
    Picture("optimizer", "optimizer=adam,adamw,nadam,rmsprop,sgd", seeds=5),
    Picture("batch-size", "batch_size=8,16,32,64,128,256,512", seeds=5),
    Picture("hidden", "hidden=2,4,8,16,32,64,128,256"),
    Picture("layers", "hidden=64,64+64,64+64+64,64+64+64+64"),
    Picture("window", "window=52,105,156,208,312"),
    Picture("patch", "patch=1,3,5,7,15,21,35,105", {"window": 105}),
    Picture("dropout", "dropout=0,0.1,0.2,0.3,0.5,0.7,0.9"),
    Picture("l2", "l2=0,1e-7,1e-6,1e-5,1e-4,1e-3,1e-2"),
    Picture("clip-norm", "clip_norm=0,0.001,0.01,0.1,1,10", {"optimizer": "sgd", "learning_rate": 0.1}),
    Picture("patience", "patience=1,2,4,8,16,32", {"schedule": "constant", "epochs": 100}),
    Picture("noise", "noise=0,0.02,0.05,0.1,0.2,0.5"),
    Picture("normalise", "normalise=none,last,mean,season,median"),
    Picture("base", "base=none,last,season,season-mean,season-drift,linear"),
    Picture("loss", "loss=mae,mse,huber,quantile"),
)


def command(study: Picture) -> str:
    """Return the study as a command on the same table."""
    fixed = "".join(f" --set {name}={value}" for name, value in study.settings.items())
    return f"gatewise sweep co2.csv --over {study.over} --seeds {study.seeds} --horizon {HORIZON}{fixed}"


def measure(study: Picture) -> dict[str, Any]:
    """Run a study, write its picture, and return its figures."""
    import gatewise
    from gatewise.data.example import co2_panel
    from gatewise.report.sweep_page import sweep_picture

    found = gatewise.sweep(co2_panel(), study.over, seeds=study.seeds, horizon=HORIZON, **study.settings)
    (IMAGES / f"sweep-{study.name}.svg").write_text(sweep_picture(found) + "\n", encoding="utf-8")
    kept = ("value", "score", "standard_error", "train_loss", "val_loss", "epochs", "status", "chosen")
    rows = [{name: _plain(row[name]) for name in kept} for row in found.table.to_dict("records")]
    return {"command": command(study), "reason": found.choice.reason, "notes": list(found.notes), "rows": rows}


def measure_range() -> dict[str, Any]:
    """Run the learning-rate range test, write its picture, and return its suggestion."""
    import gatewise
    from gatewise.data.example import co2_panel
    from gatewise.report.range_page import range_picture

    panel = co2_panel()
    found = gatewise.lr_find(panel, HORIZON)
    (IMAGES / f"{RANGE_TEST}.svg").write_text(range_picture(found, panel.name) + "\n", encoding="utf-8")
    kept = {
        name: _plain(getattr(found, name) or math.nan) for name in ("suggestion", "steepest", "minimum", "diverges_at")
    }
    return {"command": f"gatewise lr-find co2.csv --horizon {HORIZON}", **kept}


def _plain(value: Any) -> Any:
    """Return a number with four digits, null where there is none."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return bool(value) if not isinstance(value, str | int) else value


def measured(results: dict[str, Any], name: str, words: Words) -> str:
    """Return the table of a study as Markdown, with the command that repeats it."""
    study = results[name]
    # Losses of another kind cannot be compared.
    comparable = study["command"].split("--over ")[1].split("=")[0] not in ("loss", "scaling", "transform")
    columns = [word for word in words.measured if comparable or word != words.measured[3]]
    lines = ["```", study["command"], "```", ""]
    lines += [f"| {' | '.join(columns)} |", f"| {' | '.join(['---'] * len(columns))} |"]
    for row in study["rows"]:
        cells = [f"`{row['value']}`", _cell(row["score"]), _cell(row["standard_error"], 2)]
        cells += [_cell(row["train_loss"], 3)] if comparable else []
        cells += [_cell(row["epochs"], 3), "●" if row["chosen"] else ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}g}"


def with_tables(text: str, results: dict[str, Any], words: Words) -> str:
    """Return a guide with its tables of measurements as the results have them."""
    return filled(text, "measured", lambda name: measured(results, name, words))


def main() -> int:
    """Measure what the command line names, and fill in the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"to run: {RANGE_TEST}, {', '.join(study.name for study in STUDIES)}")
    parser.add_argument("--tables", action="store_true", help="run none, and write the guide's tables anew")
    asked = parser.parse_args()
    unknown = set(asked.names) - {RANGE_TEST, *(study.name for study in STUDIES)}
    if unknown:
        parser.error(f"unknown studies: {', '.join(sorted(unknown))}")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    jobs = {RANGE_TEST: measure_range, **{study.name: partial(measure, study) for study in STUDIES}}
    for name, job in () if asked.tables else jobs.items():
        if asked.names and name not in asked.names:
            continue
        results[name] = job()
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: measured", flush=True)
    for guide, words in GUIDES.items():
        path = DOCS / guide
        path.write_text(with_tables(path.read_text(encoding="utf-8"), results, words), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
