"""Programs on the PATH that misbehave in every way that programs do: told, bounded, and gone when the call is over."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from linter.sources import command

ROOT = Path(__file__).parent.parent.parent
PLAIN = (
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: b}\nimagePullSecrets:\n"
    "- name: twice\n- name: twice\n"
)
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "chart/templates/web.yaml": "{{- if true }}\nkind: Secret\n{{- end }}\n",
}
OVERLAY = {"over/kustomization.yaml": "resources: [web.yaml]\n", "over/web.yaml": PLAIN}
MIB = 2**20

FAULTS = {
    "killed": ("os.kill(os.getpid(), 9)", "killed by signal 9 (SIGKILL)"),
    "killed in a shell": (
        "os.execv('/bin/sh', ['sh', '-c', '/bin/sh -c \"kill -9 \\$\\$\"; exit $?'])",
        "code 137, as after signal 9",
    ),
    "silent": ("sys.exit(3)", "it ended with code 3 and said nothing"),
    "hangs": ("time.sleep(600)", "no end within"),
    "hangs with its pipes closed": ("os.close(1); os.close(2); time.sleep(600)", "no end within"),
    "leaves a child with the pipes": ("child(); sys.exit(4)", "it ended with code 4 and said nothing"),
    "leaves a child in a session of its own": ("child(True); sys.exit(5)", "it ended with code 5 and said nothing"),
    "waits for a child": ("os.waitpid(child(), 0)", "no end within"),
    "prints for ever": ("flood(1)", "it printed more than 1 MiB"),
    "complains for ever": ("flood(2)", "it wrote more than 2 MiB of messages"),
    "both for ever": ("os.fork(); flood(1 + (os.getpid() % 2))", "it "),
    "garbage": ("os.write(2, bytes(range(256)) * 9); sys.exit(1)", ""),
    "an error, and all is well": ("os.write(2, b'Error: no such thing'); sys.exit(0)", "Error: no such thing"),
    "asks for a password": ("open('/dev/tty').readline()", "No such device"),
    "reads what it is not given": ("assert not sys.stdin.read(); sys.exit(6)", "code 6"),
}
PROGRAM = """#!{python} -SE
import os, sys, time
{note}
def child(own=False):
    made = os.fork()
    if not made:
        if own:
            os.setsid()
        open({pids!r}, "a").write(str(os.getpid()) + "\\n")
        time.sleep(20 if own else 600)
        os._exit(0)
    while not os.path.exists({pids!r}):
        time.sleep(0.01)
    return made
