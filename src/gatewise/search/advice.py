"""What to try next after a search: sentences with their evidence, the knob, and a flag that is ready to paste."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gatewise.search.edges import Edge, edge_of
from gatewise.search.folding import distinct, number_of, value_of
from gatewise.search.importance import LEAST_TRIALS, Importance, importance_of
from gatewise.search.past import Tried
from gatewise.settings import Prior, Settings

__all__ = ["Advice", "Insight", "advise", "insight_of"]

TOP_SHARE, LEAST_TOP = 0.1, 3
"""Share of the trials that count as the best ones, and their least number."""

CLEAR = 0.005
"""Relative gain from which one score is called better than another here."""

NEAR = 0.01
"""Relative distance within which two trials are called neighbours: another seed alone moves a score about as far."""

LATE = 0.75
"""A best trial found in the last quarter of a search says that the search was not done."""

MANY_DIVERGED, LEAST_DIVERGED = 0.15, 3
"""Share and number of diverged trials from which on the range is called too high."""

UNFELT, MOST_PINNED = 1.0, 6
"""Span in % below which a setting is not worth a trial, and how many are named at most."""

ENOUGH, FORESEEN = 2, 0.3
"""Trials per varied setting, and share of the variance foreseen, without which no setting is called idle: what a short
search does not show may be there all the same."""

TRIED, LEAST_TRIED = 0.2, 10
"""Share and number of the trials that must have used another than a setting's most frequent value, to call it idle."""

MOST_FOCUS = 8
"""Settings that matter, at most, for a second search over them alone."""


class Advice(NamedTuple):
    """One thing to try.

    Attributes:
        kind: widen, epochs, diverged, trials, converged, pin, focus or noise.
        knobs: the settings that it is about.
        text: what was seen, with its numbers, and what to do.
        flag: for the command line, empty where there is nothing to set.
    """

    kind: str
    knobs: tuple[str, ...]
    text: str
    flag: str = ""


