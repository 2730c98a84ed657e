"""Training anew on more rows: the chosen configurations, for as many epochs as were best."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np

from gatewise.data.panel import Panel
from gatewise.errors import DataError, TrainingError
from gatewise.fitted import Fitted
from gatewise.model.network import layout_of
from gatewise.settings import Settings
from gatewise.train.checkpoint import Epoch, Keeper
from gatewise.train.device import own_lane
from gatewise.train.fit import Manner, Training, train
from gatewise.workbench import Candidate, Part

__all__ = ["refit", "refit_all", "refit_seconds", "trained_anew"]

Keeping = Callable[[str], Keeper]

ONWARD_SHARE, ONWARD_RATE = 0.25, 0.3
"""Share of the best number of epochs, and of the learning rate, of a training that goes on from validated weights."""

MARGIN = 1.25
"""Trainings anew see more rows than the validated ones did, and take that much longer at most, mostly."""


def refit(
    panel: Panel,
    candidate: Candidate,
    *,
    room: int = 0,
    keep: Keeping | None = None,
    observe: Callable[[Epoch], None] = lambda epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Fitted, str]:
    """Train a candidate's configuration on every row of a panel: anew, for as many epochs as were best, or onward.

    Onward starts from the validated weights, at a smaller learning rate and for a share of the epochs. Where the last
    rows are few among many that costs a fraction of the time and forecasts as well.

    Args:
        panel: what to train on.
        candidate: the configuration, its best epoch, and its model, which stands in if this training fails.
        room: steps to pad the panel for, so that a shorter one runs the program that a longer one has compiled.
        keep: returns where checkpoints are kept, from a text that tells what is trained; None keeps none.
        observe: is told of every epoch.
        should_stop: asked after every chunk of steps.

    Returns:
        The model and an empty text; or, where this training diverged or was stopped, the candidate's own model and a
        sentence that says so.
    """
    if should_stop():
        return candidate.fitted, "Stopped before the training on every row: the validated model stands in."
    fitted, onward = candidate.fitted, candidate.fitted.settings.refit == "onward"
    made, training = _trained(panel, fitted, onward, room=room, keep=keep, observe=observe, should_stop=should_stop)
    if training.status == "diverged":
        return fitted, f"The training on every row {training.message}: the validated model stands in."
    if training.status == "interrupted":
        return fitted, "Stopped during the training on every row: the validated model stands in."
    return made, ""


def trained_anew(
    panel: Panel, fitted: Fitted, *, room: int = 0, should_stop: Callable[[], bool] = lambda: False
) -> Fitted:
    """Train a network's configuration on every row of another panel, from the start, for as many epochs as were best.

    Args:
        panel: what to train on.
        fitted: the network; its weights have no part in this.
        room: as for `refit`.
        should_stop: asked after every chunk of steps.

    Raises:
        DataError: when the panel holds no window to learn from.
        TrainingError: when the training diverges or is stopped, or how many epochs were best is not known.
    """
    if not fitted.epochs:
        raise TrainingError(
            "a network that is trained anew must know how many epochs were best, but this one was saved by an earlier "
            "version. Fit it again."
        )
    made, training = _trained(panel, fitted, False, room=room, should_stop=should_stop)
    if training.status in ("diverged", "interrupted"):
        raise TrainingError(f"a training on {int(panel.lengths.sum())} rows {training.message or training.status}.")
    return made


def _trained(
    panel: Panel,
    fitted: Fitted,
    onward: bool,
    *,
    room: int,
    keep: Keeping | None = None,
    observe: Callable[[Epoch], None] = lambda epoch: None,
    should_stop: Callable[[], bool],
) -> tuple[Fitted, Training]:
    """Return a network's configuration trained on every row of a panel, and how that went."""
    settings, epochs = fitted.settings, fitted.epochs
    part = Part(panel, panel, 0, settings.season or 1, room)
    if len(part.windows(settings)) == 0:
        raise DataError(
            f"a training must hold at least one window of window={settings.window} and horizon={settings.horizon} "
            f"steps that ends on an observed value, but one on {int(panel.lengths.max())} rows of the longest series "
            "holds none. Train on more rows before an origin: fewer --windows, a shorter --step or a longer --sliding."
        )
    architecture, start = part.architecture(settings), None
    # With an embedding, more series make another network, which has no weights to start from.
    if onward and layout_of(architecture).size == len(fitted.parameters):
        epochs, start = max(round(ONWARD_SHARE * epochs), 1), fitted.parameters
        learning_rate = ONWARD_RATE * settings.learning_rate
        settings = settings.change(learning_rate=learning_rate, schedule="cosine", epochs=epochs)
    keeper = keep(_owner(settings, epochs, panel, start)) if keep else None
    checkpoint = keeper.load() if keeper else None
    for epoch in checkpoint.epochs if checkpoint else ():
        observe(epoch)
    training = train(
        settings,
        architecture,
        part.lessons(settings),
        None,
        epochs=epochs,
        start=start,
        past_losses=list(fitted.val_losses),
        checkpoint=checkpoint,
        manner=Manner(observe, must_stop=should_stop, keep=keeper.save if keeper else None),
    )
    made = replace(
        fitted,
        parameters=training.parameters,
        unique_ids=tuple(one.unique_id for one in panel),
        scaler=part.scaled(settings)[0],
        encoder=part.encoder(settings),
        linear=part.linear(settings),
    )
    return made, training


