"""`regcred resolve` through its command line: the steps it tells, and that it never guesses."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.__main__ import main
from linter.resolve.near import near_miss

CANARY = "canary-hunter2"
USER = "robot-canary"
TYPE = "kubernetes.io/dockerconfigjson"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _secret(name: str, auths: Any, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    content = auths if isinstance(auths, str) else json.dumps({"auths": auths})
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": TYPE}
    return {**body, "data": {".dockerconfigjson": _base64(content)}, **more}


def _entry(user: str = USER, password: str = CANARY) -> dict[str, str]:
    return {"username": user, "password": password, "auth": _base64(f"{user}:{password}")}


def _account(*names: str, name: str = "default", namespace: str = "shop", **more: Any) -> dict[str, Any]:
    listed = {"imagePullSecrets": [{"name": one} for one in names]} if names else {}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, **listed, **more}


def _workload(image: str, kind: str = "Deployment", name: str = "web", **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "app", "image": image}], **spec}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {"template": {"spec": pod}}}


def _write(folder: Path, *objects: Any) -> str:
    path = folder / "scan.yaml"
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return str(path)


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["resolve", *words])
    output = capsys.readouterr()
    assert not output.err, output.err
    return code, output.out


def _ask(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_run(capsys, *words, "--format", "json")[1])["answers"]
    return found


# --- the command line ---------------------------------------------------------------------------------------------


def test_the_first_word_is_the_image_unless_it_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _secret("pull", {"quay.io": _entry()}), _account("pull"))
    code, out = _run(capsys, "quay.io/acme/app:1", scan)
    assert code == 0
    assert out.startswith("quay.io/acme/app:1, pulled by the kubelet for a new pod of service account default")
    same = _run(capsys, "--image", "quay.io/acme/app:1", scan)
    assert same == (code, out)
    assert _run(capsys, "quay.io/acme/app:1", "-n", "shop", scan) == (code, out)


def test_a_file_named_like_an_image_is_a_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nginx").write_text(yaml.safe_dump(_workload("quay.io/acme/app:1")))
    assert "quay.io/acme/app:1" in _run(capsys, "nginx")[1]


def test_an_image_alone_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "quay.io/acme/app:1"]) == 2
    assert "name a path or cluster: as well" in capsys.readouterr().err


def test_a_missing_path_is_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resolve", "quay.io/acme/app:1", str(tmp_path / "gone.yaml")]) == 3
    assert "gone.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x/y", "-n", "shpo"], "nothing of namespace shpo is in the scan: did you mean shop?"),
        (["x/y", "--serviceaccount", "weeb", "-n", "shop"], "did you mean web?"),
        (["x/y", "--workload", "deployment/wbe"], "deployment wbe is not in the scan: did you mean web?"),
        (["x/y", "--workload", "web"], "KIND/NAME"),
        (["--serviceaccount", "web", "-n", "shop"], "needs an image"),
        (["x/y", "--workload", "deploy/web", "--consumer", "importer"], "pulled, not imported"),
        (["x/y"], "in which namespace?"),
    ],
)
def test_a_question_that_means_nothing_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    scan = _write(tmp_path, _account(name="web"), _workload("quay.io/acme/app:1"), _account(namespace="other"))
    assert main(["resolve", *words, scan]) == 2
    assert said in capsys.readouterr().err


def test_without_an_image_failing_ones_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(
        tmp_path,
        _secret("pull", {"quay.io/acme": _entry()}),
        _account("pull"),
        _account(name="bare"),
        _workload("quay.io/acme/good:1", name="good"),
        _workload("quay.io/acme/bad:1", name="bad", serviceAccountName="bare"),
        _workload("quay.io/acme/open:1", name="open", serviceAccountName="absent"),
    )
    code, out = _run(capsys, scan)
    assert code == 1
    states = [line.split()[0] for line in out.splitlines() if line.startswith(("FAILS", "?", "ok"))]
    assert states == ["FAILS", "?", "ok"]
    assert "1 failing, 1 not known, 1 as they should be" in out


def test_what_is_not_known_does_not_fail_a_whole_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _workload("quay.io/acme/open:1", serviceAccountName="absent"))
    assert _run(capsys, scan)[0] == 0
    assert _run(capsys, "quay.io/acme/open:1", scan)[0] == 1


def test_the_same_answer_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [_workload("quay.io/acme/app:1", name=f"web-{number}") for number in range(12)]
    scan = _write(tmp_path, _secret("pull", {"quay.io": _entry()}), _account("pull"), *many)
    found = _ask(capsys, "quay.io/acme/app:1", scan)
    assert [len(one["for"]) for one in found] == [12]


def test_several_clusters_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, keys in (("east", {"quay.io": _entry()}), ("west", {"ghcr.io": _entry()})):
        (tmp_path / name).mkdir()
        _write(tmp_path / name, _secret("pull", keys), _account("pull"), _workload("quay.io/acme/app:1"))
    east, west = str(tmp_path / "east"), str(tmp_path / "west")
    found = _ask(capsys, "quay.io/acme/app:1", "--scope", "cluster", east, west)
    assert {one["for"][0]["cluster"]: one["verdict"] for one in found} == {east: "credential", west: "anonymous"}


# --- who asks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["deployment/web", "Deployment/web", "deploy/web", "deployments/web"])
def test_workloads_are_named_as_kubectl_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    scan = _write(tmp_path, _account(), _workload("quay.io/acme/app:1"))
    assert _ask(capsys, "--workload", word, scan)[0]["image"] == "quay.io/acme/app:1"


def test_an_image_is_found_by_its_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _account(), _workload("docker.io/library/nginx:1.27"))
    found = _ask(capsys, "nginx", scan)[0]
    assert found["for"][0]["object"]["name"] == "web"
    assert found["lookup"] == "docker.io/library/nginx"


def test_a_pod_of_an_account_that_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _secret("pull", {"example.com": _entry()}), _account("pull", name="web"), _account())
    assert _ask(capsys, "example.com/x:1", "--serviceaccount", "web", scan)[0]["verdict"] == "credential"
    assert _ask(capsys, "example.com/x:1", "--serviceaccount", "default", scan)[0]["verdict"] == "uncovered"
    # A registry with images for everybody says nothing of one image, so long as another account pulls with the Secret.
    scan = _write(tmp_path, _secret("pull", {"quay.io": _entry()}), _account("pull", name="web"), _account())
    assert _ask(capsys, "quay.io/x:1", "--serviceaccount", "default", scan)[0]["verdict"] == "unknown"


def test_the_importer_reads_the_whole_namespace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left_out = _secret("b", {"quay.io": _entry()})
    left_out["metadata"]["annotations"] = {"openshift.io/image.excludeSecret": "true"}
    scan = _write(tmp_path, _secret("a", {"ghcr.io": _entry()}), left_out)
    found = _ask(capsys, "quay.io/x/y:1", "--consumer", "importer", scan)[0]
    assert [step["fate"] for step in found["secrets"]] == ["read", "skipped"]
    assert found["lookup"] == "quay.io/x/y:1"
    assert found["verdict"] == "uncovered"


def test_a_node_sends_an_identity_token_where_a_pod_has_nothing_to_send(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `az acr login` writes it."""
    entry = {"auth": _base64("00000000-0000-0000-0000-000000000000:"), "identitytoken": CANARY}
    scan = _write(tmp_path, _secret("pull-secret", {"my.azurecr.io": entry}, namespace="openshift-config"))
    words = ("my.azurecr.io/team/app:1", scan, "--consumer")
    assert _ask(capsys, *words, "containers")[0]["verdict"] == "credential"
    assert "the password is empty; the token beside it is not read" in json.dumps(_ask(capsys, *words, "kubelet"))


