"""The program: ``gatewise`` and ``python -m gatewise``."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; return the exit status."""
    # NumPy's own threads would only get in the way of the trainings side by side; read when NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from gatewise.cli.main import main as run
    except KeyboardInterrupt:  # Ctrl-C while the libraries load
        print("interrupted", file=sys.stderr)
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
