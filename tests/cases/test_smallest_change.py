"""The change that `resolve` names is made, by its own commands where it has them, and `resolve` asked again: it works.

`Cluster` carries out the commands that an answer can hold. What a person does between two of them, in an editor, stands
beside each world as `hand`: it gets the payload and does what the summary of the change says.
"""

import json
import re
import shutil
from typing import Any, NamedTuple

import pytest
from desk import DOCKERCFG, DOCKERCONFIGJSON, Desk, account, auth, auths, deployment, meta, secret, stream
from stand_in import Cluster, Hand

UID = {"uid": "5e1c0de0-0000-4000-8000-000000000001", "resourceVersion": "7"}
KEY = re.compile(r"write the key (\S+) as (\S+?)(?: |,|$)")

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the commands call jq")


def rewrite(payload: dict[str, Any], summary: str) -> dict[str, Any]:
    """Write one key as another, both as the summary names them."""
    found = KEY.search(summary)
    assert found, summary
    entries = payload.get("auths", payload)
    entries[found[2]] = entries.pop(found[1])
    return payload


def refill(payload: dict[str, Any], summary: str) -> dict[str, Any]:
    """Put a credential at the key, or at the entry, that the summary names."""
    entries = payload["auths"]
    (key,) = [one for one in entries if re.search(rf"(?<![\w./]){re.escape(one)}(?![\w./])", summary)]
    entries[key] = auth()
    return payload


def keep_one(payload: dict[str, Any], summary: str) -> dict[str, Any]:
    """Keep, of the keys that the summary lists, the one with a credential; or give the other one a credential, too."""
    if "keep one of" not in summary:
        return refill(payload, summary)
    assert all(key in summary for key in payload["auths"]), summary
    return {"auths": {key: entry for key, entry in payload["auths"].items() if entry}}


def untouched(payload: dict[str, Any], _summary: str) -> dict[str, Any]:
    """Nothing is left to a person."""
    return payload


class World(NamedTuple):
    """A scan, the question, and what a person does by hand. `then` is the image asked for afterwards ("": the same)."""

    image: str
    objects: tuple[Any, ...]
    hand: Hand = untouched
    words: tuple[str, ...] = ()
    config: str = "{}"
    said: str = ""
    then: str = ""


def pull(image: str, *secrets: dict[str, Any], **more: Any) -> World:
    """A Deployment of `image` whose account lists all of `secrets`."""
    names = [one["metadata"]["name"] for one in secrets]
    return World(image, (*secrets, account(*names), deployment(image)), **more)


def keyed(image: str, key: str, **more: Any) -> World:
    """One secret with one key that nearly matches."""
    return pull(image, secret(auths(key)), hand=rewrite, **{"said": "write the key", **more})


def pod(image: str, *names: str, account: str = "default", **more: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"serviceAccountName": account, "containers": [{"name": "app", "image": image}]}
    if names:
        spec["imagePullSecrets"] = [{"name": one} for one in names]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta("web-1", **UID, **more), "spec": spec}


def cron(image: str, *names: str) -> dict[str, Any]:
    body = deployment(image, *names)
    job = {"spec": {"template": body["spec"]["template"]}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("web"), "spec": {"jobTemplate": job}}


QUAY, IMAGE, PRIVATE = "quay.io", "quay.io/acme/app:1", "private-registries: [registry.example.com]"
ROUTE = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": meta("web"), "spec": {}}
GHCR = secret(auths("ghcr.io"), "other")
HOST = "registry.example.com"