def flood(pipe):
    while True:
        os.write(pipe, b"y" * 65536)
{body}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(command, "MESSAGES", 2 * MIB)
    monkeypatch.setattr("linter.sources.live.asking.wait", lambda *_: None)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    (tmp_path / "tree").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    put({"plain.yaml": PLAIN, ".regcred.yaml": "limits: {file: 1 MiB}\n"})
    yield tmp_path
    for pid in pids(tmp_path):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def put(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def pids(place: Path) -> list[int]:
    found = place / "pids"
    return [int(line) for line in found.read_text().split()] if found.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def program(place: Path, patch: pytest.MonkeyPatch, name: str, body: str) -> Path:
    path = place / "bin" / name
    note = f"open({str(place / 'pids')!r}, 'a').write(str(os.getpid()) + chr(10))" if "child(True)" not in body else ""
    path.write_text(PROGRAM.format(python=sys.executable, pids=str(place / "pids"), body=body, note=note))
    path.chmod(0o755)
    on_path(place, patch)
    return path


def on_path(place: Path, patch: pytest.MonkeyPatch) -> None:
    """Let nothing else be found on the PATH but what the system needs."""
    patch.setenv("PATH", f"{place / 'bin'}{os.pathsep}{place / 'none'}")


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main(["check", *words, "--format", "json"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.out, said.err
    return code, json.loads(said.out)


def gone(place: Path, *, own: bool = False) -> None:
    """All processes of a program have ended, those aside that have left its session."""
    for _ in range(3000):
        left = [pid for pid in pids(place) if alive(pid)]
        if len(left) == own:
            return
        time.sleep(0.02)
    raise AssertionError(f"{len(left)} are left")


@pytest.mark.parametrize("tool", ["helm", "kustomize", "kubectl"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_tool_that_builds(
    tool: str, fault: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, told = FAULTS[fault]
    program(place, monkeypatch, tool, body)
    put(CHART if tool == "helm" else OVERLAY)
    late = "no end" in told or "tty" in body
    code, result = check(capsys, ".", "--render", "--timeout", "1" if late else "30")
    assert code == 0  # what is found in plain.yaml is a note
    assert [one["location"]["path"] for one in result["findings"] if one["code"] == "RC307"][-1] == "plain.yaml"
    (problem,) = result["coverage"]["problems"]
    lines = {"helm": "helm template shop chart", "kustomize": "kustomize build over"}
    assert f": {lines.get(tool, 'kubectl kustomize over')}: " in problem["message"]
    assert told in problem["message"]
    assert problem["message"].isprintable()
    gone(place, own="child(True)" in body)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_tool_that_reads_a_cluster(
    fault: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, told = FAULTS[fault]
    program(place, monkeypatch, "kubectl", body)
    monkeypatch.setattr("linter.sources.live.kubectl._AFTER", 0.0)
    late = "no end" in told or "tty" in body
    words = ["cluster:prod", "plain.yaml", "--timeout", "1" if late else "30"]
    code, result = check(capsys, *words)
    assert code == 3
    assert "RC307" in [one["code"] for one in result["findings"]]
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "cluster:prod"
    assert problem["message"].isprintable()
    if told.startswith("no end"):
        assert problem["message"] == "no answer within 1 seconds"
    else:
        assert told in problem["message"]
    gone(place, own="child(True)" in body)


UNFIT = {
    "no program": ("", "cannot be run: Exec format error"),
    "its interpreter is gone": ("#!/no/such/program\n", "what runs it (the first line of a script) does not exist"),
}


@pytest.mark.parametrize("tool", ["helm", "kustomize", "kubectl", "oc", "git"])
@pytest.mark.parametrize("fault", [*UNFIT, "not executable", "a folder"])
def test_what_cannot_be_run(
    tool: str, fault: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_path(place, monkeypatch)
    path = place / "bin" / tool
    if fault == "a folder":
        path.mkdir()
    else:
        path.write_bytes(UNFIT.get(fault, ("", ""))[0].encode() or b"\0\1\2")
        path.chmod(0o644 if fault == "not executable" else 0o755)
    put(CHART if tool == "helm" else OVERLAY)
    told = UNFIT[fault][1] if fault in UNFIT else "on the PATH"
    if tool == "git":
        put({".git/HEAD": "ref: refs/heads/main\n"})
        assert main(["check", ".", "--changed-since", "HEAD"]) == 2
        assert told in capsys.readouterr().err
        return
    words = ["cluster:prod", "plain.yaml"] if tool in ("kubectl", "oc") else [".", "--render"]
    code, result = check(capsys, *words)
    (problem,) = result["coverage"]["problems"]
    assert told in problem["message"]
    assert code == (0 if tool in ("helm", "kustomize") and fault in UNFIT else 3)
    assert "RC307" in [one["code"] for one in result["findings"]]


GIT = {
    **{name: FAULTS[name] for name in FAULTS if name not in ("garbage", "an error, and all is well")},
    "garbage": ("os.write(1, bytes(range(256)))", "gave what is no folder"),
    "says nothing": ("sys.exit(0)", "gave what is no folder"),
    "quotes a login": (
        "os.write(2, b\"fatal: unable to access 'https://me:hunter2@git.example.com/x'\"); sys.exit(128)",
        "@git.example.com",
    ),
}


@pytest.mark.parametrize("fault", GIT)
def test_git(
    fault: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, told = GIT[fault]
    program(place, monkeypatch, "git", body)
    monkeypatch.setattr("linter.git.TIMEOUT", 1 if "no end" in told else 30)
    monkeypatch.setattr("linter.git._MOST", MIB)
    put({".git/HEAD": "ref: refs/heads/main\n"})
    assert main(["check", ".", "--changed-since", "HEAD"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("regcred: --changed-since: ")
    assert "Traceback (" not in said
    assert "hunter2" not in said
    assert told in said
    gone(place, own="child(True)" in body)


OBJECTS = {
    "hangs": ("time.sleep(600)", "no answer within 4 seconds"),
    "killed": ("os.kill(os.getpid(), 9)", "ended early: killed by signal 9 (SIGKILL)"),
    "closes its pipes": ("os.close(1); os.close(2); time.sleep(600)", "ended early: it printed what is no answer"),
    "half a line": ("os.write(1, b'0' * 9); time.sleep(600)", "no answer within 4 seconds"),
    "no line": ("flood(1)", "ended early"),
    "complains for ever": ("flood(2)", "no answer within 4 seconds"),
    "half an object": ("os.write(1, b'0 tree 99\\n'); sys.exit(0)", "ended early: it ended with code 0"),
    "no tree": ("os.write(1, b'0 tree 5\\nabcde\\n'); time.sleep(600)", "gave what is no tree"),
    "an endless tree": ("os.write(1, b'0 tree 99999999999\\n'); flood(1)", "a folder is larger than"),
}


@pytest.mark.parametrize("fault", OBJECTS)
def test_the_objects_of_git(
    fault: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, told = OBJECTS[fault]
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")):
        subprocess.run(["git", *words], check=True)
    Path("plain.yaml").write_text(PLAIN + "- name: more\n")
    real = shutil.which("git")
    program(place, monkeypatch, "git", f"if '--batch' in sys.argv: {body}\nelse: os.execv({real!r}, sys.argv)")
    monkeypatch.setattr("linter.git.TIMEOUT", 4 if "within" in told else 30)
    assert main(["check", ".", "--changed-since", "HEAD"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("regcred: --changed-since: ")
    assert told in said
    gone(place)


@pytest.mark.parametrize("words", [["cluster:prod"], [".", "--render"], [".", "--changed-since", "HEAD"]])
def test_an_interrupt_ends_what_is_waited_for(
    words: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(OVERLAY | {".git/HEAD": "ref: refs/heads/main\n"})
    # The first answers of a cluster come, so that what hangs is asked for by several threads.
    answer = "print('{\"resources\": [{\"name\": \"pods\", \"namespaced\": true, \"verbs\": [\"list\"]}]}')"
    body = f"if sys.argv[-3:-2] in (['/apis'], ['/api/v1']): {answer}; sys.exit(0)\nchild(); time.sleep(600)"
    for tool in ("kubectl", "kustomize", "git"):
        program(place, monkeypatch, tool, body)
    call = subprocess.Popen([sys.executable, "-m", "linter", "check", *words], cwd=place / "tree", env={
        **os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while not pids(place):
            assert call.poll() is None, call.communicate()
            time.sleep(0.02)
        call.send_signal(signal.SIGINT)
        out, error = call.communicate(timeout=60)
    finally:
        call.kill()
    assert call.returncode == 130
    assert b"Traceback" not in out + error
    gone(place)
