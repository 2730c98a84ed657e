"""The fresh process behind one measurement: ``python child.py MODULE ARGUMENTS`` prints what `measure` returns."""

from __future__ import annotations

import importlib
import json
import sys

if __name__ == "__main__":
    module, arguments = sys.argv[1:]
    print(json.dumps(importlib.import_module(f"peers.{module}").measure(**json.loads(arguments))))
