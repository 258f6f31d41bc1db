"""The same cluster in every layout that can carry it gives the same findings, as a folder and as an archive."""

import bz2
import gzip
import io
import json
import lzma
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
import zstandard

from linter import engine
from linter.model import Finding, Location, ObjectRef, Scope, Severity
from linter.settings import Settings
from linter.sources import archive, unpack

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster
from judged import judge, put
from writers import LAYOUTS, Files, without

NEEDS: Mapping[str, set[str]] = {
    "RC106": {"undecodable"},
    "RC111": {"every Secret"},
    "RC202": {"content"},
    "RC301": {"Secret", "ServiceAccount"},
    "RC302": {"Secret", "ServiceAccount"},
    "RC303": {"every Secret"},
    "RC304": {"every Secret"},
    "RC307": set(),
    "RC401": {"content", "ImageStream"},
    "RC407": {"content", "ImageStream"},
    "RC502": {"status"},
}
"""What each rule must see, besides the object that it speaks of; in the words of `writers.Layout.holds`."""
OBJECTS = Cluster(1).objects


class Found(NamedTuple):
    """A finding without the place it was found at."""

    code: str
    kind: str
    namespace: str
    name: str
    key: str


def found(finding: Finding) -> Found:
    item = finding.object
    return Found(finding.code, item.kind, item.namespace, item.name, finding.key)


@lru_cache
def reference() -> frozenset[Found]:
    objects = {"all.json": LAYOUTS["kubectl-json"].write(OBJECTS)["all.json"]}
    stream = io.BytesIO(objects["all.json"])
    return frozenset(map(found, engine.run(engine.Request(("-",), stdin=stream)).run.findings))


