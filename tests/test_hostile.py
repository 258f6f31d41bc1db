"""Input that means harm: each is told with its place, and the file beside it is judged."""

import base64
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from tests.commons import TWICE

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: b}\ntype: kubernetes.io/dockerconfigjson\ndata:\n"
SECONDS, MEMORY = 60, 3 * 2**30


def secret(payload: str) -> str:
    return f"{HEAD}  .dockerconfigjson: {base64.b64encode(payload.encode()).decode()}\n"


def many_entries() -> str:
    entries = {f"h{number}.example.com": {"auth": "dXNlcjpwdw=="} for number in range(15_000)}
    return secret(json.dumps({"auths": entries}))


def large_auth() -> str:
    return secret(json.dumps({"auths": {"quay.io": {"auth": base64.b64encode(b"u:" + b"p" * 10_000_000).decode()}}}))


def aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "kind: Secret\n" + "\n".join(lines) + "\n"


INPUTS: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "aliases": ("x.yaml", aliases, "expand without bound"),
    "alias-of-itself": ("x.yaml", lambda: "kind: Secret\na: &a [*a]\n", "inside the value that it stands for"),
    "deep-yaml": ("x.yaml", lambda: "kind: Secret\nx: " + "[" * 100_000 + "]" * 100_000, "nesting depth"),
    "deep-block": ("x.yaml", lambda: "kind: Secret\n" + "".join(f"{' ' * n}a:\n" for n in range(2000)), "too deeply"),
    "deep-json": ("x.json", lambda: '{"kind": "Secret", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "too deeply"),
    "deep-object": ("x.json", lambda: '{"kind": "Secret", "x": ' + '{"a":' * 90_000 + "1" + "}" * 90_001, "too deeply"),
    "deep-payload": ("x.yaml", lambda: secret('{"auths":' + "[" * 100_000 + "]" * 100_000 + "}"), ""),
    "large-scalar": ("x.yaml", lambda: f"kind: Secret\nx: {'a' * 20_000_000}\n", ""),
    "large-words": ("x.yaml", lambda: f"kind: Secret\nx: {'a b' * 1_000_000}\n", ""),
    "large-key": ("x.yaml", lambda: f"kind: Secret\n? {'a' * 5_000_000}\n: x\n", ""),
    "documents": ("x.yaml", lambda: "---\n" * 300_000, ""),
    "bad-utf-8": ("x.yaml", lambda: b"kind: Secret\nx: \xff\xfe\xfa\n", "not UTF-8 text at byte 16"),
    "nul": ("x.yaml", lambda: b"kind: Secret\nx: \0\n", "control characters"),
    "half-of-utf-16": ("x.yaml", lambda: TWICE.encode("utf-16")[:-1], "not UTF-16"),
    "entries": ("x.yaml", many_entries, ""),
    "large-auth": ("x.yaml", large_auth, ""),
    "links": ("x.yaml", lambda: TWICE.replace("name: a", "name: c") + "- name: x\n" * 1500, ""),
    "number": ("x.json", lambda: '{"apiVersion": "v1", "kind": "Secret", "x": ' + "9" * 100_000 + "}", ""),
}


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def check(folder: Path) -> dict[str, Any]:
    """Judge a folder in bounded time and memory, and return the result; a crash has none."""
    words = [sys.executable, "-m", "linter", "check", ".", "--scope", "manifests", "--format", "json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, preexec_fn=bounded)
    assert done.returncode in (0, 1), done.stderr[-500:]
    assert b"Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", INPUTS)
def test_it_is_bounded_and_told_and_its_neighbour_judged(name: str, tmp_path: Path) -> None:
    file, make, message = INPUTS[name]
    content = make()
    (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "good.yaml").write_text(TWICE)
    result = check(tmp_path)
    assert "RC307" in [one["code"] for one in result["findings"] if one["location"]["path"] == "good.yaml"]
    problems = [(one["path"], one["message"]) for one in result["coverage"]["problems"]]
    if message:
        assert [path for path, said in problems if message in said] == [file]
    else:
        assert not problems


def test_a_tree_of_traps(tmp_path: Path) -> None:
    """FIFOs, sockets' place, loops of links, unreadable files, folders of great depth, names that steer terminals."""
    (tmp_path / "good.yaml").write_text(TWICE)
    os.mkfifo(tmp_path / "fifo.yaml")
    os.symlink("loop.yaml", tmp_path / "loop.yaml")
    os.symlink(".", tmp_path / "self")
    os.symlink("/dev/zero", tmp_path / "zero.yaml")
    os.symlink("/etc/passwd", tmp_path / "outside.yaml")
    for name in ("a\nb.yaml", "\x1b[31mred.yaml", "\u202etxt.yaml"):
        (tmp_path / name).write_text(TWICE)
    (tmp_path / os.fsdecode(b"\xff\xfe.yaml")).write_text(TWICE)
    deep, handle = tmp_path, os.open(tmp_path, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    try:
        result = check(deep)
    finally:  # whoever clears up temporary folders may not go so deep
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)
    found = [one["location"]["path"] for one in result["findings"] if one["code"] == "RC307"]
    assert len(found) == 5
    assert "out of the root" in json.dumps(result["scan"])


@pytest.mark.parametrize(("times", "fixed"), [(40, True), (3_000, False)])
def test_a_key_that_stands_thousands_of_times_is_found_and_no_fix_is_made_that_takes_as_many_readings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], times: int, *, fixed: bool
) -> None:
    entries = ",".join(['"quay.io":{"auth":"dXNlcjpwYXNz"}'] * times)
    spellings = ",".join(['"https://quay.io":{"auth":"dXNlcjpwYXNz"}'] * times)
    for name, auths in (("a", entries), ("b", f'{spellings},"quay.io":{{"auth":"dXNlcjpwYXNz"}}')):
        payload = base64.b64encode(f'{{"auths":{{{auths}}}}}'.encode()).decode()
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}}
        secret |= {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": payload}}
        (tmp_path / f"{name}.json").write_text(json.dumps(secret))
    assert main(["check", str(tmp_path), "--format", "json", "--select", "RC201"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["object"]["name"]: bool(one["fix"]) for one in found} == {"a": fixed, "b": fixed}
