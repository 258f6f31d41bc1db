"""The proof looks only at what a change can touch, and finds what resolving everything anew finds."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from linter import engine
from linter.errors import FixError
from linter.model import Applicability, Edit, Fix, Op
from linter.proof import Prover
from linter.secret import Sensitive

sys.path.insert(0, str(Path(__file__).parent))

from scans import JSON_TYPE, Words, encoded, invented, scans
from slow_proof import SlowProver


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


@settings(max_examples=80, deadline=None)
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


def test_the_key_of_docker_hub_counts_again_when_an_empty_entry_before_it_goes() -> None:
    payload = {".dockerconfigjson": encoded('{"auths":{"docker.io":{}}}')}
    good = {".dockerconfigjson": encoded('{"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpwYXNz"}}}')}
    space = {"namespace": "apps"}
    tag = {"name": "1", "from": {"kind": "DockerImage", "name": "nginx"}}
    items = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", **space}, "type": JSON_TYPE, "data": payload},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b", **space}, "type": JSON_TYPE, "data": good},
        {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {"name": "web", **space},
            "spec": {"tags": [tag]},
        },
    ]
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
