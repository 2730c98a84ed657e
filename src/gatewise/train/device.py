"""JAX set up for many small trainings: one thread per program, and compiled programs kept on disk.

XLA reads its flags once, when its backend starts: `configure` runs before the first array is made.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

__all__ = ["CACHE_VARIABLE", "cache_folder", "configure"]

CACHE_VARIABLE = "GATEWISE_CACHE_DIR"
"""Environment variable that moves the compile cache; set to an empty string it switches the cache off."""


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


@cache
def configure() -> None:
    """Set XLA's flags and the compile cache, once; a flag that the user set stays as it is.

    Each program runs on one thread, so that trials side by side share the cores without getting in each other's way,
    and so that the same seed gives the same bits for any number of jobs.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()

    import jax

    folder = cache_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
        jax.config.update("jax_raise_persistent_cache_errors", False)
