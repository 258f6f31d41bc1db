"""What holds for every store that dumps are read from by URL."""

from pathlib import Path
from typing import Any

import pytest
from dumps import LAYOUTS, Cluster, dump, tar_gz
from runs import judged


def judged_as_files(
    capsys: pytest.CaptureFixture[str], place: Path, objects: dict[str, bytes], jobs: str, root: str, other: str
) -> None:
    """Judge two dumps as files, by a pattern below `root`, and by name, the second below `other`: always alike."""
    files = {"fleet/a.json": dump(1), "fleet/b.tar.gz": tar_gz(LAYOUTS["velero"].write(Cluster(2).objects))}
    (place / "fleet").mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
        objects[name] = data
    local = judged(capsys, *files)
    result = judged(capsys, f"{root}fleet/*", "--jobs", jobs)
    assert said(result) == said(local)
    assert result["scan"]["inputs"] == [f"{root}fleet/a.json", f"{root}fleet/b.tar.gz"]
    again = judged(capsys, f"{root}fleet/a.json", f"{other}fleet/b.tar.gz", "--jobs", jobs)
    assert said(again) == said(local)


def said(result: Any) -> list[str]:
    """What was found, whatever the input is called."""
    return sorted(f"{one['code']} {one['object']} {one['message']}" for one in result["findings"])
