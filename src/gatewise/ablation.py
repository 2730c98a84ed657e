"""Ablation: from a run's winner each trick off in turn, retrained over seeds: what each was worth, with its spread.

Everything here is judged on the validation origins of the run. The test part is cut off before anything is trained and
is not looked at.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from gatewise.effects import CONFIDENCE, Effect
from gatewise.ensemble import combine
from gatewise.errors import InputError, SettingsError, TrainingError
from gatewise.interrupt import Interrupt
from gatewise.opened import Winner, open_run, winner_of
from gatewise.report.ablation import ablation_page
from gatewise.retraining import Key, Progress, Result, Variant, train_all
from gatewise.runs.store import RunFolder
from gatewise.settings import Settings
from gatewise.tricks import EARLY_STOPPING, ENSEMBLE, TRICKS
from gatewise.workbench import Workbench

__all__ = ["Ablation", "ablate", "write_ablation"]

SEEDS = 3
"""Trainings of each variant by default."""

SEED_DISTANCE = 1000
"""Between the winner's seed and the first one here: the winner's own was picked with it, luck included."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """What each trick of a winner was worth.

    Attributes:
        name: of the data.
        run_folder: the run whose winner it is.
        winner: its settings.
        score: its MASE in the run.
        origins: validation origins that every score rests on.
        seeds: of the trainings.
        effects: one per trick, those in use by their worth, then the others.
        trainings: one row each: ``trick, seed, mase, epochs, seconds``; the trick is empty for the winner as it is.
        interrupted: True when the user ended it early.
    """

    name: str
    run_folder: str
    winner: Settings
    score: float
    origins: int
    seeds: tuple[int, ...]
    effects: tuple[Effect, ...]
    trainings: pd.DataFrame
    interrupted: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence per trick that was tried."""
        return tuple(one.sentence for one in self.effects if one.seeds or one.used or one.note)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers rest on."""
        return (
            f"MASE on the {self.origins} validation origins of the run; the test part was never touched.",
            "The winner had {:.4g} in the run; with these seeds it has {:.4g} on average, spread {:.2g}.".format(
                self.score, *self.again
            ),
            f"{len(self.seeds)} seeds other than the winner's own, the same for every variant; ± is the standard error "
            f"of the paired differences, and a difference is called seen where its {CONFIDENCE:.0%} t interval leaves "
            "out 0.",
            "The winner was chosen on the same origins, which favours what it uses; each trick is off alone, while "
            "everything else stays as it was tuned together with it.",
            "Early stopping picks its epoch on these origins, too: part of its worth is that choice, which new data "
            "would not repeat.",
            "% is of the error without the trick.",
        )

    @property
    def again(self) -> tuple[float, float]:
        """Mean and standard deviation of the winner's MASE over the seeds; NaN for what too few of them tell."""
        rows = self.trainings[self.trainings["trick"] == ""]["mase"]
        scores = [score for score in rows if math.isfinite(score)]
        return fmean(scores), stdev(scores) if len(scores) > 1 else math.nan

    @property
    def table(self) -> pd.DataFrame:
        """One row per trick: worth, standard error, both in %, and the scores by seed as text."""
        names = ("trick", "used", "what", "verdict", "worth", "error", "percent", "percent_error")
        rows = [one.to_dict() for one in self.effects]
        return pd.DataFrame([{**{name: row[name] for name in names}, "sentence": row["sentence"]} for row in rows])

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints and ``ablation.json`` keeps."""
        return {
            "gatewise_version": version("gatewise"),
            "name": self.name,
            "run_folder": self.run_folder,
            "interrupted": self.interrupted,
            "origins": self.origins,
            "seeds": list(self.seeds),
            "score": self.score,
            "winner": self.winner.model_dump(mode="json"),
            "effects": [one.to_dict() for one in self.effects],
            "notes": list(self.notes),
        }


def ablate(
    run_dir: str | Path,
    *,
    seeds: int = SEEDS,
    unused: bool = False,
    jobs: int | None = None,
    out: str | Path | None = None,
    data: Any = None,
    future_data: Any = None,
    on_training: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] | None = None,
) -> Ablation:
    """Switch each trick of a run's winner off in turn, retrain, and say what each was worth.

    Tricks are learning-rate decay, clipping, dropout, L2 and weight decay, augmentation, weight averaging, early
    stopping, normalisation inside the window, the base to forecast around, and the ensemble: the median of the seeds'
    networks against one of them.

    Args:
        run_dir: the folder of a run.
        seeds: trainings of each variant, at least 2.
        unused: also switch on, in a usual dose, what the winner does not use.
        jobs: trainings side by side; that of the run when None.
        out: a new folder to write ``ablation.csv``, ``ablation.json`` and ``ablation.html`` into; None writes nothing.
        data: the data of the run, where it was given a frame or the file has moved.
        future_data: the covariates known ahead, likewise.
        on_training: is told of every training that ends, in the calling thread.
        should_stop: asked often; True ends the work with what is done. None listens to Ctrl-C.

    Raises:
        RunFolderError: when the folder is no run folder, or the data are not those of the run.
        SettingsError: when `seeds` or `jobs` is too small.
        TrainingError: when not one training of the winner gave a usable model.
    """
    for name, value, least in (("seeds", seeds, 2), ("jobs", jobs, 1)):
        if value is not None and value < least:
            raise SettingsError(f"{name} must be at least {least}, but is {value}. Leave it out for the default.")
    plan = open_run(run_dir, data=data, future_data=future_data)
    winner = winner_of(run_dir, plan)
    folder = RunFolder(Path(out)) if out is not None else None
    variants, skipped = _variants(plan.bench, winner.settings, unused)
    numbers = tuple((winner.settings.seed + SEED_DISTANCE + one) % 2**31 for one in range(seeds))
    workers = jobs or plan.settings.jobs or os.cpu_count() or 1
    with Interrupt().armed() if should_stop is None else nullcontext(should_stop) as stopped:
        done = train_all(plan.bench, variants, numbers, workers, on_training, stopped)
        interrupted = stopped()
    if not any(math.isfinite(one.score) for (trick, _), one in done.items() if not trick):
        if folder is not None:
            folder.discard()
        raise TrainingError(
            "not one training of the winner gave a usable model"
            + (" before the work was interrupted." if interrupted else ". See report.html of the run for its knobs.")
        )
    made = Ablation(
        name=plan.panel.name,
        run_folder=str(run_dir),
        winner=winner.settings,
        score=winner.score,
        origins=len(plan.bench.truth.values),
        seeds=numbers,
        effects=_effects(plan.bench, winner, variants, skipped, numbers, done),
        trainings=_trainings(done),
        interrupted=interrupted,
    )
    if folder is not None:
        write_ablation(folder, made)
    return made


def write_ablation(folder: RunFolder, made: Ablation) -> None:
    """Write ``ablation.csv`` (a row per trick), ``trainings.csv``, ``ablation.json`` and ``ablation.html``."""
    folder.write_table("ablation.csv", made.table)
    folder.write_table("trainings.csv", made.trainings)
    folder.write_json("ablation.json", made.to_dict())
    title = f"{made.name} · what each trick was worth"
    folder.write_text("ablation.html", ablation_page(title, made.effects, made.notes, made.interrupted))


def _variants(bench: Workbench, winner: Settings, unused: bool) -> tuple[list[Variant], dict[str, str]]:
    """Return the trainings to make, the winner first, and why a trick cannot be switched on these data."""
    variants, skipped = [Variant("", winner)], dict[str, str]()
    for trick in TRICKS:
        if not trick.used(winner) and not unused:
            continue
        try:
            settings = trick.without(winner) if trick.used(winner) else trick.applied(winner)
            bench.check(settings)
            bench.architecture(settings)
        except InputError as error:
            skipped[trick.name] = str(error)
            continue
        variants.append(Variant(trick.name, settings, trick.used(winner)))
    return [*variants, Variant(EARLY_STOPPING, winner, early_stopping=False)], skipped


def _effects(
    bench: Workbench,
    winner: Winner,
    variants: list[Variant],
    skipped: dict[str, str],
    seeds: tuple[int, ...],
    done: dict[Key, Result],
) -> tuple[Effect, ...]:
    """Return what each trick was worth: those in use by their worth, then the others."""
    tried = {variant.trick: variant for variant in variants[1:]}
    effects = []
    for trick in TRICKS:
        used = trick.used(winner.settings)
        shown = trick.described(winner.settings if used or trick.name not in tried else tried[trick.name].settings)
        pairs = list(_pairs(trick.name, used, seeds, done)) if trick.name in tried else []
        effects.append(_effect(trick.name, used, shown, pairs, skipped.get(trick.name, "")))
    patience = f"patience {winner.settings.patience} of {winner.settings.epochs} epochs, best weights kept"
    effects.append(_effect(EARLY_STOPPING, True, patience, list(_pairs(EARLY_STOPPING, True, seeds, done))))
    effects.append(_ensemble(bench, winner, seeds, done))
    # NaN compares with nothing: what has no worth stands last.
    key = lambda one: (not one.used, math.isnan(one.worth), -one.worth if one.worth == one.worth else 0.0)  # noqa: E731
    return tuple(sorted(effects, key=key))


_Pair = tuple[int, float, float]
"""A seed, the score with a trick, and the score without it."""


def _pairs(trick: str, used: bool, seeds: tuple[int, ...], done: dict[Key, Result]) -> Iterator[_Pair]:
    for seed in seeds:
        if ("", seed) in done and (trick, seed) in done:
            plain, switched = done["", seed].score, done[trick, seed].score
            yield (seed, plain, switched) if used else (seed, switched, plain)


def _effect(trick: str, used: bool, what: str, pairs: list[_Pair], note: str = "") -> Effect:
    seeds, with_, without = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Effect(trick, used, what, seeds, with_, without, note)


def _ensemble(bench: Workbench, winner: Winner, seeds: tuple[int, ...], done: dict[Key, Result]) -> Effect:
    """Return the median of the seeds' networks against each of them: no training more."""
    usable = [seed for seed in seeds if ("", seed) in done and math.isfinite(done["", seed].score)]
    what = f"median of the winner's {len(usable)} seeds, against one of them"
    if len(usable) < 2:
        return Effect(ENSEMBLE, winner.networks > 1, what)
    joint = bench.truth.score(combine([done["", seed].forecast for seed in usable], None)[:, 0])
    pairs = [(seed, joint, done["", seed].score) for seed in usable]
    return _effect(ENSEMBLE, winner.networks > 1, what, pairs)


def _trainings(done: dict[Key, Result]) -> pd.DataFrame:
    rows = [(trick, seed, one.score, one.epochs, one.seconds) for (trick, seed), one in done.items()]
    return pd.DataFrame(rows, columns=["trick", "seed", "mase", "epochs", "seconds"])