WORLDS = {
    "link": World(IMAGE, (secret(auths(QUAY)), account(), deployment(IMAGE)), said="add pull to service account"),
    "link-beside-others": World(IMAGE, (secret(auths(QUAY)), GHCR, account("other"), deployment(IMAGE))),
    "link-of-openshift": World(IMAGE, (ROUTE, secret(auths(QUAY)), account(), deployment(IMAGE))),
    "link-own-account": World(
        IMAGE, (secret(auths(QUAY)), account(name="web", mounts=("pull",)), deployment(IMAGE, account="web"))
    ),
    "masked-list": World(
        IMAGE,
        (secret(auths(QUAY)), GHCR, account("pull"), deployment(IMAGE, "other")),
        said="add pull to the imagePullSecrets of Deployment web",
    ),
    "masked-list-of-a-cron-job": World(IMAGE, (secret(auths(QUAY)), GHCR, account("pull"), cron(IMAGE, "other"))),
    "older-pod": World(IMAGE, (secret(auths(QUAY)), account("pull"), pod(IMAGE)), said="make pod web-1 anew"),
    "older-pod-without-a-link": World(IMAGE, (secret(auths(QUAY)), account(), pod(IMAGE)), said="and make pod"),
    "rename-in-the-account": World(
        IMAGE,
        (secret(auths(QUAY), "registry-key-1"), account("registry-key-2"), deployment(IMAGE)),
        said="name registry-key-1 instead of registry-key-2",
    ),
    "rename-in-the-template": World(
        IMAGE, (secret(auths(QUAY), "registry-key-1"), account(), deployment(IMAGE, "registry-key-2"))
    ),
    "rename-in-a-cron-job": World(
        IMAGE, (secret(auths(QUAY), "registry-key-1"), account(), cron(IMAGE, "registry-key-2"))
    ),
    "copy-from-another-namespace": World(
        IMAGE,
        (secret(auths(QUAY), namespace="infra"), GHCR, account("pull"), deployment(IMAGE)),
        said="copy Secret pull from namespace infra",
    ),
    "port-missing": keyed(f"{HOST}:5000/app:1", HOST),
    "port-too-many": keyed(f"{HOST}/app:1", f"{HOST}:5000"),
    "port-wrong": keyed(f"{HOST}:5000/acme/app:1", f"{HOST}:443/acme"),
    "port-80": keyed(f"{HOST}/app:1", f"{HOST}:80"),
    "host-ending": keyed("registry.gitlab.com/acme/app:1", "registry.gitlab.io"),
    "host-typo": keyed(f"{HOST}/app:1", "registry.exmaple.com"),
    "docker-com": keyed("acme/app:1", "docker.com"),
    "hub-docker-com": keyed("docker.io/acme/app:1", "https://hub.docker.com/"),
    "registry-1-docker-io": keyed("acme/app:1", "registry-1.docker.io"),
    "index-with-a-path": keyed("acme/app:1", "https://index.docker.io/v1/acme"),
    "path-typo": keyed(IMAGE, "quay.io/acme/apq"),
    "path-in-capitals": keyed(IMAGE, "quay.io/Acme"),
    "scheme-in-capitals": keyed(IMAGE, "HTTPS://quay.io"),
    "another-scheme": keyed(IMAGE, "docker://quay.io"),
    "host-in-capitals": keyed(IMAGE, "Quay.io"),
    "asterisk-in-the-path": keyed(IMAGE, "quay.io/acme/*"),
    "tag": keyed(IMAGE, "quay.io/acme/app:2"),
    "version-without-slash": keyed(IMAGE, "https://quay.io/v2"),
    "closing-slash": keyed(IMAGE, "quay.io/acme/app/"),
    "asterisk-of-one-label": keyed("eu.my-registry.io/app:1", "*my-registry.io"),
    "asterisk-across-dots": keyed("a.b.example.com/app:1", "*.example.com"),
    "subdomain": keyed("eu.registry.example.com/app:1", HOST),
    "legacy-format": pull(IMAGE, secret({"https://quay.io/v2": auth()}, kind=DOCKERCFG), hand=rewrite),
    "importer-key": World(
        f"{HOST}:5000/app:1",
        (secret(auths(HOST)), stream(f"{HOST}:5000/app:1")),
        hand=rewrite,
        words=("--consumer", "importer"),
    ),
    "unlinked-and-misspelt": World(
        f"{HOST}:5000/app:1",
        (secret(auths(HOST)), account(), deployment(f"{HOST}:5000/app:1")),
        hand=rewrite,
        said="and add pull to service account default",
    ),
    "create": World(
        f"{HOST}/app:1", (account(), deployment(f"{HOST}/app:1")), config=PRIVATE, said="create a pull secret"
    ),
    "create-beside-others": World(
        f"{HOST}/app:1", (GHCR, account("other"), deployment(f"{HOST}/app:1")), config=PRIVATE
    ),
    "create-for-a-list": World(
        f"{HOST}/app:1", (GHCR, account(), deployment(f"{HOST}/app:1", "other")), config=PRIVATE
    ),
    "create-on-openshift": World(f"{HOST}/app:1", (ROUTE, account(), deployment(f"{HOST}/app:1")), config=PRIVATE),
    "create-for-the-hub": World(
        "docker.io/acme/app:1",
        (account(), deployment("docker.io/acme/app:1")),
        config="private-registries: [docker.io]",
    ),
    "create-with-a-port": World(
        f"{HOST}:5000/app:1",
        (account(), deployment(f"{HOST}:5000/app:1")),
        config=f"private-registries: ['{HOST}:5000']",
    ),
    "create-for-an-import": World(
        f"{HOST}/app:1", (stream(f"{HOST}/app:1"),), words=("--consumer", "importer"), config=PRIVATE
    ),
    "type-opaque": pull(IMAGE, secret(auths(QUAY), kind="Opaque"), said=f"anew with type {DOCKERCONFIGJSON}"),
    "type-of-the-other-key": pull(IMAGE, secret(auths(QUAY), kind=DOCKERCFG, key=".dockerconfigjson")),
    "type-for-a-wrapped-map": pull(IMAGE, secret(auths(QUAY), kind=DOCKERCFG)),
    "type-for-a-bare-map": pull(IMAGE, secret({QUAY: auth()}), said=f"anew with type {DOCKERCFG}"),
    "account": World(IMAGE, (account(), deployment(IMAGE, account="web")), said="create service account web"),
    "empty-entry": pull(IMAGE, secret({"auths": {QUAY: {}}}), hand=refill),
    "empty-password": pull(IMAGE, secret({"auths": {QUAY: auth("user", "")}}), hand=refill),
    "white-space": pull(IMAGE, secret(auths(QUAY, password="pass\n")), hand=refill),
    "placeholder": pull(IMAGE, secret(auths(QUAY, password="<password>")), hand=refill),
    "doubled-dollar": pull(f"{HOST}/app:1", secret(auths(HOST, user="robot$$ci")), hand=refill),
    "undecodable": pull(IMAGE, secret({"auths": {"gcr.io": {"auth": "%%"}, QUAY: auth()}}), hand=refill, said="repair"),
    "undecodable-in-another-secret": pull(
        IMAGE, secret(auths(QUAY)), secret({"auths": {"gcr.io": {"auth": "%%"}}}, "other"), hand=refill
    ),
    "one-registry-spelt-twice": World(
        IMAGE,
        (secret({"auths": {QUAY: {}, "https://quay.io/v2/": auth()}}), stream(IMAGE)),
        hand=keep_one,
        words=("--consumer", "importer"),
        said="keep one of",
    ),
    "no-auth-for-containers": World(
        IMAGE,
        (secret({"auths": {QUAY: {"username": "user", "password": "pass"}}}), account("pull")),
        hand=refill,
        words=("--consumer", "containers", "--serviceaccount", "default"),
        said="an `auth` field",
    ),
    "image": World("Quay.io/Acme/App:1", (account(), deployment("Quay.io/Acme/App:1")), then="quay.io/acme/app:1"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_each_change_makes_it_work(desk: Desk, name: str) -> None:
    world = WORLDS[name]
    before = desk.ask(world.image, *world.objects, words=world.words, config=world.config)
    assert not before.answer["works"], before.text
    assert before.answer["changes"], before.text
    for change in before.answer["changes"]:
        assert change["commands"] or world.then, change
    assert world.said in before.answer["changes"][0]["summary"], before.text
    for change in before.answer["changes"]:
        cluster = Cluster(world.objects, world.hand, change["summary"])
        for line in change["commands"]:
            cluster.run(line)
        image, objects = world.image, cluster.objects
        if world.then:
            objects = json.loads(json.dumps(objects).replace(image, world.then))
            image = world.then
        after = desk.ask(image, *objects, words=world.words, config=world.config)
        assert after.answer["works"], f"{before.text}\n--- {change}\n{after.text}"
        assert after.exit_code == 0
