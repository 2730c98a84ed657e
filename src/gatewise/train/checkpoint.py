"""A training between two epochs, as bytes from which it goes on exactly: safetensors with JSON inside, no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from gatewise.errors import RunFolderError
from gatewise.train.program import State

__all__ = ["Best", "Checkpoint", "Epoch", "Keeper", "packed", "unpacked"]


class Keeper(Protocol):
    """Where one training keeps its checkpoints."""

    @property
    def lasting(self) -> bool:
        """Whether they outlast the process, so that one after every epoch is worth its while."""
        ...

    def load(self) -> Checkpoint | None:
        """Return the last one, None where there is none."""
        ...

    def save(self, checkpoint: Checkpoint) -> None:
        """Put one in the place of the last."""
        ...


VERSION = 1
"""Of the layout below."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch did.

    Attributes:
        number: from 1.
        train_loss: mean loss over the epoch's training windows, dropout and augmentation included.
        val_loss: mean loss over the validation windows, NaN without validation.
        learning_rate: that of the epoch's last step.
        gradient_norm: mean global norm before clipping.
        largest_norm: largest global norm before clipping.
        clipped: share of steps whose gradient was clipped, 0-1.
        update_ratio: mean norm of a step's update over that of the weights.
        seconds: duration, validation included.
    """

    number: int
    train_loss: float
    val_loss: float
    learning_rate: float
    gradient_norm: float
    largest_norm: float
    clipped: float
    update_ratio: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Best:
    """The best weights so far.

    Attributes:
        parameters: float32, flat.
        epoch: that they come from, 0 for the initial weights.
        loss: their validation loss.
    """

    parameters: np.ndarray
    epoch: int = 0
    loss: float = np.inf


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training between two epochs.

    Attributes:
        best: the best weights so far.
        epochs: what each epoch did.
        state: all that the next epoch starts from, on the host, the optimizer's part as a flat list of arrays; None
            where the training has ended and only its result is kept.
    """

    best: Best
    epochs: tuple[Epoch, ...] = ()
    state: State | None = field(default=None)

    def without_state(self) -> Checkpoint:
        """Return the result alone."""
        return Checkpoint(self.best, self.epochs)


def packed(checkpoint: Checkpoint, owner: str) -> bytes:
    """Return a checkpoint as bytes.

    Args:
        checkpoint: what to keep.
        owner: text that names the training; `unpacked` gives the checkpoint back to no other.
    """
    from safetensors.numpy import save

    facts: dict[str, Any] = {
        "version": VERSION,
        "owner": owner,
        "epochs": [asdict(epoch) for epoch in checkpoint.epochs],
        "best": {"epoch": checkpoint.best.epoch, "loss": checkpoint.best.loss},
    }
    arrays = {"best": checkpoint.best.parameters}
    if (state := checkpoint.state) is not None:
        arrays |= {"parameters": state.parameters, "average": state.average}
        arrays |= {f"optimizer.{number}": np.atleast_1d(array) for number, array in enumerate(state.optimizer)}
        facts["state"] = {"seed": int(state.seed), "step": int(state.step)}
        facts["shapes"] = [list(np.shape(array)) for array in state.optimizer]
    # Python's JSON writes NaN and infinities as words that only Python reads, which is enough here.
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"gatewise": json.dumps(facts)})


def unpacked(document: bytes, owner: str) -> Checkpoint:
    """Return a checkpoint from bytes.

    Raises:
        RunFolderError: when they are damaged, of another version, or another training's.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        length = int.from_bytes(document[:8], "little")
        facts = json.loads(json.loads(document[8 : 8 + length])["__metadata__"]["gatewise"])
        arrays = load(document)
        if facts["version"] != VERSION or facts["owner"] != owner:
            raise ValueError("it belongs to another training")
        best = Best(arrays["best"], facts["best"]["epoch"], facts["best"]["loss"])
        epochs = tuple(Epoch(**epoch) for epoch in facts["epochs"])
        if "state" not in facts:
            return Checkpoint(best, epochs)
        optimizer = [arrays[f"optimizer.{n}"].reshape(shape) for n, shape in enumerate(facts["shapes"])]
        seed, step = np.uint32(facts["state"]["seed"]), np.uint32(facts["state"]["step"])
        return Checkpoint(best, epochs, State(arrays["parameters"], arrays["average"], optimizer, seed, step))
    except (ValueError, KeyError, TypeError, IndexError, SafetensorError) as error:
        raise RunFolderError(f"a checkpoint cannot be read: {error}. Its training starts anew.") from error
