"""Reported cases 1 to 20: what a secret holds, and whether its readers can read it."""

import json
from pathlib import Path

import pytest
from desk import DOCKERCFG, DOCKERCONFIGJSON, HUB, Desk, account, auth, auths, encoded, secret

from linter.__main__ import main


def test_01_the_credential_stayed_in_the_laptops_store(desk: Desk) -> None:
    """docker/for-mac#4545, kubernetes/website#14304, #15166, #36521."""
    told = desk.pull("acme/app:1", secret({"auths": {HUB: {}}, "credsStore": "desktop"}))
    assert told.verdict == "unusable"
    assert told.exit_code == 1
    assert "helper (credsStore)" in told.why
    assert told.finds("RC110")


def test_02_credential_helpers_are_not_run_by_the_kubelet(desk: Desk) -> None:
    """docker/for-mac#6021."""
    payload = {"credsStore": "desktop", "credHelpers": {"registry.example.com": "gcloud"}}
    told = desk.pull("registry.example.com/acme/app:1", secret(payload))
    assert told.verdict == "uncovered"
    assert "credsStore and credHelpers" in told.why
    assert told.finds("RC110")


def test_03_a_misspelt_store_and_an_empty_entry(desk: Desk) -> None:
    """google/containerregistry#144, go-containerregistry#280."""
    told = desk.pull("acme/app:1", secret({"credSstore": "osxkeychain", "auths": {HUB: {}}}))
    assert told.verdict == "unusable"
    assert "holds no credential" in told.why
    assert told.finds("RC110")


def test_04_the_legacy_map_under_the_new_key(desk: Desk) -> None:
    """docker/for-mac#4545."""
    told = desk.pull("acme/app:1", secret({HUB: auth()}))
    assert told.verdict == "uncovered"
    assert "no `auths` object" in told.why
    assert ".dockercfg format" in told.why
    assert DOCKERCFG in told.change
    assert told.finds("RC104")


def test_05_the_new_format_under_the_legacy_key(desk: Desk) -> None:
    """openshift/origin#14541, #5517."""
    told = desk.pull("quay.io/acme/app:1", secret(auths("quay.io"), kind=DOCKERCFG))
    assert told.verdict == "uncovered"
    assert "taken for the name of a registry" in told.why
    assert f"anew with type {DOCKERCONFIGJSON}" in told.change
    assert told.finds("RC104")


def test_06_a_type_that_does_not_go_with_the_key(desk: Desk) -> None:
    """kubernetes#57801."""
    sealed = secret(auths("quay.io"), kind=DOCKERCFG, key=".dockerconfigjson")
    told = desk.pull("quay.io/acme/app:1", sealed)
    assert told.verdict == "uncovered"
    assert "does not go with the key" in told.why
    assert "delete secret pull" in told.change
    assert told.finds("RC111")


def test_07_an_opaque_secret_is_ignored_in_silence(desk: Desk) -> None:
    """kubernetes/website#35154, enabling-cloud/oci-learning#4."""
    told = desk.pull("quay.io/acme/app:1", secret(auths("quay.io"), kind="Opaque"))
    assert told.verdict == "uncovered"
    assert "its type is Opaque" in told.why
    assert "in silence" in told.why
    assert DOCKERCONFIGJSON in told.change
    assert told.finds("RC111")


def test_08_base64_wrapped_and_folded(desk: Desk) -> None:
    """fermayo/ecr-k8s-secret#1: in YAML the lines of a plain scalar are joined by blanks."""
    sealed = secret(auths("quay.io", "registry.example.com"))
    value = sealed["data"][".dockerconfigjson"]
    sealed["data"][".dockerconfigjson"] = f"{value[:76]} {value[76:]}"
    told = desk.pull("quay.io/acme/app:1", sealed)
    assert not told.answer["works"]
    assert "illegal base64 data at input byte 76" in told.why
    assert told.finds("RC101")


def test_09_encoded_twice(desk: Desk) -> None:
    """azure-key-vault-to-kubernetes#90, external-secrets#543, terraform-provider-kubernetes#145."""
    told = desk.pull("quay.io/acme/app:1", secret(encoded(json.dumps(auths("quay.io")))))
    assert told.verdict == "refused"
    assert "invalid character 'e' looking for beginning of value" in told.why
    assert "encoded once too often" in told.change
    assert told.finds("RC103")


def test_10_the_property_around_the_payload(desk: Desk) -> None:
    """kubernetes-external-secrets#535."""
    told = desk.pull("quay.io/acme/app:1", secret({"value": json.dumps(auths("quay.io"))}))
    assert told.verdict == "unknown"
    assert told.exit_code == 1
    assert "no `auths` object" in told.why
    assert told.finds("RC104")


def test_11_a_json_string_instead_of_an_object(desk: Desk) -> None:
    """external-secrets#4569."""
    told = desk.pull("quay.io/acme/app:1", secret(json.dumps(json.dumps(auths("quay.io")))))
    assert told.verdict == "refused"
    assert "cannot unmarshal string into Go value" in told.why
    assert "store the object itself" in told.change
    assert told.finds("RC104")


