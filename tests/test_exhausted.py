"""Memory that runs out: the input and the phase are named, the rest is judged, and there is never a traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from linter.cli import EXIT_UNREADABLE, EXIT_USAGE
from linter.engine import judging
from linter.sources import Artifact

_BROKEN = """\
apiVersion: v1
kind: Secret
metadata:
  name: regcred
  namespace: shop
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: "{'auths': {}}"
"""
_LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
from linter.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


def _check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["check", "--format", "json", *arguments])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, json.loads(told.out)


def _failing(whole: Callable[..., Any], fails: Callable[..., bool]) -> Callable[..., Any]:
    """Return the function, out of memory where `fails` says so."""

    def failing(*arguments: Any, **more: Any) -> Any:
        if fails(*arguments):
            raise MemoryError
        return whole(*arguments, **more)

    return failing


def test_a_file_for_which_memory_does_not_suffice_is_named_and_the_others_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(_BROKEN.replace("regcred", name[0]), encoding="utf-8")
    monkeypatch.setattr(Artifact, "read", _failing(Artifact.read, lambda one: one.path.endswith("a.yaml")))
    code, run = _check(capsys, str(tmp_path))
    assert code == EXIT_UNREADABLE
    (problem,) = run["coverage"]["problems"]
    assert problem["path"] == str(tmp_path / "a.yaml")
    assert problem["message"] == "memory ran out while it was read"
    assert "--jobs" in problem["remedy"]
    assert [finding["object"]["name"] for finding in run["findings"] if finding["code"] == "RC102"] == ["b"]


def test_a_cluster_for_which_memory_does_not_suffice_is_named_with_the_rule_and_the_others_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "regcred", "namespace": "shop", "uid": "1", "resourceVersion": "1"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": "bm8="},
    }
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [secret]}), encoding="utf-8")

    def fails(loaded: Any, inventory: Any, *_: Any) -> bool:
        return loaded.rule.code == "RC103" and "one" in inventory.name

    monkeypatch.setattr(judging, "_asked", _failing(judging._asked, fails))
    code, run = _check(capsys, *map(str, paths))
    assert code == EXIT_UNREADABLE
    (problem,) = run["coverage"]["problems"]
    assert problem["path"] == str(paths[0])
    assert problem["message"] == "memory ran out while rule RC103 double-encoded judged it"
    assert {finding["location"]["path"] for finding in run["findings"]} == {str(paths[1])}
    assert [bool(scan["evaluated"]) for scan in run["scans"]] == [False, True]


def test_where_nothing_can_be_told_of_a_call_the_phase_and_the_remedy_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(_BROKEN, encoding="utf-8")
    monkeypatch.setattr("linter.engine.finish.located", _failing(lambda *_: [], lambda *_: True))
    assert main(["check", str(tmp_path)]) == EXIT_USAGE
    told = capsys.readouterr().err
    assert told.startswith("regcred: memory ran out while what was found was put together and written: ")
    assert "Traceback" not in told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a limit of the address space is known to work there")
def test_a_process_that_may_have_no_more_memory_says_so(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(_BROKEN, encoding="utf-8")
    with (tmp_path / "a.yaml").open("wb") as large:
        large.write(b"apiVersion: v1\nkind: Secret\n#")
        large.truncate(200 * 2**20)
    limit = str(300 * 2**20)
    command = [sys.executable, "-c", _LIMITED, limit, "check", "--format", "json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == EXIT_UNREADABLE, done.stderr
    run = json.loads(done.stdout)
    assert [problem["path"] for problem in run["coverage"]["problems"]] == [str(tmp_path / "a.yaml")]
    assert "memory ran out" in run["coverage"]["problems"][0]["message"]
    assert "RC102" in {finding["code"] for finding in run["findings"]}
