"""Against a real registry: what skopeo is refused with the secret as it stands, it is served once the fix is made."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from registries import Registries, missing, registries, served

from linter import registry
from linter.__main__ import main

pytestmark = [
    pytest.mark.registry,
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]

CONFIG = "kubernetes.io/dockerconfigjson"


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    with registries(tmp_path_factory.mktemp("registries")) as running:
        yield running


def code(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def auths(**entries: str) -> str:
    """A docker config: registry keys (with the words that Python cannot have in names) to `user:password`."""
    return json.dumps({"auths": {key: {"auth": code(value)} for key, value in entries.items()}})


def secret(
    payload: str, *, kind: str = CONFIG, key: str = ".dockerconfigjson", raw: bool = False, **meta: object
) -> str:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "robot", "namespace": "shop", **meta},
        "type": kind,
        "data": {key: payload if raw else code(payload)},
    }
    return json.dumps(body, indent=2)


def account(**fields: object) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}, **fields}
    )


def pod(image: str, *, names: tuple[object, ...] = ("robot",), **fields: object) -> str:
    listed = [name if isinstance(name, dict) else {"name": name} for name in names]
    spec = {
        "containers": [{"name": "app", "image": image}],
        **({"imagePullSecrets": listed} if listed else {}),
        **fields,
    }
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}
    )


def stream(image: str, *, insecure: bool = False) -> str:
    tag = {"name": "1", "from": {"kind": "DockerImage", "name": image}, "importPolicy": {"insecure": insecure}}
    meta = {"name": "app", "namespace": "shop"}
    return json.dumps(
        {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": meta, "spec": {"tags": [tag]}}
    )


def node(payload: str) -> str:
    return secret(payload).replace('"robot"', '"pull-secret"').replace('"shop"', '"openshift-config"')


def cases(at: Registries) -> dict[str, tuple[str, list[str]]]:
    """Every defect: the image that is wanted, and the manifests that keep it from being pulled."""
    one, two, split = at.one, at.two, at.split
    image, scoped = f"{one}/app:1", f"{split}/team/app:1"
    good, host = auths(**{one: "user:pass"}), one.partition(":")[0]
    whole = {"username": "user", "password": "pass"}
    wanted = pod(image)
    made: dict[str, tuple[str, list[str]]] = {
        "RC101": (image, [secret(good, raw=True), wanted]),
        "RC102": (image, [secret("\ufeff" + good), wanted]),
        "RC102 trailing comma": (image, [secret(good[:-1] + ",}"), wanted]),
        "RC103": (image, [secret(code(good)), wanted]),
        "RC104": (image, [secret(json.dumps(json.loads(good)["auths"])), wanted]),
        "RC106": (image, [secret(json.dumps({"auths": {one: {"auth": "?", **whole}}})), wanted]),
        "RC107": (image, [secret(auths(**{one: "user:pass\n"})), wanted]),
        "RC109": (image, [secret(json.dumps({"auths": {**json.loads(good)["auths"], f"{one}/app": {}}})), wanted]),
        "RC111": (image, [secret(good, kind="Opaque"), wanted]),
        "RC112": (image, [secret(good, key="config.json"), wanted]),
        "RC204": (image, [secret(auths(**{f" {one}": "user:pass"})), wanted]),
        "RC205": (image, [secret(auths(**{f"{one}/v2": "user:pass"})), wanted]),
        "RC205 tag": (scoped, [secret(auths(**{f"{split}/team/app:1": "team:word"})), pod(scoped)]),
        "RC208": (image, [secret(auths(**{host: "user:pass"})), wanted]),
        "RC208 path": (
            scoped,
            [secret(auths(**{split.partition(":")[0] + "/team": "team:word"})), pod(scoped)],
        ),
        "RC301": (image, [secret(good), account(), pod(image, names=(), serviceAccountName="web")]),
        "RC302": (
            image,
            [secret(good), account(secrets=[{"name": "robot"}]), pod(image, names=(), serviceAccountName="web")],
        ),
        "RC303": (image, [secret(good), pod(image, names=("robot1",))]),
        "RC305": (
            image,
            [
                secret(good),
                secret(auths(**{two: "team:word"})).replace('"robot"', '"other"'),
                account(imagePullSecrets=[{"name": "robot"}]),
                pod(image, names=("other",), serviceAccountName="web"),
            ],
        ),
        "RC312": (image, [secret(good), pod(image, names=({"name": "robot", "namespace": "shop"},))]),
        "RC404": (
            image,
            [secret(good, annotations={"openshift.io/image.excludeSecret": "true"}), stream(image)],
        ),
        "RC501": (
            image,
            [
                secret(good),
                account(),
                pod(image, names=(), serviceAccountName="web"),
                pod(image).replace('"web"', '"b"'),
            ],
        ),
        "RC505": (image, [node(json.dumps({"auths": {one: whole}}))]),
        "RC505 path": (
            scoped,
            [
                node(
                    json.dumps(
                        {
                            "auths": {
                                split: {"auth": code("user:pass")},
                                f"https://{split}/team": {"auth": code("team:word")},
                            }
                        }
                    )
                )
            ],
        ),
    }
    if at.eighty:
        bare = at.eighty.partition(":")[0]
        made["RC401"] = (
            f"{at.eighty}/app:1",
            [secret(auths(**{bare: "user:pass"})), stream(f"{at.eighty}/app:1", insecure=True)],
        )
        made["RC402"] = (f"{bare}/app:1", [secret(auths(**{at.eighty: "user:pass"})), pod(f"{bare}/app:1")])
    return made


UNSEEN = {
    "RC108": "auth counts before and after: the fix makes the fields beside it follow",
    "RC113": "both forms serve",
    "RC116": "the loser that the fix drops never counted",
    "RC117": "what makes the secret is no secret yet: nothing can be sent before a controller has run",
    "RC201": "the fix keeps the entry that counts already",
    "RC202": "which of the entries is tried is left to chance before the fix",
    "RC209": "controllers miss the key, and skopeo does not",
    "RC307": "a name that stands twice is read once",
    "RC311": "a build takes the secret, and only OpenShift's controller chooses it",
    "RC502": "its fix is that of its cause, shown under the cause's code",
    "RC504": "an empty secret offers nothing before and after: the fix is for the machine-config operator",
    "RC702": "the annotation is not read for pulls",
}
"""Defects with a fix that no registry can tell from their repair, each with the reason."""

NAMES = sorted(cases(Registries("127.0.0.1:1", "127.0.0.2:1", "127.0.0.4:1", "127.0.0.3:80")))


@pytest.mark.parametrize("name", NAMES)
def test_refused_before_served_after(
    name: str, hosts: Registries, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = cases(hosts)
    if name not in made:
        pytest.skip("port 80 of the loopback addresses cannot be had")
    image, objects = made[name]
    file = tmp_path / "manifests.yaml"
    file.write_text("\n---\n".join(objects) + "\n")
    assert not served(file.read_text(), image, tmp_path), "the defect keeps nobody out"
    rule = name.partition(" ")[0]
    words = ["check", str(file), "--fix", "--unsafe-fixes", "--select", rule, "--fail-on", "never"]
    main([*words, "--format", f"json={tmp_path}/out"])
    told = capsys.readouterr().err
    assert "1 fix in 1 file" in told, told
    assert served(file.read_text(), image, tmp_path), file.read_text()


def test_every_defect_with_a_fix_is_shown_or_excused() -> None:
    shown = {name.partition(" ")[0] for name in NAMES}
    assert not shown & UNSEEN.keys()
    assert shown | UNSEEN.keys() == {loaded.rule.code for loaded in registry.rules() if loaded.rule.fixable}


def test_two_accounts_of_one_host_each_serve_their_path(hosts: Registries, tmp_path: Path) -> None:
    keys = {hosts.split: "user:pass", f"{hosts.split}/team": "team:word"}
    for image, needed in ((f"{hosts.split}/team/app:1", f"{hosts.split}/team"), (f"{hosts.split}/app:1", hosts.split)):
        assert served("\n---\n".join([secret(auths(**keys)), pod(image)]), image, tmp_path)
        others = {key: value for key, value in keys.items() if key != needed}
        assert not served("\n---\n".join([secret(auths(**others)), pod(image)]), image, tmp_path)