def test_a_missing_account_forbids_the_pod_in_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _account(), _workload("quay.io/acme/app:1", serviceAccountName="absent"))
    assert _ask(capsys, "quay.io/acme/app:1", "--scope", "cluster", scan)[0]["verdict"] == "forbidden"
    assert _ask(capsys, "quay.io/acme/app:1", "--scope", "manifests", scan)[0]["verdict"] == "unknown"


def test_a_change_belongs_to_the_object_above_the_pod(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = _workload("quay.io/acme/app:1")
    copy = _workload("quay.io/acme/app:1", kind="ReplicaSet", name="web-1")
    copy["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "web", "controller": True}]
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": web["spec"]["template"]["spec"]}
    owner = {"kind": "ReplicaSet", "name": "web-1", "controller": True}
    pod["metadata"] = {"name": "web-1-x", "namespace": "shop", "uid": "1", "ownerReferences": [owner]}
    scan = _write(tmp_path, _secret("pull", {"quay.io": _entry()}), _account(), web, copy, pod)
    commands = _ask(capsys, "--pod", "web-1-x", scan)[0]["changes"][0]["commands"]
    assert "serviceaccount default" in commands[0]
    assert commands[1] == "kubectl rollout restart deployment/web -n shop"


def test_a_list_of_its_own_is_changed_in_the_template_that_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web = _workload("quay.io/acme/app:1", imagePullSecrets=[{"name": "other"}])
    copy = _workload("quay.io/acme/app:1", kind="ReplicaSet", name="web-1", imagePullSecrets=[{"name": "other"}])
    copy["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "web", "controller": True}]
    other = _secret("other", {"ghcr.io": _entry()})
    scan = _write(tmp_path, _secret("pull", {"quay.io": _entry()}), other, web, copy)
    change = _ask(capsys, "--workload", "rs/web-1", scan)[0]["changes"][0]
    assert change["summary"] == "add pull to the imagePullSecrets of Deployment web"
    assert change["commands"][0].startswith("kubectl patch deployment web --type=json")


def test_what_could_not_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path, _account(), _workload("quay.io/acme/app:1"))
    (tmp_path / "broken.yaml").write_text("kind: Secret\ndata: [\n")
    (tmp_path / "chart.yaml").write_text("kind: Secret\n{{- if .Values.pull }}\nmetadata: {name: x}\n{{- end }}\n")
    assert main(["resolve", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert "broken.yaml" in output.err
    assert "unrendered templates: 1" in output.err
    assert "quay.io/acme/app:1" in output.out


# --- what is not known ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (_base64('"431 bytes long"'), "redacted"),
        ("{{ .Values.pull }}", "templated"),
        ("ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]", "encrypted"),
        ("<BASE64_ENCODED_DOCKER_CONFIG>", "placeholder"),
    ],
)
def test_a_hidden_secret_is_said_and_not_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str, state: str
) -> None:
    hidden = {**_secret("pull", {}), "data": {".dockerconfigjson": value}}
    scan = _write(tmp_path, hidden, _account("pull"), _workload("quay.io/acme/app:1"))
    found = _ask(capsys, "quay.io/acme/app:1", scan)[0]
    assert (found["verdict"], found["works"], found["fails"]) == ("unknown", False, False)
    assert found["secrets"][0]["fate"] == "unknown"
    assert state in found["secrets"][0]["reason"]


def test_a_generated_secret_is_not_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "pull", "namespace": "shop"},
        "spec": {"encryptedData": {".dockerconfigjson": "AgB"}, "template": {"type": TYPE}},
    }
    scan = _write(tmp_path, sealed, _account("pull"), _workload("quay.io/acme/app:1"))
    found = _ask(capsys, "quay.io/acme/app:1", scan)[0]
    assert found["verdict"] == "unknown"
    assert "made by a SealedSecret" in found["secrets"][0]["reason"]


