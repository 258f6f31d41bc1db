"""What holds for every fix, whatever defects stand together and however they are written.

Applied twice it changes nothing; what it repairs is gone; nothing else appears; every credential still stands, or is
named as removed.
"""

import codecs
import json
import random
import re
import sys
import tempfile
from collections import defaultdict
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linter import engine
from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))

from scribe import Scribe

SEEDED = Path(__file__).parent / "seeded"
COMMENT = re.compile(r"# c\d+\.")
BROUGHT_TO_LIGHT = {"RC407", "RC701", "RC703"}
"""What can be said only once a credential is readable, or once an import has one."""


def _groups() -> dict[str, list[Any]]:
    """The documents of the seeded repository by namespace: each holds one defect and what it hits."""
    found: dict[str, list[Any]] = defaultdict(list)
    for path in sorted(SEEDED.glob("*.yaml")):
        encoding = "utf-16" if path.name == "builds.yaml" else "utf-8"
        for body in yaml.safe_load_all(path.read_bytes().decode(encoding)):
            found[body["metadata"]["namespace"]].append(body)
    return found


GROUPS = _groups()


def written(body: Any, style: str) -> str:
    if style == "json":
        return json.dumps(body, indent=2)
    if style == "minified":
        return json.dumps(body, separators=(",", ":"))
    flow = style == "flow"
    wide = 4 if style == "wide" else 2
    return yaml.safe_dump(body, default_flow_style=flow, indent=wide, sort_keys=style == "wide", width=60)


@st.composite
def repositories(draw: st.DrawFn) -> bytes:
    """One file of some defects, each document in a style of its own."""
    chosen = draw(st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=3, unique=True))
    documents = draw(st.permutations([body for name in chosen for body in GROUPS[name]]))
    styles = st.sampled_from(["block", "wide", "flow", "json", "minified"])
    text = "---\n".join(f"# {number}\n{written(one, draw(styles)).rstrip()}\n" for number, one in enumerate(documents))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return text.replace("\n", newline).encode(encoding)


def judged(file: Path, *words: str) -> tuple[dict[str, dict[str, Any]], str]:
    told = StringIO()
    out = file.parent / "result.out"
    with redirect_stderr(told):
        main(["check", str(file), *words, "--fail-on", "never", "--format", f"json={out}"])
    return {one["fingerprint"]: one for one in json.loads(out.read_text())["findings"]}, told.getvalue()


def credentials(file: Path) -> set[tuple[str, str, str]]:
    """Every credential that can be read out of the secrets of a file."""
    found = set()
    for inventory in engine.load(engine.Request((str(file),))).inventories:
        for secret in inventory.secrets:
            for entry in secret.payload.entries if secret.payload else ():
                if (entry.username or entry.password) and not entry.auth_error:
                    found.add((secret.namespace, entry.username, entry.password))
    return found


@st.composite
def handwritten(draw: st.DrawFn) -> bytes:
    """The same, in every layout that YAML allows, with comments everywhere, and with or without an end of the line."""
    chosen = draw(st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=4, unique=True))
    rng = random.Random(draw(st.integers(0, 2**48)))
    documents = [body for name in chosen for body in GROUPS[name]]
    rng.shuffle(documents)
    if rng.random() < 0.15:
        documents = [{"apiVersion": "v1", "kind": "List", "items": documents}]
    newline = rng.choice(["\n", "\n", "\r\n"])
    text = newline.join(Scribe(rng).stream(documents)) + rng.choice([newline, newline, "", newline * 3])
    return text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))


def text_of(data: bytes) -> str:
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")


def mark_of(data: bytes) -> bytes:
    """The byte order mark that a file begins with, b"" for none."""
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return next((mark for mark in marks if data.startswith(mark)), b"")


@pytest.mark.parametrize("unsafe", [False, True])
def test_properties_of_every_fix(unsafe: bool) -> None:
    settings(max_examples=25)(given(repositories())(lambda data: holds(data, unsafe=unsafe)))()


@pytest.mark.parametrize("unsafe", [False, True])
def test_properties_of_every_fix_in_every_layout(unsafe: bool) -> None:
    settings(max_examples=20)(given(handwritten())(lambda data: holds(data, unsafe=unsafe)))()


def holds(data: bytes, *, unsafe: bool) -> None:
    words = ("--fix", "--unsafe-fixes") if unsafe else ("--fix",)
    allowed = {"safe", "unsafe"} if unsafe else {"safe"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.yaml"
        file.write_bytes(data)
        before, _ = judged(file)
        had = credentials(file)
        after, told = judged(file, *words)
        made = file.read_bytes()
        fixed = {key for key, one in before.items() if one["fix"] and one["fix"]["applicability"] in allowed}
        assert not fixed & after.keys()
        assert {after[key]["code"] for key in after.keys() - before.keys()} <= BROUGHT_TO_LIGHT
        lost = had - credentials(file)
        assert len(lost) <= (told.count("credential of entry") + told.count("removed: entry")), (lost, told)
        old, new = text_of(data), text_of(made)
        assert len(list(yaml.load_all(new, yaml.CSafeLoader))) == len(list(yaml.load_all(old, yaml.CSafeLoader)))
        assert unsafe or set(COMMENT.findall(old)) <= set(COMMENT.findall(new))
        assert mark_of(data) == mark_of(made)
        assert old.count("\n") != old.count("\r\n") or new.count("\n") == new.count("\r\n")
        judged(file, *words)
        assert file.read_bytes() == made
