"""``python -m gatewise``."""

import sys

from gatewise.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
