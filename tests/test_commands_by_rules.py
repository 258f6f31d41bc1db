"""What the commands of findings do beside their purpose: nothing, to no other secret, list, import or cluster."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

_TYPE = "--type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=auth.json"
_EXCLUDED = "openshift.io/image.excludeSecret"


def made(kind: str, name: str, namespace: str = "shop", api: str = "v1", **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"{namespace}-{kind}-{name}", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def secret(name: str, namespace: str = "shop", **logins: str) -> dict[str, Any]:
    """A pull secret with `user:password` by registry, whose dots are underscores here."""
    entries = {
        host.replace("_", "."): {"auth": base64.b64encode(login.encode()).decode()} for host, login in logins.items()
    }
    data = {".dockerconfigjson": base64.b64encode(json.dumps({"auths": entries}).encode()).decode()}
    return made("Secret", name, namespace, type="kubernetes.io/dockerconfigjson", data=data)


def account(name: str, *secrets: str, **rest: Any) -> dict[str, Any]:
    return made("ServiceAccount", name, imagePullSecrets=[{"name": one} for one in secrets], **rest)


def deployment(name: str, *images: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return made("Deployment", name, api="apps/v1", spec={"template": {"spec": {"containers": containers, **spec}}})


def stream(name: str, **tags: str) -> dict[str, Any]:
    listed = [{"name": tag, "from": {"kind": "DockerImage", "name": image}} for tag, image in tags.items()]
    return made("ImageStream", name, api="image.openshift.io/v1", spec={"tags": listed})


def build(kind: str, name: str, dockerfile: str) -> dict[str, Any]:
    strategy: dict[str, Any] = {"type": "Docker", "dockerStrategy": {}}
    spec: dict[str, Any] = {"source": {"dockerfile": dockerfile} if dockerfile else {"git": {}}, "strategy": strategy}
    return made(kind, name, api="build.openshift.io/v1", spec=spec)


NODES = secret("pull-secret", "openshift-config", cloud_openshift_com="a:b", registry_redhat_io="a:b", quay_io="a:b")
HOSTED = made("Infrastructure", "cluster", "", "config.openshift.io/v1", status={"controlPlaneTopology": "External"})


@pytest.fixture
def findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what a rule tells of a cluster that holds some objects."""

    def told(code: str, *items: dict[str, Any]) -> list[dict[str, Any]]:
        path = tmp_path / "cluster.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        main(["check", str(path), "--scope", "cluster", "--select", code, "--format", "json", "--fail-on", "never"])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        assert found
        return found

    return told


def test_links_of_two_secrets_do_not_undo_each_other(findings: Any) -> None:
    """A list that is set as a whole is one without what the command before has added."""
    mounts = made("ServiceAccount", "default", secrets=[{"name": "robot-q"}, {"name": "robot-g"}])
    world = (
        mounts,
        secret("robot-q", quay_io="u:p"),
        secret("robot-g", ghcr_io="u:p"),
        deployment("web", "quay.io/a:1", "ghcr.io/b:1"),
    )
    for code in ("RC301", "RC302"):
        held = world if code == "RC302" else (made("ServiceAccount", "default"), *world[1:])
        first, second = findings(code, *held)
        for name, found in (("robot-q", first), ("robot-g", second)):
            by_oc, by_kubectl = found["commands"]
            assert by_oc == f"oc secrets link default {name} --for=pull -n shop"
            assert f"jq --arg name {name} " in by_kubectl
            assert by_kubectl.endswith(" else .imagePullSecrets += [{name: $name}] end' | kubectl replace -f - -n shop")


def test_a_copied_secret_leaves_behind_who_keeps_the_first(findings: Any) -> None:
    copy = (
        "kubectl get secret robot -o json -n {} | "
        "jq '{{apiVersion, kind, type, data, metadata: {{name: .metadata.name}}}}' | kubectl create -f - -n shop"
    )
    (found,) = findings("RC304", secret("robot", "build", quay_io="u:p"), account("app", "robot"))
    assert found["commands"] == [copy.format("build")]
    foreign = made("ServiceAccount", "app", imagePullSecrets=[{"name": "robot", "namespace": "ops"}])
    (found,) = findings("RC312", secret("robot", quay_io="u:p"), foreign)
    assert found["commands"] == [copy.format("ops")]


