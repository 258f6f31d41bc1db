"""The proof looks only at what a change can touch, and finds what resolving everything anew finds."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from linter import engine
from linter.documents.objects import KubeObject
from linter.errors import FixError
from linter.model import Applicability, Edit, Fix, Op, Route
from linter.proof import Prover
from linter.secret import Sensitive

sys.path.insert(0, str(Path(__file__).parent))

from scans import JSON_TYPE, Words, crowd, encoded, invented, scans
from slow_proof import SlowProver


def test_a_change_among_things_that_are_nearly_alike_is_proved_so_too() -> None:
    """What differs in its namespace, its account or as a pod that was let in alone is not taken for another."""
    items = [one for one in reversed(crowd()) if one["metadata"]["namespace"] != "shop"]
    inventory = _scanned(items, "cluster").inventories[0]
    prover, slow = Prover(inventory), SlowProver(inventory)
    secrets = [one for one in inventory.secrets if one.namespace == "apps"]
    asked = []
    for text in ('{"auths":{"shared.example.com":{}}}', '{"auths":{"quay.io/team":{}}}', "no json"):
        changes = [_changed(one.object, (Op.PAYLOAD, one.route, Sensitive(text))) for one in secrets]
        asked += [*([fix] for fix in changes), changes[:2], changes[1:3], changes]
    for account in inventory.accounts:
        lists, first = ("imagePullSecrets",), account.pull_secrets[0].item
        asked.append([_changed(account.object, (Op.REMOVE, first, None))])
        asked.append([_changed(account.object, (Op.APPEND, lists, {"name": "d"}))])
        if len(account.pull_secrets) == 3:  # the last repeats the first
            asked.append([_changed(account.object, (Op.REMOVE, first, None), (Op.REMOVE, (*lists, 2), None))])
            asked.append([_changed(account.object, (Op.REMOVE, (*lists, 2), None))])
            asked.append([_changed(account.object, (Op.SET, (*lists, 2, "name"), "d"))])
    for fixes in asked:
        assert prover.together(fixes) == slow.together(fixes)


def _changed(item: KubeObject, *steps: tuple[Op, Route, Any]) -> Fix:
    edits = [Edit(op, item.path, item.document, (*item.route, *route), value) for op, route, value in steps]
    return Fix(Applicability.SAFE, "a change", tuple(edits))


SPACE = {"namespace": "apps"}


def _scanned(items: list[dict[str, Any]], scope: str) -> engine.Result:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "scan.json"
        place.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        return engine.run(engine.Request((str(place),), scope=scope))


def _proof(prover: Any, fixes: Any) -> Any:
    try:
        return prover.together(fixes)
    except FixError as refused:
        return str(refused)


@settings(max_examples=100, deadline=None)
@given(scans(), st.sampled_from(["cluster", "manifests"]), st.data())
def test_a_change_is_proved_as_by_resolving_everything_again(
    scan: tuple[Words, list[dict[str, Any]]], scope: str, data: st.DataObject
) -> None:
    words, items = scan
    result = _scanned(items, scope)
    for inventory in result.inventories:
        prover, slow = Prover(inventory), SlowProver(inventory)
        fixes = [finding.fix for finding in result.run.findings if finding.fix and finding.fix.edits]
        fixes += [data.draw(invented(words, inventory)) for _ in range(6) if inventory.objects]
        asked = [[fix] for fix in fixes] + [fixes[:2], fixes[-2:]]
        for together in asked:
            assert _proof(prover, together) == _proof(slow, together)


def _secret(name: str, payload: str, kind: str = JSON_TYPE) -> dict[str, Any]:
    data = {".dockerconfigjson": encoded(payload)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **SPACE}, "type": kind, "data": data}


def _stream(image: str) -> dict[str, Any]:
    tag = {"name": "1", "from": {"kind": "DockerImage", "name": image}}
    api = "image.openshift.io/v1"
    return {"apiVersion": api, "kind": "ImageStream", "metadata": {"name": "web", **SPACE}, "spec": {"tags": [tag]}}


def test_an_import_breaks_when_an_empty_entry_comes_before_the_good_one() -> None:
    """The importer sends the first credential that matches, and a kubelet tries them all."""
    good = '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", **SPACE}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", **SPACE}}
    items = [
        _secret("a", '{"auths":{"quay.io":{}}}', "Opaque"),
        _secret("b", good),
        _stream("quay.io/team/app:1"),
        {**account, "imagePullSecrets": [{"name": "a"}, {"name": "b"}]},
        {**pod, "spec": {"containers": [{"name": "web", "image": "quay.io/team/app:1"}]}},
    ]
    result = _scanned(items, "manifests")
    (fix,) = [finding.fix for finding in result.run.findings if finding.code == "RC111"]
    assert fix is not None
    assert fix.proof is not None
    assert fix.proof.broken == ("apps/ImageStream/web imports quay.io/team/app:1",)
    assert fix.applicability is Applicability.UNSAFE


def test_an_import_breaks_when_two_secrets_exchange_what_they_hold() -> None:
    good, empty = '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}', '{"auths":{"quay.io":{}}}'
    items = [_secret("a", good), _secret("b", empty), _stream("quay.io/team/app:1")]
    inventory = _scanned(items, "cluster").inventories[0]
    exchanged = zip(inventory.secrets, (empty, good), strict=True)
    fixes = [_changed(one.object, (Op.PAYLOAD, one.route, Sensitive(text))) for one, text in exchanged]
    assert Prover(inventory).together(fixes).broken == ("apps/ImageStream/web imports quay.io/team/app:1",)


def test_the_key_of_docker_hub_counts_again_when_an_empty_entry_before_it_goes() -> None:
    good = '{"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpwYXNz"}}}'
    items = [_secret("a", '{"auths":{"docker.io":{}}}'), _secret("b", good), _stream("nginx")]
    inventory = _scanned(items, "cluster").inventories[0]
    item = inventory.secrets[0].object
    edit = Edit(
        Op.PAYLOAD,
        item.path,
        item.document,
        (*item.route, "data", ".dockerconfigjson"),
        Sensitive('{"auths":{}}'),
    )
    fix = Fix(Applicability.SAFE, "remove the entry", (edit,))
    assert Prover(inventory).together([fix]).repaired == ("apps/ImageStream/web imports nginx",)


def test_an_import_works_once_the_global_pull_secret_has_its_entry() -> None:
    """Where that is what the nodes have: the text of a change is all that is known of it."""
    secret = _secret("pull-secret", '{"auths":{}}')
    secret["metadata"]["namespace"] = "openshift-config"
    inventory = _scanned([secret, _stream("quay.io/team/app:1")], "cluster").inventories[0]
    (held,) = inventory.secrets
    entry = '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
    for text, repaired in ((entry, ("apps/ImageStream/web imports quay.io/team/app:1",)), (entry[:-1], ())):
        fix = _changed(held.object, (Op.PAYLOAD, held.route, Sensitive(text)))
        proof = Prover(inventory).together([fix])
        assert proof.repaired == repaired
        assert proof == SlowProver(inventory).together([fix])


def test_an_edited_secret_that_is_no_pull_secret_stays_where_it_is_named() -> None:
    """It is no less there than before, so that the rest of the list decides."""
    token = {**_secret("two", "", "Opaque"), "data": {"token": encoded("{}")}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", **SPACE}}
    spec = {"containers": [{"name": "web", "image": "quay.io/team/app:1"}]}
    named = {"imagePullSecrets": [{"name": "one"}, {"name": "two"}]}
    items = [_secret("one", '{"auths":[]}'), token, {**pod, "spec": {**spec, **named}}]
    inventory = _scanned(items, "cluster").inventories[0]
    (held,), (other,) = inventory.secrets, inventory.other_secrets
    fixes = [
        _changed(held.object, (Op.PAYLOAD, ("data", ".dockerconfigjson"), Sensitive('{"auths":{}}'))),
        _changed(other, (Op.PAYLOAD, ("data", "token"), Sensitive("other"))),
    ]
    proof = Prover(inventory).together(fixes)
    assert proof.repaired == ("apps/Pod/web pulls quay.io/team/app:1",)
    assert proof == SlowProver(inventory).together(fixes)
