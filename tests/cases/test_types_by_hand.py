"""Commands that delete, create or encrypt lose nothing on the way."""

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hands import DOCKERCONFIGJSON, GOOD, World, needs_jq

from linter.__main__ import main


@needs_jq
def test_a_type_is_changed_by_way_of_a_file(world: World) -> None:
    told = world.secret({"auths": {"quay.io": GOOD}}, type="Opaque").told("RC111")
    found = world.run(*told.commands)
    metadata = {"name": "pull", "namespace": "shop", "labels": {"team": "x"}}
    assert found == {**world.item, "type": DOCKERCONFIGJSON, "metadata": metadata}
    assert not list(world.folder.glob("secret-*"))
    assert "to be kept until the Secret has been created" in told.remedy


@needs_jq
def test_nothing_is_deleted_that_was_not_saved(world: World) -> None:
    told = world.secret({"auths": {"quay.io": GOOD}}, type="Opaque").told("RC111")
    world.item["metadata"]["name"] = "another"
    with pytest.raises(subprocess.CalledProcessError):
        world.run(told.commands[0])
    assert "kubectl delete" not in (world.folder / "said.txt").read_text()


@pytest.mark.parametrize(
    ("payload", "name", "namespace", "kind"),
    [
        ({"quay.io": GOOD}, "pull", "shop", "Opaque"),
        ('{"auths":', "pull", "shop", "Opaque"),
        ({"auths": {"quay.io": GOOD}}, "pull-secret", "openshift-config", "Opaque"),
        ({"auths": {"quay.io": GOOD}}, "pull", "shop", "kubernetes.io/tls"),
        ({"auths": {"quay.io": GOOD}}, "--all", "shop", "Opaque"),
    ],
)
def test_no_type_is_changed_where_that_may_lose_the_secret(
    world: World, payload: Any, name: str, namespace: str, kind: str
) -> None:
    assert not world.secret(payload, name, namespace, type=kind).told("RC111").commands


def test_no_secret_is_deleted_by_a_name_that_is_an_option(world: World) -> None:
    target = {"name": "--all", "template": {"data": {".dockerconfigjson": "{{ .token }}"}}}
    world.item = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "pull", "namespace": "shop"},
        "spec": {"target": target},
    }
    assert not world.told("RC117").commands


def test_a_secret_with_more_than_its_config_is_not_created_from_the_config_alone(world: World) -> None:
    world.secret("{}")
    world.item["data"] = {"config.json": world.item["data"][".dockerconfigjson"]}
    assert world.told("RC112").commands
    world.item["data"]["ca.crt"] = "Q0VSVA=="
    assert not world.told("RC112").commands


def test_only_a_file_is_encrypted_in_place(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world.folder)
    text = json.dumps(world.secret({"auths": {"quay.io": GOOD}}).item)
    for name in ("own.json", "--help.json"):
        Path(name).write_text(text)
    with tarfile.open("old.tar", "w") as archive:
        archive.add("own.json")
    main(["check", ".", "old.tar", "--select", "RC701", "--format", "json", "--fail-on", "never"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["location"]["path"]: bool(one["commands"]) for one in found} == {
        "own.json": True,
        "--help.json": False,
        "old.tar!/own.json": False,
    }


def test_no_annotation_is_removed_of_what_something_else_makes(world: World) -> None:
    applied = json.dumps({"stringData": {".dockerconfigjson": json.dumps({"auths": {"quay.io": GOOD}})}})
    world.secret({"auths": {"quay.io": GOOD}})
    metadata = world.item["metadata"]
    metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    assert world.told("RC702").commands
    metadata["ownerReferences"] = [{"kind": "ExternalSecret", "name": "pull"}]
    assert not world.told("RC702").commands