def test_a_near_miss_is_named_where_the_answer_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pull = _secret("pull", {"docker.com": _entry()})
    scan = _write(tmp_path, pull, _account("pull", "gone"), _workload("acme/app:1"))
    found = _ask(capsys, "acme/app:1", scan)[0]
    assert found["verdict"] == "unknown"
    assert "docker.com of Secret pull nearly matches" in found["summary"]
    assert found["changes"]


def test_a_registry_that_nothing_is_known_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(tmp_path, _account(), _workload("quay.io/acme/app:1"))
    assert _ask(capsys, "quay.io/acme/app:1", scan)[0]["verdict"] == "anonymous"
    settings_file = tmp_path / "s.yaml"
    settings_file.write_text("private-registries: [quay.io]\n")
    found = _ask(capsys, "quay.io/acme/app:1", "--config", str(settings_file), scan)[0]
    assert found["verdict"] == "uncovered"
    commands = found["changes"][0]["commands"]
    assert commands[0].startswith("kubectl create secret docker-registry quay-io-pull --docker-server=quay.io")
    assert "jq --arg name quay-io-pull 'if any(.imagePullSecrets[]?; .name == $name) then . else" in commands[1]


def test_a_random_order_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = {"quay.io": _entry(), "https://quay.io": _entry(password="other-word")}
    scan = _write(tmp_path, _secret("pull", twice), _account("pull"))
    found = _ask(capsys, "quay.io/acme/app:1", "--consumer", "importer", scan)[0]
    assert (found["ambiguous"], found["verdict"]) == (True, "doubtful")
    assert "all of them are quay.io" in found["changes"][0]["summary"]
    by_kubelet = _ask(capsys, "quay.io/acme/app:1", scan)[0]
    assert (by_kubelet["ambiguous"], by_kubelet["verdict"]) == (True, "credential")
    assert "changes from pull to pull" in _run(capsys, "quay.io/acme/app:1", scan)[1]