BUILDER = (account("builder", "a", "b"), secret("a", quay_io="u:p"), secret("b", ghcr_io="u:p"))


def test_a_build_of_a_cluster_gets_no_change(findings: Any) -> None:
    """The API server refuses every one of its spec."""
    (found,) = findings("RC311", *BUILDER, build("Build", "app-1", "FROM ghcr.io/team/base:1"))
    assert (found["commands"], found["fix"]) == ([], None)
    assert found["remedy"].startswith("Start another build with pullSecret set, to b for example")
    (found,) = findings("RC311", *BUILDER, build("BuildConfig", "app", "FROM ghcr.io/team/base:1"))
    assert found["commands"] == [
        "oc patch buildconfig app --type=merge -p "
        """'{"spec":{"strategy":{"dockerStrategy":{"pullSecret":{"name":"b"}}}}}' -n shop"""
    ]
    assert found["fix"]["applicability"] == "unsafe"


def test_a_misspelt_name_in_a_build_of_a_cluster_stays(findings: Any) -> None:
    for kind, change in (("BuildConfig", "name Secret robot-pull instead of robot-pul"), ("Build", None)):
        made_of = build(kind, "app", "FROM quay.io/team/base:1")
        made_of["spec"]["strategy"]["dockerStrategy"]["pullSecret"] = {"name": "robot-pul"}
        (found,) = findings("RC303", secret("robot-pull", quay_io="u:p"), made_of)
        assert (found["fix"] or {}).get("summary") == change
    assert found["remedy"].startswith("Create Secret robot-pul in namespace shop, or start a build with robot-pull")


def test_no_secret_is_given_to_a_build_by_guess(findings: Any) -> None:
    (found,) = findings("RC311", *BUILDER, build("BuildConfig", "app", ""))
    assert (found["commands"], found["remedy"]) == (
        [],
        "Set spec.strategy.dockerStrategy.pullSecret, to a for example.",
    )


def test_each_registry_gets_a_secret_of_its_own(findings: Any) -> None:
    """No other credential gets into it, and none that is there is in its way."""
    private = "registry.connect.redhat.com/team/web:1"
    pods = deployment("web", "registry.redhat.io/team/web:1", private)
    taken = made("Secret", "registry-redhat-io-pull", type="Opaque", data={"a": "YQ=="})
    nodes = secret("pull-secret", "openshift-config", quay_io="a:b")
    first, second = findings("RC501", nodes, account("default"), taken, pods)
    assert first["commands"] == [
        "rm -f auth.json && podman login --authfile=auth.json registry.redhat.io",
        f"kubectl create secret generic registry-redhat-io-pull-2 {_TYPE} -n shop && rm auth.json",
        first["commands"][2],
    ]
    assert "jq --arg name registry-redhat-io-pull-2 " in first["commands"][2]
    assert second["commands"][1].startswith("kubectl create secret generic registry-connect-redhat-com-pull --type")
    openshift = findings("RC501", nodes, account("default"), taken, pods, stream("app"))
    assert openshift[0]["commands"][2] == "oc secrets link default registry-redhat-io-pull-2 --for=pull -n shop"


def test_an_import_is_asked_for_after_a_login(findings: Any) -> None:
    nodes = secret("pull-secret", "openshift-config", quay_io="a:b")
    image = "registry.redhat.io/team/app"
    (found,) = findings("RC403", nodes, stream("app", one=f"{image}:1", two=f"{image}:2"))
    made_of = [
        "rm -f auth.json && podman login --authfile=auth.json registry.redhat.io",
        f"oc create secret generic registry-redhat-io-pull {_TYPE} -n shop && rm auth.json",
    ]
    assert found["commands"] == [*made_of, "oc import-image app:one -n shop", "oc import-image app:two -n shop"]
    whole = made("ImageStream", "app", api="image.openshift.io/v1", spec={"dockerImageRepository": image})
    (found,) = findings("RC403", nodes, whole)
    assert found["commands"] == [*made_of, "oc import-image app --all -n shop"]
    (found,) = findings("RC403", nodes, {**whole, "kind": "ImageStreamTag", **_tag("app:one", f"{image}:1")})
    assert found["commands"] == [*made_of, "oc import-image app:one -n shop"]


