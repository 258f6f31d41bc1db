"""What memory grows with, in counted terms: the objects that rules read, little for each; never the text."""

import gc
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.documents.objects import KubeObject
from linter.engine import Request, Result, run
from linter.settings import Settings
from linter.sources import Limits

_PLAIN = Settings()


def _metadata(name: str, space: str = "shop") -> dict[str, Any]:
    return {
        "name": name,
        "namespace": space,
        "uid": f"6f1c9c9e-0000-4000-8000-{zlib.crc32(name.encode()):012d}",
        "resourceVersion": "70000000",
        "creationTimestamp": "2026-10-01T08:00:00Z",
    }


def _pod(number: int, *, own: int = 0) -> dict[str, Any]:
    """A pod of a template that all share, with `own` variables that no other has."""
    values = (f"value {number * 1000 + at} of this pod alone" for at in range(own))
    variables = [{"name": f"OPTION_{at}", "value": value} for at, value in enumerate(values)]
    container = {
        "name": "app",
        "image": "quay.io/shop/app:1",
        "env": variables or [{"name": "MODE", "value": "strict"}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    spec = {"containers": [container] * 2, "serviceAccountName": "default", "nodeName": f"worker-{number % 7}"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(f"pod-{number}"), "spec": spec}


def _config_map(number: int) -> dict[str, Any]:
    text = "timeout=100\nretries=3\n" * 80
    metadata = {**_metadata(f"map-{number}"), "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}] * 9}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a.properties": text + str(number)}}


def _release(number: int) -> dict[str, Any]:
    data = {"release": f"{number:08d}" * 2000}
    kind = "helm.sh/release.v1"
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(f"r-{number}"), "type": kind, "data": data}