def test_12_a_quote_inside_the_password(desk: Desk) -> None:
    """vault-crd#107, terraform-provider-kubernetes#1866."""
    told = desk.pull("quay.io/acme/app:1", secret('{"auths":{"quay.io":{"username":"user","password":"pa"ess"}}}'))
    assert told.verdict == "refused"
    assert "invalid character 'e' after object key:value pair" in told.why
    assert (told.answer["secrets"][0]["line"], told.answer["secrets"][0]["column"]) == (1, 55)
    assert "inside a password escaped" in told.change
    assert told.finds("RC102")


def test_13_a_key_file_pasted_into_the_password(desk: Desk) -> None:
    """external-secrets#503, concourse/docker-image-resource#73."""
    payload = '{"auths":{"registry.example.com":{"username":"_json_key","password":"{\n  "type": "x"\n}"}}}'
    told = desk.pull("registry.example.com/acme/app:1", secret(payload))
    assert told.verdict == "refused"
    assert "invalid character '\\n' in string literal" in told.why
    assert told.finds("RC102")


def test_14_auth_that_was_never_encoded(desk: Desk) -> None:
    """aquasecurity/starboard#857: one such entry fails every container of the pod."""
    payload = {"auths": {"gcr.io": {"auth": "_json_key_base64:hunter2"}, "quay.io": auth()}}
    told = desk.pull("quay.io/acme/app:1", secret(payload))
    assert told.verdict == "refused"
    assert told.answer["secrets"][0]["entry"] == "gcr.io"
    assert "every container of the pod fails" in told.why
    assert "repair Secret pull at line 1" in told.change
    assert "base64 of user:password" in told.change
    assert told.finds("RC106")


def test_15_a_malformed_auth_in_the_global_secret(desk: Desk) -> None:
    """openshift/machine-config-operator#3806: the kubelet passes over the file, CRI-O finds nothing in the entry."""
    payload = {"auths": {"my.fake.repo": {"auth": "myfakeauth=="}, "quay.io": auth()}}
    node = secret(payload, "pull-secret", namespace="openshift-config")
    told = desk.ask("my.fake.repo/app:1", node, words=("--consumer", "containers"))
    assert told.verdict == "unusable"
    assert "unable to parse auth field" in told.why
    by_kubelet = desk.ask("quay.io/app:1", node, words=("-n", "openshift-config"))
    assert "passed over" in by_kubelet.why
    assert told.finds("RC106")


@pytest.mark.parametrize("payload", ["{}", "null"])
def test_16_an_empty_global_secret(desk: Desk, payload: str) -> None:
    """openshift/machine-config-operator#5486, crc-org/snc#1253."""
    node = secret(payload, "pull-secret", namespace="openshift-config")
    told = desk.ask("registry.redhat.io/ubi9/ubi:9.4", node, words=("--consumer", "containers"))
    assert told.verdict == "uncovered"
    assert "serves nobody without a credential" in told.why
    assert told.finds("RC504")


def test_17_credential_helpers_in_the_global_secret(desk: Desk) -> None:
    """openshift/machine-config-operator#5813."""
    payload = {**auths("quay.io"), "credHelpers": {"registry.example.com": "gcloud"}}
    node = secret(payload, "pull-secret", namespace="openshift-config")
    told = desk.ask("registry.example.com/app:1", node, words=("--consumer", "containers"))
    assert told.verdict == "refused"
    assert "credential helper" in told.why


def test_18_auth_without_padding(desk: Desk) -> None:
    """kubernetes#82147, connaisseur#546: today's kubelet takes it, CRI-O's reader does not."""
    node = secret({"auths": {"quay.io": {"auth": "dXNlcjpwYXNzZXM"}}}, "pull-secret", namespace="openshift-config")
    told = desk.ask("quay.io/acme/app:1", node, account(namespace="openshift-config"), words=("-n", "openshift-config"))
    assert told.verdict == "credential"
    assert told.answer["offered"][0]["secret"] is None
    by_node = desk.ask("quay.io/acme/app:1", node, words=("--consumer", "containers"))
    assert by_node.verdict == "refused"
    assert told.finds("RC505")


def test_19_a_line_break_behind_the_password(desk: Desk) -> None:
    """kubevirt/containerized-data-importer#2804, terraform-openshift4-aws#54."""
    told = desk.pull("quay.io/acme/app:1", secret(auths("quay.io", password="pass\n")))
    assert told.verdict == "doubtful"
    assert "password ends with a line break" in told.why
    assert told.finds("RC107")


def test_20_the_browsers_address_and_a_colon_in_base64(desk: Desk) -> None:
    """A project's troubleshooting page."""
    told = desk.pull("acme/app:1", secret({"auths": {"hub.docker.com": {"auth": "dXNlcjpwYXNzd29yZC1zdHI6:"}}}))
    assert told.verdict == "refused"
    assert "illegal base64 data at input byte 24" in told.why
    assert told.near("hub.docker.com")["instead"] == HUB
    assert told.finds("RC106")


@pytest.mark.parametrize("payload", ["{'auths': {'quay.io': {'auth': 'dXNlcjpwYXNz'}}}", "auths: nothing"])
def test_a_payload_that_is_no_json_is_edited_and_put_back(
    payload: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No tool that logs in can read the file, and a new file would have none of the other entries."""
    (tmp_path / "s.json").write_text(json.dumps(secret(payload)))
    main(["check", str(tmp_path / "s.json"), "--select", "RC102", "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["commands"][1] == '"${EDITOR:-vi}" auth.json'
