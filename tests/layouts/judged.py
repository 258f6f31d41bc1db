"""Files of a layout, written to disk and judged."""

import sys
from pathlib import Path
from typing import Any

from linter import engine

sys.path.insert(0, str(Path(__file__).parent))

from writers import Files


def put(root: Path, files: Files) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def judge(*paths: Path, **options: Any) -> engine.Result:
    return engine.run(engine.Request(tuple(map(str, paths)), **options))
