"""Reported cases 21 to 36 and 51: registry keys, and the entries behind them."""

import pytest
from desk import HUB, Desk, account, auth, auths, deployment, secret, stream


def test_21_docker_com_is_not_docker_hub(desk: Desk) -> None:
    """oracle/weblogic-kubernetes-operator#17."""
    told = desk.pull("acme/app:1", secret(auths("docker.com")))
    assert told.verdict == "uncovered"
    assert told.near("docker.com")["instead"] == HUB
    assert "looked up as docker.io" in told.why
    assert told.finds("RC205")


def test_22_docker_io_serves_imports_today(desk: Desk) -> None:
    """openshift/origin#7580, fixed in 3.2."""
    told = desk.ask("docker.io/acme/app:1", secret(auths("docker.io")), stream("docker.io/acme/app:1"))
    assert told.answer["consumer"] == "importer"
    assert told.verdict == "credential"
    assert told.exit_code == 0


def test_23_a_host_with_another_ending(desk: Desk) -> None:
    """konstructio/kubefirst#2256."""
    told = desk.pull("registry.gitlab.com/acme/app:1", secret(auths("registry.gitlab.io")))
    assert told.verdict == "uncovered"
    assert told.near("registry.gitlab.io")["instead"] == "registry.gitlab.com"


def test_24_a_port_that_the_key_lacks(desk: Desk) -> None:
    """kubernetes#57801."""
    told = desk.pull("privateRepository:5000/app:1", secret(auths("https://privateRepository/")))
    assert told.verdict == "uncovered"
    near = told.near("https://privateRepository/")
    assert near["match"] == "near"
    assert "port" in near["why"]
    assert near["instead"] == "privateRepository:5000"
    assert told.finds("RC208")


def test_25_port_80_of_old_importers(desk: Desk) -> None:
    """openshift/origin#19865, openshift-docs#9876."""
    scan = (secret(auths("example.com")), stream("example.com/test:latest", insecure=True))
    told = desk.ask("example.com/test:latest", *scan, config='openshift-version: "4.4"')
    assert "example.com:80" in told.why
    assert told.finds("RC401")
    today = desk.ask("example.com/test:latest", *scan)
    assert today.verdict == "credential"
    assert not today.answer["notes"]


def test_27_two_secrets_for_one_registry_in_one_namespace(desk: Desk) -> None:
    """openshift/origin#9758: the importer takes the first by name and never tries the other."""
    one, two = secret(auths("quay.io"), "a-pull"), secret(auths("quay.io", user="robot"), "b-pull")
    told = desk.ask("quay.io/acme/app:1", two, one, stream("quay.io/acme/app:1"))
    assert [offer["secret"] for offer in told.answer["offered"]] == ["a-pull", "b-pull"]
    assert "never tried: 2." in told.text
    assert told.finds("RC203")


def test_28_longer_paths_come_first(desk: Desk) -> None:
    """go-containerregistry#1329, openshift-preflight#495: the kubelet honours what crane ignores."""
    payload = auths("quay.io", "quay.io/telcoci", "quay.io/telcoci/bundle")
    told = desk.pull("quay.io/telcoci/bundle/app:1", secret(payload))
    keys = [offer["key"] for offer in told.answer["offered"]]
    assert keys == ["quay.io/telcoci/bundle", "quay.io/telcoci", "quay.io"]
    assert told.verdict == "credential"
    assert not told.codes & {"RC201", "RC202", "RC203", "RC204", "RC205"}


def test_29_a_key_is_a_prefix_of_text(desk: Desk) -> None:
    """kubernetes#102472."""
    told = desk.pull("quay.io/acme/foo-my-suffix:1", secret(auths("quay.io/acme/foo")))
    assert told.verdict == "credential"
    assert told.near("quay.io/acme/foo")["match"] == "match"
    assert told.finds("RC207")


def test_30_an_asterisk_stands_for_one_label(desk: Desk) -> None:
    """kubernetes#119941."""
    told = desk.pull("eu.my-registry.io/app:1", secret(auths("*my-registry.io")))
    assert told.verdict == "uncovered"
    assert "one label" in told.near("*my-registry.io")["why"]
    assert told.near("*my-registry.io")["instead"] == "*.my-registry.io"


def test_31_wildcards_are_the_kubelets_alone(desk: Desk) -> None:
    """starboard#1212, kuik#92, portieris#456."""
    scan = (secret(auths("*.jfrog.io")), account("pull"), deployment("acme.jfrog.io/app:1"))
    assert desk.ask("acme.jfrog.io/app:1", *scan).verdict == "credential"
    words = ("--consumer", "containers", "--serviceaccount", "default")
    told = desk.ask("acme.jfrog.io/app:1", *scan, words=words)
    assert told.verdict == "uncovered"
    assert "asterisk means nothing" in told.why
    assert told.finds("RC206")


def test_32_a_scheme_on_the_key_is_dropped(desk: Desk) -> None:
    """openkruise/kruise#526."""
    told = desk.pull("registry.example.com/app:1", secret(auths("https://registry.example.com")))
    assert told.verdict == "credential"
    assert told.near("https://registry.example.com")["stored"] == "registry.example.com"


def test_33_user_name_and_password_without_auth(desk: Desk) -> None:
    """kubewarden/adm-controller#1734, cloud-api-adaptor#2455."""
    payload = {"auths": {"quay.io": {"username": "user", "password": "pass"}}}
    scan = (secret(payload), account("pull"), deployment("quay.io/acme/app:1"))
    assert desk.ask("quay.io/acme/app:1", *scan).verdict == "credential"
    told = desk.ask("quay.io/acme/app:1", *scan, words=("--consumer", "containers", "--serviceaccount", "default"))
    assert told.verdict == "unusable"
    assert "without `auth`" in told.why


@pytest.mark.parametrize("consumer", ["kubelet", "containers"])
def test_34_auth_alone_is_enough(desk: Desk, consumer: str) -> None:
    """portieris#174, coder/envbox#102."""
    scan = (secret(auths("quay.io")), account("pull"))
    told = desk.ask("quay.io/acme/app:1", *scan, words=("--consumer", consumer, "--serviceaccount", "default"))
    assert told.verdict == "credential"
    assert told.exit_code == 0


def test_35_an_empty_password_beside_an_identity_token(desk: Desk) -> None:
    """testcontainers-node#1196: the login file of Azure."""
    user = "00000000-0000-0000-0000-000000000000"
    entry = {**auth(user, ""), "identitytoken": "invented-token"}
    told = desk.pull("acme.azurecr.io/app:1", secret({"auths": {"acme.azurecr.io": entry}}))
    assert told.verdict == "unusable"
    assert "the password is empty; the token beside it is not read" in told.why
    assert told.finds("RC114")


def test_36_an_empty_user_name(desk: Desk) -> None:
    """ztp-pipeline-relocatable#835."""
    told = desk.pull("quay.io/acme/app:1", secret(auths("quay.io", user="")))
    assert told.verdict == "unusable"
    assert "the user name is empty" in told.why
    assert told.finds("RC109")


def test_51_a_key_that_is_no_registry(desk: Desk) -> None:
    """ai-dynamo/dynamo#10790: the kubelet drops that key and keeps the rest."""
    garbage = "pip install torch --index-url https:"
    told = desk.pull("quay.io/acme/app:1", secret(auths(garbage, "quay.io")))
    assert told.verdict == "credential"
    assert told.near(garbage)["match"] == "dropped"
    assert told.finds("RC204")
