"""The search beside other tools, and proofs of robustness: ``python benchmarks/tuning MEASURE``; see README.md."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from cli import main  # what it imports lies in the folder that was just added

if __name__ == "__main__":
    sys.exit(main())