def _owner(settings: Settings, epochs: int, panel: Panel, start: np.ndarray | None) -> str:
    """Return a text that tells one training from another."""
    weights = hashlib.sha256(start.tobytes()).hexdigest() if start is not None else ""
    return f"{settings.model_dump_json()} {epochs} {panel.fingerprint} {weights}"


def refit_all(
    panels: Sequence[Panel],
    candidates: Sequence[Candidate],
    *,
    jobs: int,
    room: int = 0,
    keeper: Callable[[str, str], Keeper] | None = None,
    observe: Callable[[int, int, Epoch], None] = lambda panel, candidate, epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[list[list[Fitted]], str]:
    """Train every candidate anew on every panel, as many side by side as there are jobs.

    Args:
        panels: what to train on.
        candidates: the configurations.
        jobs: trainings side by side at most.
        room: steps to pad every panel for, at least those of the longest.
        keeper: returns where a training of a name keeps its checkpoints (`gatewise.search.record`); None keeps none.
        observe: is told of every epoch, with the numbers of panel and candidate.
        should_stop: asked after every chunk of steps.

    Returns:
        The models, a list per panel; and a sentence where any of them could not be trained, else an empty text.
    """
    abandoned = Event()
    room = max(room, *(int(panel.lengths.sum()) for panel in panels))

    def train_one(place: tuple[int, int]) -> tuple[Fitted, str]:
        panel, candidate = place
        with own_lane():
            return refit(
                panels[panel],
                candidates[candidate],
                room=room,
                keep=partial(keeper, f"refit-{panel}-{candidate}") if keeper else None,
                observe=partial(observe, panel, candidate),
                should_stop=lambda: should_stop() or abandoned.is_set(),
            )

    places = [(panel, candidate) for candidate in range(len(candidates)) for panel in range(len(panels))]
    with ThreadPoolExecutor(min(len(places), jobs)) as workers:
        try:
            made = dict(zip(places, workers.map(train_one, places), strict=True))
        finally:
            # Reached in the ordinary way nothing runs any more; on an exception a running training ends soon.
            abandoned.set()
    models = [[made[panel, one][0] for one in range(len(candidates))] for panel in range(len(panels))]
    return models, next((said for _, said in made.values() if said), "")


def refit_seconds(candidates: Sequence[Candidate], *, panels: int, jobs: int) -> float:
    """Return about how long `refit_all` will take, from how long the validated trainings took.

    Args:
        candidates: the configurations.
        panels: number of panels that each is trained on.
        jobs: trainings side by side at most.
    """
    each = [_share(one) * one.training.seconds for one in candidates]
    side_by_side = max(min(jobs, panels * len(each)), 1)
    return MARGIN * panels * sum(each) / side_by_side


def _share(candidate: Candidate) -> float:
    """Return the epochs of a training anew as a share of those of the validated training."""
    settings, training = candidate.fitted.settings, candidate.training
    share = {"none": 0.0, "onward": ONWARD_SHARE, "anew": 1.0}[settings.refit]
    return share * max(training.best_epoch, 1) / max(len(training.epochs), 1)
