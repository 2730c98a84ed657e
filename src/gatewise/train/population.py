"""Trainings of one Architecture side by side on an accelerator: a population that takes its steps in one program.

A GPU is idle most of the time while it trains one small LSTM. So the trainings of a search that share an Architecture
and a table meet before every chunk of steps, and one of them runs the chunk for all, vmapped over the members. The
program always has the same number of places, and an empty place makes no step: so what a training gives does not
depend on who else is there.

Trainings that are alone, and all of those on a processor, take their steps by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from threading import Condition, Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gatewise.architecture import Architecture, Knobs
from gatewise.train.program import MOST_PROGRAMS, Batches, Measured, State, Table, chunk_of, trainer

__all__ = ["Populations", "Steps", "joined"]

Steps = Callable[[State, Knobs, Table, Batches], tuple[State, Measured]]

_current: ContextVar[Populations | None] = ContextVar("populations", default=None)


class Populations:
    """The populations of one search, by Architecture and table.

    Args:
        places: members of each at most: the trainings that may run at once.
    """

    def __init__(self, places: int):
        self._places = places
        self._lock = Lock()
        self._by_kind: dict[Any, _Population] = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let the trainings of the block, in this thread, join these populations."""
        before = _current.set(self)
        try:
            yield
        finally:
            _current.reset(before)

    def of(self, architecture: Architecture, table: Table) -> _Population:
        """Return the population for trainings of one Architecture on one table."""
        kind = architecture, table.values.unsafe_buffer_pointer()
        with self._lock:
            if kind not in self._by_kind:
                self._by_kind[kind] = _Population(architecture, self._places)
            return self._by_kind[kind]


@contextmanager
def joined(architecture: Architecture, table: Table) -> Iterator[Steps]:
    """Yield the function that makes a chunk of steps: in a population inside of `Populations.entered`, else alone."""
    populations = _current.get()
    if populations is None:
        yield trainer(architecture).steps
        return
    population = populations.of(architecture, table)
    member = population.join()
    try:
        yield partial(population.steps, member)
    finally:
        population.leave(member)


class _Population:
    """Trainings that wait for each other before every chunk."""

    def __init__(self, architecture: Architecture, places: int):
        self._program = _joint_program(architecture, places)
        self._places = places
        self._condition = Condition()
        self._free = list(range(places))
        self._asked: dict[int, tuple[State, Knobs, Table, Batches]] = {}
        self._answers: dict[int, tuple[State, Measured] | BaseException] = {}

    def join(self) -> int:
        """Take a place."""
        with self._condition:
            while not self._free:
                self._condition.wait()
            return self._free.pop(0)

    def leave(self, member: int) -> None:
        """Give the place back; those who waited for this member go on."""
        with self._condition:
            self._free.append(member)
            self._run_if_all_wait()
            self._condition.notify_all()

    def steps(self, member: int, state: State, knobs: Knobs, table: Table, batches: Batches) -> tuple[State, Measured]:
        """Make a chunk of steps together with the other members."""
        with self._condition:
            self._asked[member] = state, Knobs(*(np.float32(knob) for knob in knobs)), table, batches
            self._run_if_all_wait()
            while member not in self._answers:
                self._condition.wait()
            answer = self._answers.pop(member)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _run_if_all_wait(self) -> None:
        asked = self._asked
        if not asked or len(asked) + len(self._free) < self._places:
            return
        self._asked = {}
        try:
            self._answers.update(self._run(asked))
        except Exception as error:  # every member must hear of it, or they would wait forever
            self._answers.update(dict.fromkeys(asked, error))
        self._condition.notify_all()

    def _run(self, asked: dict[int, tuple[State, Knobs, Table, Batches]]) -> dict[int, tuple[State, Measured]]:
        state, knobs, table, batches = next(iter(asked.values()))
        # An empty place trains on no batch, whatever its other arguments are.
        idle = batches._replace(count=np.int32(0))
        rows = [
            asked.get(place) or (jax.tree.map(jnp.zeros_like, state), knobs, table, idle)
            for place in range(self._places)
        ]
        states, all_knobs, _, all_batches = zip(*rows, strict=True)
        states, measured = self._program(states, all_knobs, table, all_batches)
        return {place: (states[place], measured[place]) for place in asked}


@lru_cache(maxsize=MOST_PROGRAMS)
def _joint_program(architecture: Architecture, places: int) -> Callable[..., Any]:
    """Return the program of a chunk of steps of every member."""
    one = chunk_of(architecture)

    def all_members(states: Any, knobs: Any, table: Table, batches: Any) -> tuple[list[State], list[Measured]]:
        stacked = [jax.tree.map(lambda *parts: jnp.stack(parts), *each) for each in (states, knobs, batches)]
        made = jax.vmap(one, in_axes=(0, 0, None, 0))(stacked[0], stacked[1], table, stacked[2])
        apart = [jax.tree.map(lambda part, place=place: part[place], made) for place in range(places)]
        return [state for state, _ in apart], [measured for _, measured in apart]

    return jax.jit(all_members, donate_argnums=(0,))
