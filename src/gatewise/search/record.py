"""What a search remembers: in memory, or (in `gatewise.runs`) in a run folder, where a later process finds it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gatewise.search.trial import Trial
from gatewise.train.checkpoint import Checkpoint, Keeper

__all__ = ["InMemory", "Record"]


class Record(Protocol):
    """The memory of a search."""

    @property
    def past(self) -> Sequence[Trial]:
        """What an earlier process told, in its order; a trial appears each time that it paused or ended."""
        ...

    def tell(self, trial: Trial) -> None:
        """Remember that a trial paused or ended."""
        ...

    def keeper(self, name: str, owner: str) -> Keeper:
        """Return where a training keeps its checkpoints.

        Args:
            name: of the training.
            owner: text that tells its settings; a checkpoint of other settings is not given back.
        """
        ...

    def forget(self, names: Iterable[str]) -> None:
        """Forget the checkpoints of trainings that are not wanted any more."""
        ...


class InMemory:
    """A record that ends with the process."""

    past: Sequence[Trial] = ()

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def tell(self, trial: Trial) -> None:
        """Remember nothing: the search itself holds its trials."""

    def keeper(self, name: str, owner: str) -> Keeper:
        """Return where a training keeps its last checkpoint."""
        return self._kept.setdefault(name, _Kept())

    def forget(self, names: Iterable[str]) -> None:
        """Forget checkpoints."""
        for name in names:
            self._kept.pop(name, None)


class _Kept:
    """Keeps a training's last checkpoint; one after every epoch would be copied for nothing."""

    lasting = False

    def __init__(self) -> None:
        self._checkpoint: Checkpoint | None = None

    def load(self) -> Checkpoint | None:
        return self._checkpoint

    def save(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
