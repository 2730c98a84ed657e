"""The modules of the benchmarks, which are scripts and no package, by their path."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


def module(path: str) -> ModuleType:
    """Return a module of the benchmarks, such as ``tuning/compare.py``; what it imports must be importable by name."""
    name = "benchmarks_" + path.removesuffix(".py").replace("/", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / path)
        assert spec is not None and spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        sys.modules[name] = made  # dataclasses look their module up there
        spec.loader.exec_module(made)
    return sys.modules[name]
