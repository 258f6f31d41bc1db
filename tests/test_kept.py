"""What is kept of the objects of a dump: equal parts once, nothing that nobody reads, and every answer the same."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.__main__ import main
from linter.engine import Request, run
from linter.inventory.kept import Keeper
from linter.mentions import _named
from linter.model import Finding
from linter.settings import DeclaredRule, Settings
from linter.sources import Limits
from linter.taking import take

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_CONFIG = "eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19"


def _metadata(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "7", **more}


def _pod(name: str) -> dict[str, Any]:
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "unauthorized: authentication required"}}
    statuses = [{"name": "app", "image": "quay.io/shop/app:1", "state": waiting, "imageID": "sha256:0"}]
    container = {"name": "app", "image": "quay.io/shop/app:1", "env": [{"name": "MODE", "value": "strict"}] * 3}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(name),
        "spec": {"containers": [container], "serviceAccountName": "default"},
        "status": {"containerStatuses": statuses, "hostIP": "10.0.0.1"},
    }


def _secret() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata("regcred"),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": _CONFIG},
    }


def _deployment(applied: str) -> dict[str, Any]:
    pod = _pod("")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("web", annotations={_LAST_APPLIED: applied}),
        "spec": {"template": {"spec": pod["spec"]}},
        "status": {"replicas": 1},
    }


def _write(path: Path, *items: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    return path


def _findings(path: Path, settings: Settings = Settings()) -> tuple[Finding, ...]:  # noqa: B008 - a frozen record
    return run(Request((str(path),), settings=settings)).run.findings


def _kept(*bodies: dict[str, Any]) -> tuple[Keeper, list[dict[str, Any]]]:
    """Return what has kept objects, and their bodies as they come back."""
    keeper = Keeper()
    found = []
    for number, body in enumerate(bodies):
        taken = take(f"{number}.json", json.dumps(body).encode(), keeper, Limits())
        found += [item for _, items in taken.documents for item in items]
    return keeper, [item.body for item in found]


def test_equal_parts_of_objects_are_held_once() -> None:
    keeper, (one, two) = _kept(_pod("one"), _pod("two"))
    assert len(keeper.bodies.parts) == 2  # a spec and a status
    assert one["spec"] == two["spec"] == _pod("")["spec"]
    assert one["metadata"]["name"] == "one"
    assert two["metadata"]["name"] == "two"


def test_the_second_copy_of_an_object_adds_no_part_and_stays_what_it_was() -> None:
    changed = _pod("one")
    changed["metadata"]["resourceVersion"] = "8"
    keeper, bodies = _kept(_pod("one"), _pod("one"), changed, _pod("two"))
    first, second, other, two = bodies
    assert len(keeper.bodies.parts) == 2
    assert first == second
    assert other["metadata"]["resourceVersion"] == "8"
    assert first["metadata"]["resourceVersion"] == "7"
    assert two["metadata"]["name"] == "two"


def test_bodies_that_were_packed_come_back_as_they_were() -> None:
    odd = {"big": 2**80, "float": 1e300, "none": None, "text": "\ud800 \u0000", "list": [[], {}, [1, 1.0, True]]}
    specs = [{"containers": [{"name": f"app-{at}", "args": ["x" * 997, str(at)]}], **odd} for at in range(300)]
    _, bodies = _kept(*({**_pod(f"pod-{at}"), "spec": spec} for at, spec in enumerate(specs)))
    for _ in range(2):
        for at, body in enumerate(bodies):
            assert body["spec"] == specs[at]
            assert list(map(type, body["spec"]["list"][2])) == [int, float, bool]
            assert body["metadata"]["name"] == f"pod-{at}"


def test_of_a_secret_that_is_no_pull_secret_only_the_keys_are_held(tmp_path: Path) -> None:
    release = {**_secret(), "type": "helm.sh/release.v1", "data": {"release": "QUJD" * 999}}
    path = _write(tmp_path / "dump.json", release, {**_secret(), "metadata": _metadata("other")})
    (inventory,) = run(Request((str(path),))).inventories
    one, other = inventory.objects
    assert one.body == {**release, "data": {"release": ""}}
    assert other.body["data"] == {".dockerconfigjson": _CONFIG}


def test_equal_numbers_of_other_types_and_other_orders_stay_apart(tmp_path: Path) -> None:
    pods = []
    for number, value in enumerate((1, 1.0, True)):
        pod = copy.deepcopy(_pod(f"pod-{number}"))
        pod["spec"]["priority"] = value
        pods.append(pod)
    turned = _pod("turned")
    turned["spec"] = dict(reversed(pods[0]["spec"].items()))
    made = run(Request((str(_write(tmp_path / "pods.json", *pods, turned)),)))
    bodies = [item.body for item in made.inventories[0].objects]
    assert [type(body["spec"]["priority"]) for body in bodies] == [int, float, bool, int]
    assert list(bodies[3]["spec"]) == list(reversed(bodies[0]["spec"]))


def test_what_nobody_reads_is_not_held_and_what_proves_a_failed_pull_is(tmp_path: Path) -> None:
    path = _write(tmp_path / "dump.json", _pod("one"), _deployment("{}"))
    made = run(Request((str(path),)))
    pod, deployment = (item.body for item in made.inventories[0].objects)
    assert "hostIP" not in pod["status"]
    assert "status" not in deployment
    assert "RC502" in {finding.code for finding in made.run.findings}


def test_a_name_in_what_was_applied_last_is_still_a_mention(tmp_path: Path) -> None:
    kept = {"spec": _deployment("")["spec"]}
    for note, where in (("regcred", True), ("another", False)):
        path = _write(tmp_path / "dump.json", _secret(), _deployment(json.dumps({"note": note, **kept})))
        (inventory,) = run(Request((str(path),))).inventories
        deployment = inventory.objects[1]
        assert not deployment.body["metadata"]["annotations"]
        # What still stands in the object is not kept a second time.
        assert note in deployment.left_out.split()
        assert "quay.io" not in deployment.left_out
        assert inventory.mentions(inventory.secrets[0]) == (str(path) if where else "")


@pytest.mark.parametrize("near", [True, False])
def test_parts_of_objects_that_were_read_one_by_one_and_are_judged_together_stay_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, near: bool
) -> None:
    if not near:
        monkeypatch.setattr("linter.inventory.kept._NEAR", 0)
    files = []
    for place in ("shop", "farm"):
        named: dict[str, Any] = {"name": f"{place}-pull", "namespace": place}
        more = {"sshAuthorizedKey": f"ssh-ed25519 {place}", "additionalTrustBundle": "x" * 60}
        edge = {"kind": "InfraEnv", "metadata": named, "spec": {"pullSecretRef": {"name": f"{place}-pull"}, **more}}
        items = [{"apiVersion": "agent-install.openshift.io/v1beta1", **edge}, {**_secret(), "metadata": named}]
        files.append(tmp_path / f"{place}.json")
        files[-1].write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    main(["check", *map(str, files), "--select", "RC3", "--format", "json"])
    assert not json.loads(capsys.readouterr().out)["findings"]


def test_a_rule_of_the_project_sees_the_whole_object(tmp_path: Path) -> None:
    schema = {"properties": {"status": {"not": {"required": ["hostIP"]}}}}
    rule = DeclaredRule(name="no-host-ip", message="A host.", about="object", schema=json.dumps(schema), kinds=("Pod",))
    path = _write(tmp_path / "pods.json", _pod("one"))
    assert "no-host-ip" in {finding.name for finding in _findings(path, Settings(custom=(rule,)))}


WORDS = st.sampled_from(
    ["regcred", "another", "quay.io", "a-b", "ab", "3", "true", "Web", "x/regcred:1", "é", "a\nb", '"', ""]
)
APPLIED = st.recursive(
    st.one_of(WORDS, st.integers(-3, 9), st.booleans(), st.none(), st.just(1.5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["spec", "note", "metadata", "status"]), APPLIED), APPLIED, st.booleans())
def test_what_was_applied_last_is_found_as_if_it_were_kept(applied: Any, other: Any, same: bool) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata("web", annotations={}), "spec": other}
    if same:
        body |= {key: applied[key] for key in applied if key in ("spec", "note")}
    names = {"regcred", "another", "quay.io", "a-b", "ab", "3", "true", "nb"}
    text = json.dumps(applied)
    whole = copy.deepcopy(body)
    whole["metadata"]["annotations"][_LAST_APPLIED] = text
    found = []
    for keeper in (Keeper(), None):
        taken = take("web.json", json.dumps(whole).encode(), keeper, Limits())
        found.append([_named(item, names) for _, items in taken.documents for item in items])
    assert found[0] == found[1]