def _tag(name: str, image: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": "t"}
    return {"metadata": metadata, "tag": {"name": "one", "from": {"kind": "DockerImage", "name": image}}}


def test_a_login_comes_before_the_secret_that_is_made_of_it(findings: Any) -> None:
    login = "rm -f auth.json && podman login --authfile=auth.json '<registry>'"
    (found,) = findings("RC303", secret("other", quay_io="u:p"), account("app", "wholly-unlike"))
    assert found["commands"][1:] == [
        login,
        f"kubectl create secret generic wholly-unlike {_TYPE} -n shop && rm auth.json",
    ]
    plain = made("Secret", "login", type="kubernetes.io/basic-auth", data={"username": "YQ==", "password": "YQ=="})
    (found,) = findings("RC306", plain, secret("login-pull", quay_io="u:p"), account("app", "login"))
    assert found["commands"] == [
        login,
        f"kubectl create secret generic login-pull-2 {_TYPE} -n shop && rm auth.json",
    ]
    spec = {"samplesRegistry": "registry.example.com", "managementState": "Managed"}
    samples = made("Config", "cluster", "", "samples.operator.openshift.io/v1", spec=spec)
    (found,) = findings("RC405", NODES, secret("other", "openshift", quay_io="u:p"), samples)
    assert found["commands"] == [
        "rm -f auth.json && podman login --authfile=auth.json registry.example.com",
        f"oc create secret generic registry-example-com-pull {_TYPE} -n openshift && rm auth.json",
    ]


IMPORTS = stream("app", one="quay.io/shop/app:1", two="ghcr.io/shop/app:2")


def test_a_secret_that_serves_another_import_is_not_kept_from_imports(findings: Any) -> None:
    world = (NODES, secret("bb", quay_io="u:p"), IMPORTS)
    (found,) = findings("RC503", secret("aa", quay_io="u:", ghcr_io="u:p"), *world)
    assert (found["remedy"], found["commands"]) == ("Repair or remove that entry.", [])
    (found,) = findings("RC503", secret("aa", quay_io="u:"), *world)
    assert found["commands"] == [f"oc annotate secret aa {_EXCLUDED}=true -n shop"]


@pytest.mark.parametrize(("code", "value"), [("RC115", "<config>"), ("RC115", None), ("RC102", "")])
def test_what_the_api_server_refuses_is_not_taken_out_of_a_cluster(
    code: str, value: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest with a stand-in for its payload never got into one, so its Secret is made of a login."""
    item = {**secret("regcred"), "data": {".dockerconfigjson": value}}
    del item["metadata"]["uid"]
    told = {}
    for kind in ("kubernetes.io/dockerconfigjson", "Opaque"):
        (tmp_path / "secret.json").write_text(json.dumps({**item, "type": kind}))
        main(["check", str(tmp_path), "--select", code, "--format", "json", "--fail-on", "never"])
        told[kind] = json.loads(capsys.readouterr().out)["findings"][0]["commands"]
    login, create = told["kubernetes.io/dockerconfigjson"]
    assert login == "rm -f auth.json && podman login --authfile=auth.json '<registry>'"
    assert create == f"kubectl create secret generic regcred {_TYPE} -n shop && rm auth.json"
    assert told["Opaque"][0].startswith("kubectl get secret regcred")


def test_an_exclusion_is_not_taken_away_where_it_helps_another_import(findings: Any) -> None:
    kept = secret("aa", quay_io="u:", ghcr_io="u:p")
    kept["metadata"]["annotations"] = {_EXCLUDED: "true"}
    (found,) = findings("RC404", NODES, kept, secret("bb", quay_io="u:p"), IMPORTS)
    assert found["commands"] == []
    assert found["remedy"].startswith("Give the import a secret of its own.")
    (found,) = findings("RC404", secret("pull-secret", "openshift-config"), kept, stream("app", two="ghcr.io/app:2"))
    assert found["commands"] == [f"oc annotate secret aa {_EXCLUDED}- -n shop"]


@pytest.mark.parametrize("listed", [("zz", "aa"), ("aa", "zz")])
def test_which_of_two_credentials_is_wrong_is_not_guessed(listed: tuple[str, ...], findings: Any) -> None:
    world = (secret("aa", quay_io="u:p"), secret("zz", quay_io="u:q"), account("default", *listed))
    (found,) = findings("RC203", *world, stream("app", one="quay.io/shop/app:1"))
    assert found["commands"] == []
    assert f"{_EXCLUDED}=true keeps a whole secret from imports" in found["remedy"]
    (found,) = findings("RC203", *world)
    assert _EXCLUDED not in found["remedy"]


_ADD = "--from-file=registry.example.com=ca.crt -n openshift-config"
_LOOK = "oc get image.config.openshift.io/cluster -o 'jsonpath={.spec.additionalTrustedCA.name}'"
_NAME = """-p '{"spec":{"additionalTrustedCA":{"name":"registry-ca"}}}'"""
_PATCH = f"oc patch image.config.openshift.io/cluster --type=merge {_NAME}"
_CREATE = f"oc create configmap registry-ca {_ADD} && {_PATCH}"


def _config(**spec: Any) -> dict[str, Any]:
    return made("Image", "cluster", "", "config.openshift.io/v1", spec=spec)


@pytest.mark.parametrize(
    ("more", "commands"),
    [
        ([], [_LOOK]),
        ([_config(additionalTrustedCA={"name": "ours"})], [f"oc set data configmap/ours {_ADD}"]),
        ([_config(additionalTrustedCA={"name": ""})], [_CREATE]),
        ([_config()], [_CREATE]),
        ([_config(), HOSTED], []),
    ],
)
def test_authorities_that_a_cluster_trusts_are_kept(
    more: list[dict[str, Any]], commands: list[str], findings: Any
) -> None:
    image = {"kind": "DockerImage", "name": "registry.example.com/app:1"}
    tags = [{"name": "1", "from": image, "importPolicy": {"insecure": True}}]
    insecure = made("ImageStream", "app", api="image.openshift.io/v1", spec={"tags": tags})
    (found,) = findings("RC407", secret("robot", registry_example_com="u:p"), insecure, *more)
    assert found["commands"] == commands


_TAKE = "oc extract secret/pull-secret --keys=.dockerconfigjson --to=. --confirm -n openshift-config"


_MIRRORS = [{"source": "docker.io/shop", "mirrors": ["mirror.example.com/shop"]}]
_MIRRORED = (
    made("ImageDigestMirrorSet", "mirror", "", "config.openshift.io/v1", spec={"imageDigestMirrors": _MIRRORS}),
    account("default", "robot"),
    secret("robot", mirror_example_com="u:p"),
    deployment("web", f"docker.io/shop/app@sha256:{'0' * 64}"),
)


@pytest.mark.parametrize(("code", "more"), [("RC504", ()), ("RC406", _MIRRORED)])
def test_a_node_wide_secret_is_only_set_to_what_was_taken_out_of_it(
    code: str, more: tuple[dict[str, Any], ...], findings: Any
) -> None:
    """Whatever stands in a file of before may be another cluster's."""
    world = (secret("pull-secret", "openshift-config", cloud_openshift_com="a:b"), *more)
    for found in findings(code, *world):
        (command,) = found["commands"]
        first, *_, last = steps = command.split(" && ")
        assert (first, len(steps)) == (_TAKE, 4)
        assert "oc set data secret/pull-secret --from-file=.dockerconfigjson" in steps[2]
        assert last.startswith("rm .dockerconfigjson")
    for found in findings(code, *world, HOSTED):
        assert found["commands"] == []
        assert "change the secret that the HostedCluster names in spec.pullSecret" in found["remedy"]


def test_a_name_that_a_program_would_take_for_an_option_is_in_no_command(findings: Any) -> None:
    option = "--all"
    pods = [made("Job", option, api="batch/v1", spec={"template": {"spec": _pod()}})]
    pods[0]["metadata"]["ownerReferences"] = [{"kind": "CronJob", "name": "nightly", "controller": True}]
    pods.append(made("Pod", "web", spec=_pod()))
    pods[1]["metadata"]["ownerReferences"] = [{"kind": "Job", "name": option, "controller": True}]
    (found,) = findings("RC309", secret("robot", quay_io="u:p"), account("default", "robot"), *pods)
    assert (found["remedy"].partition(";")[0], found["commands"]) == ("Delete the jobs that were made before", [])


def _pod() -> dict[str, Any]:
    return {"containers": [{"name": "web", "image": "quay.io/team/web:1"}]}
