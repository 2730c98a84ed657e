"""Where programs run, and where compiled ones are kept.

On the processor every program runs on one thread: the products of an LSTM are too small to share, so a second thread
costs more than it does, and trials side by side would get in each other's way. JAX has no switch for that (its flag
`xla_cpu_multi_thread_eigen` no longer has an effect), but a client of the processor takes the number of its threads
from the environment when it is made. So each trial that runs beside others has a client of its own, a *lane* of one
thread. The client that a user's own JAX code runs on is left alone.

The same seed then gives the same bits on any number of cores and for any number of jobs.
"""

from __future__ import annotations

import ctypes
import heapq
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = [
    "CACHE_VARIABLE",
    "COMPILER_OPTIONS",
    "accelerator",
    "cache_folder",
    "device",
    "own_lane",
    "place",
    "return_freed_memory",
]

CACHE_VARIABLE = "GATEWISE_CACHE_DIR"
"""Environment variable that moves the compile cache; set to an empty string it switches the cache off."""

COMPILER_OPTIONS: dict[str, bool | int | str] = {"xla_cpu_prefer_vector_width": 512}
"""Full-width vectors where the processor has them: a fifth less time to compile, and no slower."""

_THREADS_VARIABLE = "NPROC"
"""Environment variable from which XLA takes the number of threads of a processor client when it makes one."""

_lane: ContextVar[int] = ContextVar("lane", default=0)
_free: list[int] = []
_made = 0
_threads: dict[int, Any] = {}
_lock = Lock()


def cache_folder() -> Path | None:
    """Return the folder of compiled programs: ``$GATEWISE_CACHE_DIR``, or the user's cache folder, or None for off."""
    if CACHE_VARIABLE in os.environ:
        chosen = os.environ[CACHE_VARIABLE]
        return Path(chosen) if chosen else None
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home, as in some containers
        return Path(os.environ["XDG_CACHE_HOME"]) / "gatewise" if os.environ.get("XDG_CACHE_HOME") else None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "gatewise" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "gatewise"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "gatewise"


@contextmanager
def own_lane() -> Iterator[None]:
    """Run the body's programs on a thread that no other lane uses; on an accelerator this changes nothing."""
    global _made
    with _lock:
        if not _free:
            _free.append(_made)
            _made += 1
        number = heapq.heappop(_free)
    before = _lane.set(number)
    try:
        yield
    finally:
        _lane.reset(before)
        with _lock:
            heapq.heappush(_free, number)


def device() -> Any:
    """Return the `jax.Device` of the caller's programs: the accelerator if there is one, else the lane's thread."""
    return accelerator() or _thread(_lane.get())


def place(arrays: Any) -> Any:
    """Return arrays, or tuples of them, on the caller's device; one that is there already is not copied."""
    import jax

    return jax.device_put(arrays, device())


def return_freed_memory() -> None:
    """Give memory that was freed back to the system, where the C library would keep it (glibc).

    A compiler takes a hundred megabytes in small pieces, and of what it frees glibc returns little by itself: a process
    that compiles again and again grows, although it holds no more than before.
    """
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none


@cache
def accelerator() -> Any | None:
    """Return the first GPU or TPU of JAX, None where it has none."""
    _use_cache()
    import jax

    first = jax.devices()[0]
    return None if first.platform == "cpu" else first


def _thread(lane: int) -> Any:
    """Return a processor client's only device, one per lane."""
    with _lock:
        if lane not in _threads:
            _threads[lane] = _one_thread_client().local_devices()[0]
        return _threads[lane]


def _one_thread_client() -> Any:
    """Make a client; only one at a time, for the environment is the whole process's."""
    from jaxlib import xla_client

    before = os.environ.get(_THREADS_VARIABLE)
    os.environ[_THREADS_VARIABLE] = "1"
    try:
        return xla_client.make_cpu_client(asynchronous=True)
    finally:
        if before is None:
            del os.environ[_THREADS_VARIABLE]
        else:
            os.environ[_THREADS_VARIABLE] = before


def _use_cache() -> None:
    """Keep compiled programs on disk, unless the user has given JAX a cache of its own."""
    import jax

    folder = cache_folder()
    if folder is not None and not getattr(jax.config, "jax_compilation_cache_dir", None):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        jax.config.update("jax_raise_persistent_cache_errors", False)
