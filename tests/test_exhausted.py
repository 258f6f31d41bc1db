"""Memory that runs out: the input and the phase are named, the rest is judged, and there is never a traceback."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linter import taking
from linter.__main__ import main
from linter.cli import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE
from linter.engine import judging
from linter.sources import Artifact

ROOT = Path(__file__).parent.parent
_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's limit is known to work there")
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
_GROUPED = """\
import sys
from linter import memory
place = sys.argv[1]
memory._GROUPS = f"{place}/groups"
memory._NEWER = (place, "memory.max")
memory._OLDER = (f"{place}/memory", "memory.limit_in_bytes")
from linter.__main__ import main
sys.exit(main(sys.argv[2:]))
"""
_CONTAINED = """\
import sys
from linter import memory
memory._STATED = (sys.argv[1],)
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


def test_nothing_is_repaired_where_memory_does_not_suffice_to_judge_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a.yaml"
    payload = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNzCg=="}}}'
    place.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\n"
        f"type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{payload}'\n",
        encoding="utf-8",
    )
    before = place.read_bytes()
    asked: list[str] = []

    def fails(loaded: Any, *_: Any) -> bool:
        asked.append(loaded.rule.code)
        return asked.count("RC103") > 1

    monkeypatch.setattr(judging, "_asked", _failing(judging._asked, fails))
    words = ["check", str(place), "--fix", "--unsafe-fixes", "--select", "RC103,RC107", "--fail-on", "never"]
    assert main(words) == EXIT_USAGE
    told = capsys.readouterr().err
    assert told.startswith("regcred: memory ran out while what the fixes leave was judged, so nothing was changed: ")
    assert place.read_bytes() == before


def test_nothing_is_repaired_where_memory_does_not_suffice_to_read_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNzCg=="}}}'
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(
            f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: shop}}\n"
            f"type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{payload}'\n",
            encoding="utf-8",
        )
    before = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    read: list[str] = []

    def fails(path: str, *_: Any) -> bool:
        read.append(path)
        return path.endswith("b.yaml") and read.count(path) > 1

    monkeypatch.setattr("linter.taking.read", _failing(taking.read, fails))
    words = ["check", str(tmp_path), "--fix", "--unsafe-fixes", "--select", "RC107", "--fail-on", "never"]
    assert main(words) == EXIT_USAGE
    assert "so nothing was changed: " in capsys.readouterr().err
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == before


def test_where_nothing_can_be_told_of_a_call_the_phase_and_the_remedy_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(_BROKEN, encoding="utf-8")
    monkeypatch.setattr("linter.engine.finish.located", _failing(lambda *_: [], lambda *_: True))
    assert main(["check", str(tmp_path)]) == EXIT_USAGE
    told = capsys.readouterr().err
    assert told.startswith("regcred: memory ran out while what was found was put together and written: ")
    assert "Traceback" not in told


@pytest.fixture
def tight(tmp_path: Path) -> Path:
    """A folder with a file that 300 MiB do not suffice for, and one that has a finding."""
    folder = tmp_path / "tight"
    folder.mkdir()
    (folder / "b.yaml").write_text(_BROKEN, encoding="utf-8")
    with (folder / "a.yaml").open("wb") as large:
        large.write(b"apiVersion: v1\nkind: Secret\n#")
        large.truncate(200 * 2**20)
    return folder


def _python(*words: str, directory: Path) -> subprocess.CompletedProcess[str]:
    place = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words], cwd=directory, env=place, capture_output=True, text=True, check=False
    )


