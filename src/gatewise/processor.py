"""What the processor can do that settings depend on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["fastest_precision"]

_CPU_INFO = Path("/proc/cpuinfo")


@cache
def fastest_precision() -> str:
    """Return the precision in which this processor multiplies matrices fastest: ``bfloat16`` or ``float32``.

    That is bfloat16 where it has matrix units for it, which Linux lists as ``amx_bf16`` (Intel Xeon from 2023 on).
    Elsewhere, and where the system does not tell, it is float32.
    """
    try:
        listed = _CPU_INFO.read_text(encoding="utf-8", errors="replace")
    except OSError:  # another system than Linux
        return "float32"
    flags = (line.partition(":")[2].split() for line in listed.splitlines() if line.startswith("flags"))
    return "bfloat16" if "amx_bf16" in next(flags, []) else "float32"