def test_the_cluster_has_defects_of_every_rule_that_the_table_names() -> None:
    assert {one.code for one in reference()} == NEEDS.keys()
    assert {one.namespace for one in reference()} == {"shop", "team", "empty"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_findings_that_it_can_carry(tmp_path: Path, name: str) -> None:
    layout = LAYOUTS[name]
    result = judge(put(tmp_path, layout.write(OBJECTS)))
    (scan,) = result.run.scans
    assert (scan.scope, scan.recognised.partition(":")[0]) == (Scope.CLUSTER, layout.name)
    assert scan.proves
    assert not result.run.problems
    expected = {one for one in reference() if {one.kind, *NEEDS[one.code]} <= layout.holds}
    assert sorted(map(found, result.run.findings)) == sorted(expected)
    withheld = {rule for entry in result.run.not_evaluated for rule in entry.rules}
    if "every Secret" not in layout.holds:
        assert "missing-pull-secret" in withheld
    redacted = [entry for entry in result.run.not_evaluated if entry.reason == "redacted"]
    assert bool(redacted) == (("Secret" in layout.holds and "content" not in layout.holds) or name == "insights")
    assert all(finding.location.line for finding in result.run.findings)


def tar(files: Files) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def zipped(files: Files) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


FORMS: Mapping[str, Callable[[Files], bytes]] = {
    "tar": tar,
    "tar.gz": lambda files: gzip.compress(tar(files), 1),
    "tar.xz": lambda files: lzma.compress(tar(files), preset=0),
    "tar.bz2": lambda files: bz2.compress(tar(files), 1),
    "tar.zst": lambda files: zstandard.compress(tar(files)),
    "zip": zipped,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_archive_gives_the_findings_of_its_folder(tmp_path: Path, name: str) -> None:
    files = LAYOUTS[name].write(OBJECTS)
    folder = judge(put(tmp_path / "dump", files))
    told = [(one.fingerprint, one.message, one.location.line, one.location.column) for one in folder.run.findings]
    assert told
    for form, pack in FORMS.items():
        path = tmp_path / f"dump.{form}"
        path.write_bytes(pack(files))
        packed = judge(path)
        again = [(one.fingerprint, one.message, one.location.line, one.location.column) for one in packed.run.findings]
        assert sorted(again) == sorted(told), form
        assert packed.run.scans[0].recognised == folder.run.scans[0].recognised
        assert packed.run.scans[0].objects == folder.run.scans[0].objects
        for one in packed.run.findings:
            assert one.location.path.startswith(f"{path}!/")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_dump_deep_in_an_archive_with_others_inside_is_known_and_those_are_named(tmp_path: Path, name: str) -> None:
    files = LAYOUTS[name].write(OBJECTS)
    deep = {f"customer/case 123/{path}": data for path, data in files.items()}
    inner = {"customer/older.tar.gz": gzip.compress(tar(files), 1), "customer/again.zip": zipped(files)}
    path = tmp_path / "upload.tar.xz"
    path.write_bytes(lzma.compress(tar({**deep, **inner}), preset=0))
    result = judge(path)
    (scan,) = result.run.scans
    assert (scan.scope, scan.recognised.partition(":")[0]) == (Scope.CLUSTER, LAYOUTS[name].name)
    folder = judge(put(tmp_path / "dump", files))
    assert sorted(map(found, result.run.findings)) == sorted(map(found, folder.run.findings))
    (problem,) = result.run.problems
    assert problem.message.startswith("2 members not read (an archive inside the archive): ")
    assert problem.message.endswith("customer/older.tar.gz, ./customer/again.zip")
    assert problem.remedy == "unpack it and name it itself"


WRITTEN: list[str] = []
"""Files that were opened to be written while `_watching` held."""
_watched = [False]


def _watch(event: str, words: tuple[Any, ...]) -> None:
    if not _watched[0] or event != "open" or not isinstance(words[2], int):
        return
    if words[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        WRITTEN.append(str(words[0]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("piped", [False, True], ids=["named", "piped"])
def test_no_archive_is_unpacked_to_disk(tmp_path: Path, form: str, *, piped: bool) -> None:
    """The interpreter itself tells of every file that is opened to be written, whoever opens it."""
    path = tmp_path / f"dump.{form}"
    path.write_bytes(FORMS[form](LAYOUTS["must-gather"].write(OBJECTS)))
    WRITTEN.clear()
    sys.addaudithook(_watch)
    _watched[0] = True
    try:
        (tmp_path / "seen").write_text("it is seen when a file is written")
        if piped:
            with path.open("rb") as stream:
                result = engine.run(engine.Request(("-",), stdin=stream))
        else:
            result = judge(path)
    finally:
        _watched[0] = False
    assert result.run.findings
    assert {name for name in WRITTEN if "__pycache__" not in name} == {str(tmp_path / "seen")}


def test_a_cluster_of_another_seed_gives_the_same_findings() -> None:
    data = LAYOUTS["kubectl-yaml"].write(Cluster(2).objects)["all.yaml"]
    result = engine.run(engine.Request(("-",), stdin=io.BytesIO(data)))
    assert frozenset(map(found, result.run.findings)) == reference()


@pytest.mark.parametrize("packed", [False, True], ids=["folders", "archive"])
def test_dumps_beside_each_other_are_several_clusters(tmp_path: Path, *, packed: bool) -> None:
    files: Files = {}
    for place, name in (("east", "must-gather"), ("west", "must-gather"), ("old", "velero")):
        written = LAYOUTS[name].write(Cluster(len(place) + len(files)).objects)
        files |= {f"{place}/{path}": data for path, data in written.items()}
    files["east/must-gather.local.55/other-image-sha256-fedcba9876543210/namespaces/more/more.yaml"] = (
        b"apiVersion: v1\nkind: Namespace\nmetadata: {name: more, uid: u, resourceVersion: '1', creationTimestamp: x}\n"
    )
    path = tmp_path / "dumps.tar.gz" if packed else tmp_path / "dumps"
    if packed:
        path.write_bytes(gzip.compress(tar(files)))
    else:
        put(path, files)
    result = judge(path)
    base = str(tmp_path / "dumps")
    wanted = [f"{base}/east/must-gather.local.55", f"{base}/old", f"{base}/west/must-gather.local.55"]
    assert sorted(scan.name for scan in result.run.scans) == wanted
    assert {finding.cluster for finding in result.run.findings} == set(wanted)
    objects = {scan.name: scan.objects for scan in result.run.scans}
    assert objects[wanted[0]]["Namespace"] == objects[wanted[2]]["Namespace"] + 1
    single = judge(put(tmp_path / "one", LAYOUTS["velero"].write(Cluster(1).objects)))
    assert sorted(found(one) for one in result.run.findings if one.cluster == wanted[1]) == sorted(
        map(found, single.run.findings)
    )


def test_several_arguments_are_several_clusters_named_alike_as_folder_and_archive(tmp_path: Path) -> None:
    files = LAYOUTS["velero"].write(OBJECTS)
    one, two = put(tmp_path / "one", files), tmp_path / "two.tar"
    two.write_bytes(tar(files))
    result = judge(one, two)
    assert [scan.name for scan in result.run.scans] == [str(one), str(tmp_path / "two")]
    assert [scan.inputs for scan in result.run.scans] == [(str(one),), (str(two),)]
    folder = judge(one, put(tmp_path / "two", files))
    assert sorted(f.fingerprint for f in folder.run.findings) == sorted(f.fingerprint for f in result.run.findings)


def test_a_dump_in_a_repository_does_not_make_it_a_cluster(tmp_path: Path) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}}
    files: Files = {f"deploy/{number}.yaml": yaml.safe_dump(deployment).encode() for number in range(90)}
    for place in ("testdata/a", "testdata/b"):
        files |= {f"{place}/{path}": data for path, data in LAYOUTS["must-gather"].write(OBJECTS).items()}
    (scan,) = judge(put(tmp_path, files)).run.scans
    assert scan.scope is Scope.MANIFESTS


def test_a_file_for_each_kind_is_one_cluster(tmp_path: Path) -> None:
    """`kubectl get KIND -A -o yaml > KIND.yaml` for several kinds, into one folder."""
    files: Files = {}
    for kind, name in (("Pod", "pods"), ("Secret", "secrets"), ("ServiceAccount", "serviceaccount")):
        items = [item for item in OBJECTS if item["kind"] == kind]
        files[f"backup/{name}.yaml"] = yaml.safe_dump(
            {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
        ).encode()
    result = judge(put(tmp_path, files))
    (scan,) = result.run.scans
    assert (scan.scope, scan.recognised.partition(":")[0]) == (Scope.CLUSTER, "kubectl-get")
    codes = {(one.code, one.object.name) for one in result.run.findings}
    assert {("RC106", "broken"), ("RC304", "front-5d4f9-x2x7p"), ("RC301", "forgotten")} <= codes


def test_a_list_of_one_namespace_proves_nothing_of_others(tmp_path: Path) -> None:
    items = [item for item in OBJECTS if item["kind"] == "Secret" and item["metadata"]["namespace"] == "shop"]
    pods = [item for item in OBJECTS if item["kind"] == "Pod"]
    files = {"s.json": json.dumps({"kind": "List", "apiVersion": "v1", "items": items}).encode()}
    files["p.json"] = json.dumps({"kind": "List", "apiVersion": "v1", "items": pods}).encode()
    codes = {(one.code, one.object.namespace) for one in judge(put(tmp_path, files)).run.findings}
    assert ("RC303", "shop") in codes
    assert not {code for code, namespace in codes if namespace == "empty"}


def test_go_fields_are_found_where_they_stand(tmp_path: Path) -> None:
    result = judge(put(tmp_path, LAYOUTS["cluster-info-go"].write(OBJECTS)))
    finding = next(one for one in result.run.findings if one.code == "RC307")
    data = (tmp_path / "shop/deployments.json").read_bytes()
    line = data.splitlines()[finding.location.line - 1].decode()
    assert '"Name": "shop-pul"' in line


def test_a_log_that_was_cut_off_hides_nothing_before_it(tmp_path: Path) -> None:
    (data,) = LAYOUTS["cluster-info-stdout"].write(OBJECTS).values()
    cut = data[: data.rindex(b"==== END logs")]
    result = judge(put(tmp_path, {"dump.json": cut}))
    assert {one.code for one in result.run.findings} == {"RC307", "RC502"}
    assert not result.run.problems


def test_a_cut_off_archive_is_judged_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "dump.tar.gz"
    whole = gzip.compress(tar(LAYOUTS["velero"].write(OBJECTS)))
    path.write_bytes(whole[: len(whole) * 7 // 10])
    result = judge(path)
    assert result.run.findings
    (problem,) = result.run.problems
    assert problem.fatal
    assert "cut off" in problem.message


def test_an_empty_list_says_that_there_is_none(tmp_path: Path) -> None:
    files = {
        path: data for path, data in LAYOUTS["must-gather"].write(OBJECTS).items() if "empty/core/secrets" not in path
    }
    codes = {(one.code, one.object.namespace) for one in judge(put(tmp_path, files)).run.findings}
    assert ("RC304", "empty") not in codes, "without the list nothing is known of that namespace"


def test_a_single_account_of_a_must_gather_proves_nothing(tmp_path: Path) -> None:
    files = LAYOUTS["must-gather"].write([without(item, "none") for item in OBJECTS])
    assert any("serviceaccounts/default.yaml" in path for path in files)
    codes = {one.code for one in judge(put(tmp_path, files)).run.findings}
    assert not codes & {"RC301", "RC308"}


def test_the_users_word_fills_no_gap_of_a_layout(tmp_path: Path) -> None:
    """Without identities a must-gather is not recognised, yet it lies as one, so accounts are missing by design."""
    plain = [
        {**item, "metadata": without(item["metadata"], "uid", "resourceVersion", "creationTimestamp")}
        for item in OBJECTS
    ]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator", "namespace": "shop"}}
    files = LAYOUTS["must-gather"].write(plain)
    root = next(iter(files)).rpartition("/")[0]
    files[f"{root}/namespaces/shop/core/serviceaccounts/operator.yaml"] = yaml.safe_dump(account).encode()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}
    pod["spec"] = {"serviceAccountName": "runner", "containers": [{"name": "a", "image": "quay.io/a/b:1"}]}
    files[f"{root}/namespaces/shop/pods/a/a.yaml"] = yaml.safe_dump(pod).encode()
    result = judge(put(tmp_path / "dump", files), scope="cluster")
    assert "RC308" not in {one.code for one in result.run.findings}
    assert "missing-service-account" in {rule for entry in result.run.not_evaluated for rule in entry.rules}
    loose = {f"{number}.yaml": yaml.safe_dump(one).encode() for number, one in enumerate((account, pod))}
    assert "RC308" in {one.code for one in judge(put(tmp_path / "loose", loose), scope="cluster").run.findings}


def test_positions_in_an_archive_cost_one_more_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    class Counted(unpack.Unpacked):
        def open(self, offset: int = 0) -> unpack.Stream:
            opened.append(offset)
            return super().open(offset)

    monkeypatch.setattr(archive, "Unpacked", Counted)
    path = tmp_path / "dump.tar.xz"
    path.write_bytes(FORMS["tar.xz"](LAYOUTS["velero"].write(OBJECTS)))
    result = judge(path, settings=Settings(exclude=("v1-preferredversion",)))
    assert len({one.location.path for one in result.run.findings}) > 8
    # To see that it is a tar, to read it, for the names that nothing is known to use, and for the positions.
    assert len(opened) <= 4


def test_archives_in_a_folder_have_to_be_named(tmp_path: Path) -> None:
    put(tmp_path, {"east.tar.gz": gzip.compress(tar(LAYOUTS["velero"].write(OBJECTS)))})
    (problem,) = judge(tmp_path).run.problems
    assert "named themselves" in problem.remedy
    assert judge(*tmp_path.iterdir()).run.findings


def test_an_object_of_a_cluster_is_the_same_wherever_its_dump_stands() -> None:
    item = ObjectRef("config.openshift.io/v1", "Image", "", "cluster")
    one = Finding("RC407", "n", Severity.WARNING, "m", item, Location("dump/a.yaml"), live=True)
    assert one.fingerprint == one._replace(location=Location("dump.tar.gz!/a.yaml")).fingerprint
    manifest = one._replace(live=False)
    assert manifest.fingerprint != manifest._replace(location=Location("b.yaml")).fingerprint