def test_an_unseen_secret_beside_a_good_one_is_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = {**_secret("a", {}), "data": {".dockerconfigjson": _base64('"431 bytes long"')}}
    scan = _write(tmp_path, hidden, _secret("b", {"quay.io": _entry()}), _account("a", "b"))
    found = _ask(capsys, "quay.io/acme/app:1", scan)[0]
    assert found["verdict"] == "credential"
    assert "Secret a cannot be judged" in found["causes"][0]


# --- near misses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "image", "part", "instead"),
    [
        ("hub.docker.com", "docker.io/acme/app", "another name", "https://index.docker.io/v1/"),
        ("docker.com", "docker.io/acme/app", "another name", "https://index.docker.io/v1/"),
        ("registry-1.docker.io", "docker.io/acme/app", "another name", "https://index.docker.io/v1/"),
        ("index.docker.io/v1", "docker.io/acme/app", "without a path", "https://index.docker.io/v1/"),
        ("quay.io/v2", "quay.io/a/b", "slash after the API version", "quay.io"),
        ("https://quay.io/v1", "quay.io/a/b", "slash after the API version", "quay.io"),
        ("Quay.io", "quay.io/a/b", "upper and lower case", "quay.io"),
        ("HTTPS://quay.io", "quay.io/a/b", "lower-case https://", "quay.io"),
        ("docker://quay.io", "quay.io/a/b", "lower-case https://", "quay.io"),
        ("quay.io/a/b:1.0", "quay.io/a/b", "tag or digest", "quay.io/a/b"),
        ("quay.io/a/b@sha256:" + "0" * 64, "quay.io/a/b", "tag or digest", "quay.io/a/b"),
        ("quay.io/a/*", "quay.io/a/b", "asterisk stands in its path", "quay.io/a"),
        ("quay.io/a/b/", "quay.io/a/b", "closing slash", "quay.io/a/b"),
        (" quay.io", "quay.io/a/b", "white space", "quay.io"),
        ("registry.example.com", "registry.example.com:5000/a", "port", "registry.example.com:5000"),
        ("registry.example.com:443", "registry.example.com/a", "port", "registry.example.com"),
        ("*.example.com", "a.b.example.com/x", "one label", "*.b.example.com"),
        ("*.example.com", "example.com/x", "one label", "example.com"),
        ("registry.exmaple.com", "registry.example.com/x", "typing error", "registry.example.com"),
        ("registry.example.org", "registry.example.com/x", "ends in .org", "registry.example.com"),
        ("example.com", "registry.example.com/x", "subdomain", "registry.example.com"),
        ("registry", "docker.io/registry/app", "one of Docker Hub", ""),
        ("quay.io/team-a", "quay.io/team-b/app", "serves only", "quay.io"),
    ],
)
def test_a_near_miss_is_explained(key: str, image: str, part: str, instead: str) -> None:
    near = near_miss(key, image)
    assert near is not None
    assert part in near.why
    assert near.instead == instead


