"""One peer in a process of its own: ``python benchmarks/accuracy/peers TASK``, where TASK is JSON.

It trains on the rows before the test part, forecasts from every origin, writes the frame, and prints its versions.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from importlib import metadata

from task import Task, write

if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    module, libraries = asked.pop("module"), asked.pop("libraries")
    os.environ.setdefault("NIXTLA_ID_AS_COL", "1")
    task = Task(**asked)
    write(task, importlib.import_module(module).forecast(task))
    print(json.dumps({name: metadata.version(name) for name in libraries}))
