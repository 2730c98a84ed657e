"""The program: ``gatewise`` and ``python -m gatewise``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; return the exit status."""
    try:
        from gatewise.cli.main import main as run
    except KeyboardInterrupt:  # Ctrl-C while the libraries load
        print("interrupted", file=sys.stderr)
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