@dataclass(frozen=True)
class Insight:
    """Importance and advice together: what ``importance.json`` holds.

    Attributes:
        trials: trials that ended.
        importance: which settings mattered, None with too few trials or nothing that varied.
        advice: what to try next, the most useful first.
    """

    trials: int
    importance: Importance | None
    advice: tuple[Advice, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``importance.json`` has it."""
        return {
            "trials": self.trials,
            "importance": self.importance.to_dict() if self.importance else None,
            "advice": [{**one._asdict(), "knobs": list(one.knobs)} for one in self.advice],
        }


def insight_of(trials: Sequence[Tried], priors: Mapping[str, Prior], folder: str = "RUN_DIR", seed: int = 0) -> Insight:
    """Return what mattered in a search and what to try next; with too few trials, that there should be more.

    Args:
        trials: the trials that ended.
        priors: what the search varied: `Space.priors`, or `priors_of` a stored study.
        folder: of the run, as flags name it.
        seed: of the shuffles behind the importance.
    """
    enough = sum(math.isfinite(one.score) for one in distinct(trials)) >= LEAST_TRIALS
    importance = importance_of(trials, priors, seed=seed) if enough and priors else None
    return Insight(len(trials), importance, advise(trials, priors, importance, folder))


def advise(
    trials: Sequence[Tried],
    priors: Mapping[str, Prior],
    importance: Importance | None = None,
    folder: str = "RUN_DIR",
) -> tuple[Advice, ...]:
    """Return what to try next, the most useful first.

    Args:
        trials: the trials that ended.
        priors: what the search varied.
        importance: which settings mattered, by the additive method; None says nothing about single settings.
        folder: of the run, as flags name it.
    """
    ranked = sorted((one for one in distinct(trials) if math.isfinite(one.score)), key=lambda one: one.score)
    if len(ranked) < LEAST_TRIALS:
        text = f"{len(ranked)} trials have a score, too few to tell what mattered: make {2 * LEAST_TRIALS} or more."
        return (Advice("trials", (), text, f"--trials {2 * LEAST_TRIALS}"), *_diverged(trials, ranked, priors))
    top = ranked[: max(LEAST_TOP, math.ceil(TOP_SHARE * len(ranked)))]
    made = [*_diverged(trials, ranked, priors), *_epochs(top)]
    if importance is not None:
        made += _wider(top, priors, importance)
    made += _more(trials, ranked)
    if importance is not None:
        made += [*_focus(importance, folder), *_pinned(top[0].settings, importance, len(ranked))]
    return (*made, *_neighbours(ranked))


def _diverged(trials: Sequence[Tried], ranked: Sequence[Tried], priors: Mapping[str, Prior]) -> list[Advice]:
    """Return how to lose fewer trials, where many diverged."""
    lost = [one for one in trials if one.status == "diverged"]
    if len(lost) < max(LEAST_DIVERGED, MANY_DIVERGED * len(trials)):
        return []
    said = f"{len(lost)} of {len(trials)} trials diverged"
    prior = priors.get("learning_rate")
    if prior is not None and prior.low is not None and prior.high is not None and ranked:
        rates = sorted(10 ** number_of("learning_rate", prior._replace(log=True), one.settings) for one in lost)
        best = 10 ** number_of("learning_rate", prior._replace(log=True), ranked[0].settings)
        middle = rates[len(rates) // 2]
        if middle > math.sqrt(prior.low * prior.high):
            top = max(rates[0], 2 * best)
            if top < prior.high:
                text = f"{said}, half of them with a learning rate above {middle:.2g}: lower the top of its range."
                flag = f"--space learning_rate={prior.low:.2g}..{top:.2g}"
                return [Advice("diverged", ("learning_rate",), text, flag)]
    open_ = [one for one in lost if not one.settings.clip_norm]
    if 2 * len(open_) > len(lost):
        text = f"{said}, {len(open_)} of them without clipping: clip the gradient's norm."
        return [Advice("diverged", ("clip_norm",), text, "--set clip_norm=1.0")]
    rate = ranked[0].settings.learning_rate / 2 if ranked else lost[0].settings.learning_rate / 10
    return [
        Advice("diverged", ("learning_rate",), f"{said}: lower the learning rate.", f"--set learning_rate={rate:.2g}")
    ]


def _epochs(top: Sequence[Tried]) -> list[Advice]:
    """Return whether the best trials were cut short."""
    cut = [one for one in top if one.status == "epoch-limit" and one.best_epoch >= 0.9 * one.settings.epochs]
    if 2 * len(cut) <= len(top):
        return []
    limit = max(one.settings.epochs for one in cut)
    text = (
        f"{len(cut)} of the {len(top)} best trials had their best epoch at the end of {limit} epochs: train for longer."
    )
    return [Advice("epochs", ("epochs",), text, f"--set epochs={2 * limit}")]


def _wider(top: Sequence[Tried], priors: Mapping[str, Prior], importance: Importance) -> list[Advice]:
    """Return the ranges whose edge holds the best trials, of the settings that matter."""
    made = []
    for knob in importance.knobs:
        if not knob.matters:
            continue
        edge = edge_of(knob.name, priors[knob.name], [one.settings for one in top], knob.best)
        if edge is not None:
            made.append(Advice("widen", (knob.name,), _edge_words(edge, len(top)), edge.flag))
    return made


def _edge_words(edge: Edge, top: int) -> str:
    return (
        f"{edge.name} is best at the {edge.side} end of its range: {edge.best} in the best trial, {edge.there} of the "
        f"{top} best trials there, and the fit over all trials says the same. The optimum may lie beyond: widen it."
    )


def _more(trials: Sequence[Tried], ranked: Sequence[Tried]) -> list[Advice]:
    """Return whether a longer search would help: whether the last quarter still found better ones."""
    ordered = sorted(trials, key=lambda one: one.number)
    place = [one.number for one in ordered].index(ranked[0].number)
    start = math.ceil(LATE * len(ordered))
    before = [one.score for one in ordered[:start] if math.isfinite(one.score)]
    if place >= start and before:
        gain = 1 - ranked[0].score / min(before) if min(before) else 0.0
        if gain >= CLEAR:
            text = (
                f"The best trial is number {ranked[0].number}, in the last quarter of {len(ordered)}, and "
                f"{100 * gain:.1f} % better than all before: the search was still improving. Make more trials."
            )
            return [Advice("trials", (), text, f"--trials {2 * len(ordered)}")]
        return []
    if place < len(ordered) / 3:
        text = (
            f"Nothing was better than trial {ranked[0].number} in the {len(ordered) - place - 1} trials after it: more "
            "trials of the same kind will hardly help. Change what is searched, or take the result."
        )
        return [Advice("converged", (), text)]
    return []


def _focus(importance: Importance, folder: str) -> list[Advice]:
    """Return a second search over what mattered alone, where that is clearly less than all."""
    named = [one.name for one in importance.knobs if one.matters]
    if not 1 < len(named) <= min(MOST_FOCUS, len(importance.knobs) // 2):
        return []
    text = (
        f"Of {len(importance.knobs)} settings {len(named)} mattered visibly: {', '.join(named)}. A second search over "
        "these alone, around the winner, looks closer."
    )
    winner = shlex.quote(f"{folder}/best.toml")
    return [Advice("focus", tuple(named), text, f"--config {winner} --set vary={','.join(named)}")]


def _pinned(best: Settings, importance: Importance, trials: int) -> list[Advice]:
    """Return the settings that are not worth a trial, where there were trials enough to see one that is."""
    if trials < ENOUGH * len(importance.knobs) or importance.foreseen < FORESEEN:
        return []
    enough = max(LEAST_TRIED, TRIED * trials)
    unfelt = [one for one in reversed(importance.knobs) if one.span < UNFELT and one.tried >= enough]
    idle = [one for one in unfelt if not one.matters][:MOST_PINNED]
    if not idle:
        return []
    text = (
        f"{', '.join(one.name for one in idle)}: no effect of {UNFELT:g} % or more in {trials} trials. Pin "
        f"{'them' if len(idle) > 1 else 'it'} to the winner's values, and spend the trials on the rest."
    )
    flags = [f"--set {one.name}={_pasted(value_of(one.name, best))}" for one in idle]
    return [Advice("pin", tuple(one.name for one in idle), text, " ".join(flags))]


def _neighbours(ranked: Sequence[Tried]) -> list[Advice]:
    """Return whether the order of the first ones may be chance."""
    best, second = ranked[0], ranked[1]
    near = [one for one in ranked[1:] if one.score <= (1 + NEAR) * best.score]
    spread = getattr(best, "spread", math.nan)
    if math.isfinite(spread):
        near = [one for one in ranked[1:] if one.score - best.score <= spread]
    if not near or not best.score:
        return []
    known = f"the spread of its own repeats ({spread:.2g})" if math.isfinite(spread) else f"{100 * NEAR:g} %"
    count = "1 trial lies" if len(near) == 1 else f"{len(near)} trials lie"
    text = (
        f"{count} within {known} of the best one, the nearest is trial {second.number}: another seed can turn their "
        "order. Do not read much into the winner's exact values."
    )
    flag = "--set repeats=3" if "repeats" in Settings.model_fields else ""
    return [Advice("noise", (), text, flag)]


def _pasted(value: Any) -> str:
    """Return a value as a flag takes it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
