"""A collection made of a dump, a folder or an archive, and what is read back of it."""

import base64
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linter import engine
from linter.__main__ import main
from linter.model import Run

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))
sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster
from writers import Files

RULES = Path(__file__).parent.parent / "rules"

OBJECTS = Cluster(1).objects


def put(root: Path, files: Files) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def collect(source: Path | str, target: Path, *words: str) -> Path:
    assert main(["collect", str(source), "-o", str(target), *words]) == 0
    return target


def run(*paths: Path, **more: Any) -> Run:
    return engine.run(engine.Request(tuple(map(str, paths)), **more)).run


def judged(result: Run) -> list[tuple[str, ...]]:
    told = [
        (one.code, str(one.severity), one.object.kind, one.object.namespace, one.object.name, one.key)
        for one in (*result.findings, *(hidden.finding for hidden in result.suppressed))
    ]
    told += [
        ("", one.reason, one.object.kind, one.object.namespace, one.object.name, "")
        for one in result.not_evaluated
        if one.object is not None
    ]
    return sorted(told)


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}  # type: ignore[union-attr]


def layers(said: bytes) -> str:
    """Text, and what each run of base64 in it decodes to at every alignment, three layers deep."""
    text = said.decode("utf-8", "replace")
    layer = text
    for _ in range(3):
        found = []
        for encoded in re.findall(r"[A-Za-z0-9+/_-]{8,}", layer):
            plain = encoded.replace("-", "+").replace("_", "/")
            for start in range(4):
                part = plain[start:]
                found.append(base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1"))
        layer = "\n".join(found)
        text += "\n" + layer
    return text


def aligned(secret: str) -> Iterator[str]:
    """A secret in base64 as it stands inside something longer, at each of the three places."""
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + secret.encode()).decode()
        yield encoded[4 if lead else 0 :].rstrip("=")[:-1]


def in_a_row(text: str) -> list[Any]:
    """Values of JSON that stand one after the other."""
    values, at = [], 0
    while at < len(text.rstrip()):
        value, at = json.JSONDecoder().raw_decode(text, at)
        values.append(value)
        at += 1
    return values