def _write(path: Path, items: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")


def _traced(path: Path, settings: Settings = _PLAIN) -> tuple[Result, int, int]:
    """Judge an input; return the result, what is held of it in bytes, and the most that was."""
    gc.collect()
    tracemalloc.start(1)
    try:
        result = run(Request((str(path),), settings=settings))
        gc.collect()
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return result, held, most


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load every module and fill what is remembered of any input before anything is measured."""
    folder = tmp_path_factory.mktemp("warm")
    _write(folder / "pods.json", [_pod(number) for number in range(20)])
    _write(folder / "maps.json", [_config_map(number) for number in range(20)])
    run(Request((str(folder),)))


def test_four_times_the_text_with_the_same_objects_for_rules_takes_no_more_memory(tmp_path: Path) -> None:
    peaks, counts = [], []
    for size in (1, 4):
        folder = tmp_path / str(size)
        _write(folder / "pods.json", [_pod(number) for number in range(100)])
        for file in range(6 * size):
            _write(folder / f"maps-{file}.json", [_config_map(file * 100 + number) for number in range(25)])
        result, _, most = _traced(folder)
        peaks.append(most)
        counts.append(len(result.inventories[0].objects))
    assert counts == [100, 100]
    assert peaks[1] < peaks[0] * 1.1, peaks


def test_a_list_of_yaml_is_never_held_whole(tmp_path: Path) -> None:
    text = "x" * 70 + "\n    "
    filler = f"- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n  data:\n    a: |\n      {text * 400}\n"
    pod = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n  spec:\n    containers: []\n"
    peaks = []
    for count in (300, 900):
        path = tmp_path / f"{count}.yaml"
        path.write_text("apiVersion: v1\nitems:\n" + filler * count + pod + "kind: List\n", encoding="utf-8")
        assert path.stat().st_size > Limits().window_bytes
        result, _, most = _traced(path)
        assert [item.kind for item in result.inventories[0].objects] == ["Pod"]
        peaks.append(most)
    assert peaks[1] < peaks[0] * 1.1, peaks
    assert peaks[1] < 30 * 2**20, peaks


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_was_refused_for_its_size_is_searched_for_mentions_and_never_held(tmp_path: Path, form: str) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "NAME", "namespace": "shop"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": "eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19"},
    }
    secrets = [json.dumps(secret).replace("NAME", name) for name in ("mentioned", "unused")]
    # An account without pull secrets: what no account and no workload lists is unlinked.
    account = json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}})
    peaks = []
    for count in (100, 300):
        data = {f"key-{number}": "x" * 99_000 for number in range(count)}
        data[f"key-{count // 2}"] += " the pull secret mentioned is used"
        # One object, beyond the bound for a file.
        large = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
        if form == "yaml":
            lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
            large = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n{lines}"
        folder = tmp_path / str(count)
        folder.mkdir()
        for number, text in enumerate([*secrets, account]):
            (folder / f"{number}.json").write_text(text, encoding="utf-8")
        (folder / f"large.{form}").write_text(large, encoding="utf-8")
        assert len(large) > Limits().window_bytes
        result, _, most = _traced(folder, Settings(limits={"file": 2**20}))
        assert [Path(problem.path).name for problem in result.run.problems] == [f"large.{form}"]
        assert [one.object.name for one in result.run.findings if one.name == "unlinked-pull-secret"] == ["unused"]
        peaks.append(most)
    assert peaks[1] < peaks[0] * 1.1, peaks
    assert peaks[1] < 30 * 2**20, peaks


@pytest.mark.parametrize(("form", "encoding"), [("json", "utf-8"), ("yaml", "utf-8"), ("yaml", "utf-16")])
def test_logs_between_the_documents_of_a_dump_are_never_held(tmp_path: Path, form: str, encoding: str) -> None:
    name = "container app of pod shop/pod-1 ===="
    pods = {"apiVersion": "v1", "kind": "PodList", "items": [_pod(number) for number in range(50)]}
    document = json.dumps(pods, indent=4) if form == "json" else yaml.safe_dump(pods)
    line = f"2026-10-01T08:00:00Z {'kind: Secret ' * 60}\n"
    peaks = []
    for count in (3, 9):
        logs = f"==== START logs for {name}\n{line * count * 2000}==== END logs for {name}\n"
        between = "\n" if form == "json" else "\n---\n"
        path = tmp_path / f"{count}.txt"
        path.write_text(f"{document}\n{logs}{between}{document}\n{logs}", encoding=encoding)
        assert path.stat().st_size > Limits().window_bytes
        result, _, most = _traced(path)
        assert len(result.inventories[0].objects) == 50
        assert result.run.scans[0].recognised.startswith("cluster-info-dump: container logs")
        peaks.append(most)
    assert peaks[1] < peaks[0] * 1.1, peaks
    assert peaks[1] < 30 * 2**20, peaks


def test_the_values_of_secrets_that_are_no_pull_secrets_take_no_memory(tmp_path: Path) -> None:
    for file in range(8):
        _write(tmp_path / f"secrets-{file}.json", [_release(file * 10 + number) for number in range(10)])
    result, held, _ = _traced(tmp_path)
    assert len(result.inventories[0].objects) == 80
    assert held < 80 * 16_000 / 4, held  # the values alone are of 16 kB


@pytest.mark.parametrize(("own", "most"), [(0, 800), (20, 1_300)])
def test_a_further_pod_takes_little_memory_be_its_spec_like_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: int, most: int
) -> None:
    # What is open, and what is not packed, do not grow with the input.
    monkeypatch.setattr("linter.documents.shelf._OPEN", 1)
    monkeypatch.setattr("linter.documents.shelf.Shelf.__init__.__defaults__", (0,))
    monkeypatch.setattr("linter.inventory.kept._NEAR", 0)
    sizes = []
    for count in (300, 900):
        path = tmp_path / f"{count}.json"
        _write(path, [_pod(number, own=own) for number in range(count)])
        result, held, _ = _traced(path)
        assert len(result.inventories[0].workloads) == count
        sizes.append(held)
    assert (sizes[1] - sizes[0]) / 600 < most, sizes


def test_second_copies_are_not_held_once_the_objects_are_joined(tmp_path: Path) -> None:
    home = tmp_path / "must-gather.local.1" / "namespaces" / "shop"
    pods = [_pod(number) for number in range(30)]
    _write(home / "core" / "pods.yaml", pods)
    for pod in pods:
        name = pod["metadata"]["name"]
        place = home / "pods" / name / f"{name}.yaml"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(pod), encoding="utf-8")
    gc.collect()
    before = {id(one) for one in gc.get_objects() if isinstance(one, KubeObject)}
    result = run(Request((str(tmp_path),)))
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, KubeObject) and id(one) not in before]
    (inventory,) = result.inventories
    assert len(inventory.objects) == len(pods)
    assert len(held) == len(pods)
    assert {one.path for one in inventory.objects} == {str(home / "core" / "pods.yaml")}