def _runs_out_for_a_alone(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert "Traceback" not in done.stderr
    assert done.returncode == EXIT_UNREADABLE, done.stderr
    run = json.loads(done.stdout)
    assert [problem["path"] for problem in run["coverage"]["problems"]] == [str(folder / "a.yaml")]
    assert "memory ran out" in run["coverage"]["problems"][0]["message"]
    assert "RC102" in {finding["code"] for finding in run["findings"]}


@_LINUX
def test_a_process_that_may_have_no_more_memory_says_so(tight: Path, tmp_path: Path) -> None:
    words = ("-c", _LIMITED, str(300 * 2**20), "check", "--format", "json", str(tight))
    _runs_out_for_a_alone(_python(*words, directory=tmp_path), tight)


@_LINUX
def test_the_settings_bound_what_a_process_takes(tight: Path, tmp_path: Path) -> None:
    (tmp_path / ".regcred.yaml").write_text("limits: {memory: 300 MiB}\n", encoding="utf-8")
    _runs_out_for_a_alone(_python("-m", "linter", "check", "--format", "json", str(tight), directory=tmp_path), tight)


@_LINUX
def test_the_settings_bound_a_collection_too(tight: Path, tmp_path: Path) -> None:
    (tmp_path / ".regcred.yaml").write_text("limits: {memory: 150 MiB}\n", encoding="utf-8")
    done = _python("-m", "linter", "collect", "--redact", str(tight), "-o", "c.tar.gz", directory=tmp_path)
    assert done.returncode != EXIT_CLEAN
    assert "memory ran out" in done.stderr


@_LINUX
def test_what_a_container_may_take_bounds_what_its_processes_do(tight: Path, tmp_path: Path) -> None:
    stated = tmp_path / "memory.max"
    stated.write_text(f"{330 * 2**20}\n", encoding="ascii")
    words = ("-c", _CONTAINED, str(stated), "check", "--format", "json", str(tight))
    _runs_out_for_a_alone(_python(*words, directory=tmp_path), tight)
    stated.write_text("max\n", encoding="ascii")
    assert _python(*words, directory=tmp_path).returncode == EXIT_FINDINGS


@_LINUX
@pytest.mark.parametrize(
    ("groups", "file"),
    [
        ("0::/kube/pod/shop\n", "kube/pod/memory.max"),
        ("3:cpu:/a\n4:memory,hugetlb:/docker/1\n0::/\n", "memory/docker/1/memory.limit_in_bytes"),
    ],
)
def test_so_do_the_groups_of_a_service_and_those_around_them(
    tight: Path, tmp_path: Path, groups: str, file: str
) -> None:
    stated = tmp_path / file
    stated.parent.mkdir(parents=True)
    stated.write_text(f"{330 * 2**20}\n", encoding="ascii")
    (tmp_path / "groups").write_text(groups, encoding="ascii")
    words = ("-c", _GROUPED, str(tmp_path), "check", "--format", "json", str(tight))
    _runs_out_for_a_alone(_python(*words, directory=tmp_path), tight)
    stated.unlink()
    assert _python(*words, directory=tmp_path).returncode == EXIT_FINDINGS


@_LINUX
def test_a_smaller_bound_of_the_user_stays(tight: Path, tmp_path: Path) -> None:
    soft = _LIMITED.replace("RLIMIT_AS, (int(sys.argv[1]),) * 2", "RLIMIT_DATA, (int(sys.argv[1]), -1)")
    words = ("-c", soft, str(300 * 2**20), "check", "--format", "json", str(tight))
    _runs_out_for_a_alone(_python(*words, directory=tmp_path), tight)


@_LINUX
def test_programs_that_are_run_are_not_bound_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    helm = tmp_path / "bin" / "helm"
    helm.parent.mkdir()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    free = "unlimited" if hard == resource.RLIM_INFINITY else str(hard // 1024)
    # It is let go as soon as it has begun, which may take a while where much else is done.
    wait = f'for at in $(seq 1200); do test "$(ulimit -d)" = {free} && break; sleep 0.05; done'
    helm.write_text(f"#!/bin/sh\n{wait}\nulimit -d >>{told}\n", encoding="utf-8")
    helm.chmod(0o755)
    monkeypatch.setenv("PATH", str(helm.parent), prepend=os.pathsep)
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n", encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / ".regcred.yaml").write_text("limits: {memory: 300 MiB}\n", encoding="utf-8")
    _python("-m", "linter", "check", "--render", str(tmp_path), directory=tmp_path)
    assert {*told.read_text(encoding="ascii").split()} == {free}


@_LINUX
def test_a_call_leaves_no_bound_behind(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(_BROKEN, encoding="utf-8")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    main(["check", str(tmp_path)])
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