@pytest.mark.parametrize("key", ["cloud.openshift.com", "gcr.io", "", "auths", "registry.connect.redhat.com", "x y"])
def test_another_registry_is_no_near_miss(key: str) -> None:
    assert near_miss(key, "ghcr.io/acme/app") is None


# --- no credential in any output -----------------------------------------------------------------------------------


def test_no_credential_reaches_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = _write(
        tmp_path,
        _secret("good", {f"https://{USER}:{CANARY}@quay.io": _entry()}),
        _secret("cut", '{"auths": {"quay.io": {"username": "' + USER + '", "password": "' + CANARY + '"'),
        _secret("typed", {"quay.io": {"username": USER, "password": [CANARY]}}),
        _secret("near", {"quay.ioo": _entry()}, type="Opaque"),
        _account("good", "near"),
        _account("good", "cut", name="cut"),
        _account("typed", name="typed"),
        _workload("quay.io/acme/app:1"),
        _workload("quay.io/acme/app:1", name="two", serviceAccountName="cut"),
        _workload("quay.io/acme/app:1", name="three", serviceAccountName="typed"),
    )
    for words in ([scan], ["quay.io/acme/app:1", scan], ["quay.io/x", "-n", "shop", "--consumer", "importer", scan]):
        for form in ("text", "json"):
            out = _run(capsys, *words, "--format", form)[1]
            assert CANARY not in out
            assert _base64(f"{USER}:{CANARY}") not in out
            assert USER not in out
    assert "ro•••" in _run(capsys, "quay.io/acme/app:1", "--workload", "deploy/web", scan)[1]


def test_escapes_in_names_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "quay.io\u202e\x1b[31m"
    scan = _write(tmp_path, _secret("pull", {key: _entry()}), _account("pull"), _workload("quay.io/a\x1b[2J"))
    out = _run(capsys, scan)[1] + _run(capsys, "--workload", "deploy/web", scan)[1]
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_what_is_never_pulled_is_no_pull_of_the_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = {"name": "app", "image": "quay.io/acme/app:1", "imagePullPolicy": "Never"}
    never = _workload("", containers=[image])
    ended = {**_workload("", kind="Pod", name="old"), "apiVersion": "v1", "status": {"phase": "Succeeded"}}
    ended["spec"] = {"containers": [{"name": "app", "image": "quay.io/acme/job:1"}]}
    volume = {"name": "model", "image": {"reference": "quay.io/acme/model:1", "pullPolicy": "Never"}}
    mounted = _workload("quay.io/acme/run:1", name="run", volumes=[volume])
    scan = _write(tmp_path, _secret("pull", {"quay.io/acme": _entry()}), _account(), never, ended, mounted)
    assert [one["image"] for one in _ask(capsys, scan)] == ["quay.io/acme/run:1"]
    for asked, told in (("deployment/web", "its pull policy is Never"), ("pod/old", "run its course")):
        (answer,) = _ask(capsys, scan, "--workload", asked)
        assert any(told in note for note in answer["notes"])


def test_a_path_of_a_private_registry_is_private(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "settings.yaml"
    config.write_text("private-registries: [example.com/acme]\n")
    scan = _write(tmp_path, _account())
    for image, verdict in (("example.com/acme/app:1", "uncovered"), ("example.com/acme-open/app:1", "anonymous")):
        (answer,) = _ask(capsys, image, scan, "--config", str(config))
        assert answer["verdict"] == verdict


def test_a_scan_without_secrets_proves_none_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `oc get all` lists holds no Secret: none of them is said to be missing from the namespace."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "2"},
        "spec": {"imagePullSecrets": [{"name": "reg"}], "containers": [{"name": "web", "image": "quay.io/shop/web:1"}]},
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "shop", "uid": "3"}}
    for items, said in (([pod], "not in the scan"), ([pod, secret], "not in namespace shop: the kubelet goes on")):
        file = tmp_path / "all.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
        _, out = _run(capsys, "quay.io/shop/web:1", "-n", "shop", "--scope", "cluster", str(file))
        assert said in " ".join(out.split())
