"""Reported cases 37 to 53: whether the secret reaches the pull, and what it is worth there."""

import json

from desk import DOCKERCFG, Desk, account, auth, auths, deployment, encoded, meta, secret


def test_37_a_namespace_in_the_list_item(desk: Desk) -> None:
    """bjw-s-labs/helm-charts#395, kubernetes#104415, #120188."""
    web = deployment("ghcr.io/acme/app:1", "ghcr-pull-secret")
    web["spec"]["template"]["spec"]["imagePullSecrets"][0]["namespace"] = "external"
    there = secret(auths("ghcr.io"), "ghcr-pull-secret", namespace="external")
    told = desk.ask("ghcr.io/acme/app:1", there, secret(auths("quay.io"), "other"), web, account())
    assert told.verdict == "uncovered"
    assert "names namespace external: there is no such field" in told.why
    assert "copy Secret ghcr-pull-secret from namespace external" in told.change
    assert told.finds("RC312")


def test_38_the_list_inside_the_container(desk: Desk) -> None:
    """defenseunicorns/pepr#2975, envoyproxy/gateway#2371, kubernetes#57801 and four more."""
    web = deployment("quay.io/acme/app:1")
    web["spec"]["template"]["spec"]["containers"][0]["imagePullSecrets"] = [{"name": "pull"}]
    told = desk.ask("quay.io/acme/app:1", secret(auths("quay.io")), web, account())
    assert told.verdict == "uncovered"
    assert "container app has imagePullSecrets" in told.why
    assert told.finds("RC312")


def test_39_the_list_under_the_deployments_spec(desk: Desk) -> None:
    """The sample in kustomize#1606."""
    web = deployment("quay.io/acme/app:1")
    web["spec"]["imagePullSecrets"] = [{"name": "pull"}]
    told = desk.ask("quay.io/acme/app:1", secret(auths("quay.io")), web, account())
    assert told.verdict == "uncovered"
    assert "they belong under spec.template.spec" in told.why
    assert told.finds("RC312")


def test_40_a_list_of_its_own_masks_the_accounts(desk: Desk) -> None:
    """jainishshah17/tugger#31, kubernetes/website#38428, actions/runner-container-hooks#447."""
    own, other = secret(auths("ghcr.io"), "own"), secret(auths("quay.io"), "shared")
    told = desk.ask("quay.io/acme/app:1", own, other, account("shared"), deployment("quay.io/acme/app:1", "own"))
    assert told.verdict == "uncovered"
    assert told.answer["list"]["masked"] == ["shared"]
    assert "add shared to the imagePullSecrets of Deployment web" in told.change
    assert "/spec/template/spec/imagePullSecrets/-" in told.change
    assert told.finds("RC305")


def test_41_a_pod_older_than_the_link(desk: Desk) -> None:
    """kubernetes#88456, imagepullsecret-patcher#10, cloudnative-pg#11521."""
    spec = {"serviceAccountName": "default", "containers": [{"name": "app", "image": "quay.io/acme/app:1"}]}
    uid = {"uid": "5e1c0de0-0000-4000-8000-000000000001", "resourceVersion": "7"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta("web-1", **uid), "spec": spec}
    told = desk.ask("quay.io/acme/app:1", secret(auths("quay.io")), account("pull"), pod)
    assert told.verdict == "uncovered"
    assert "admitted with an empty list" in told.answer["list"]["how"]
    assert "kubectl delete pod web-1 -n shop" in told.change
    assert told.finds("RC309")


def test_42_the_generated_secret_is_gone_from_the_list(desk: Desk) -> None:
    """openshift-controller-manager#319, toolhive#3627, infra-deployments#3402, stackrox#12124."""
    host = "image-registry.openshift-image-registry.svc:5000"
    marks = {"openshift.io/internal-registry-auth-token.service-account": "default"}
    own = secret({host: auth("serviceaccount", "token-text")}, "default-dockercfg-x7k2p", DOCKERCFG, annotations=marks)
    image = f"{host}/shop/app:1"
    told = desk.ask(image, own, secret(auths("quay.io")), account("pull"), deployment(image))
    assert told.verdict == "uncovered"
    assert "oc secrets link default default-dockercfg-x7k2p --for=pull -n shop" in told.change


def test_43_the_second_patch_replaced_the_first(desk: Desk) -> None:
    """kubernetes#91250: the change is one that adds."""
    first, second = secret(auths("quay.io"), "first"), secret(auths("ghcr.io"), "second")
    told = desk.ask("quay.io/acme/app:1", first, second, account("second"), deployment("quay.io/acme/app:1"))
    assert told.verdict == "uncovered"
    assert "kubectl get serviceaccount default -o json -n shop | jq --arg name first" in told.change
    assert ".imagePullSecrets += [{name: $name}]" in told.change
    assert told.finds("RC301")


def test_44_linked_for_mounts_only(desk: Desk) -> None:
    """go-containerregistry#1560, syndesis#4988."""
    web = deployment("quay.io/acme/app:1", account="web")
    told = desk.ask("quay.io/acme/app:1", secret(auths("quay.io")), account(name="web", mounts=("pull",)), web)
    assert told.verdict == "uncovered"
    assert "`secrets` alone, which serves mounts and no pull" in told.why
    assert told.finds("RC302")


def test_45_a_token_of_twelve_hours_in_a_static_secret(desk: Desk) -> None:
    """fluxcd/image-reflector-controller#71, flux2#643, groundlight/edge-endpoint#148."""
    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    token = {"payload": "x", "datakey": "x", "version": "2", "type": "DATA_KEY", "expiration": 1600000000}
    told = desk.pull(f"{host}/app:1", secret(auths(host, user="AWS", password=encoded(json.dumps(token)))))
    assert told.verdict == "unusable"
    assert "expired on 2020-09-13" in told.why
    assert told.finds("RC601")


def test_46_a_mirror_asks_with_the_node_wide_file_only(desk: Desk) -> None:
    """openshift-docs#31968, #19440, MCO#1345, cri-o#4941."""
    mirrors = [{"source": "quay.io/acme", "mirrors": ["mirror.example.com/acme"]}]
    policy = {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ImageTagMirrorSet",
        "metadata": {"name": "acme"},
        "spec": {"imageTagMirrors": mirrors},
    }
    node = secret(auths("registry.example.com"), "pull-secret", namespace="openshift-config")
    scan = (policy, node, secret(auths("quay.io", "mirror.example.com")), account("pull"))
    told = desk.ask("quay.io/acme/app:1", *scan, deployment("quay.io/acme/app:1"))
    assert "ImageTagMirrorSet acme sends the pull to mirror.example.com/acme/app first" in told.why
    assert "the node-wide file has no credential for it" in told.why
    assert told.finds("RC406")


def test_47_the_shell_ate_the_robots_name(desk: Desk) -> None:
    """goharbor/harbor#15410, #13116, #15757, #13802. Only a guess is possible, and it is told as one."""
    told = desk.pull("harbor.example.com/acme/app:1", secret(auths("harbor.example.com", user="robot")))
    assert told.verdict == "credential"
    assert "if a robot account is meant" in told.why
    assert told.finds("RC118")


def test_48_a_doubled_dollar(desk: Desk) -> None:
    """kubesphere#2881."""
    told = desk.pull("harbor.example.com/acme/app:1", secret(auths("harbor.example.com", user="robot$$ci")))
    assert told.verdict == "doubtful"
    assert "one `$` too many" in told.why
    assert told.finds("RC118")


def test_49_a_generated_name_that_was_not_carried_over(desk: Desk) -> None:
    """kustomize#1606, #801, #128, flux2#4546."""
    made = secret(auths("quay.io"), "test-regcred-765d229md4")
    told = desk.ask("quay.io/acme/app:1", made, account(), deployment("quay.io/acme/app:1", "regcred"))
    assert told.verdict == "uncovered"
    assert "did you mean test-regcred-765d229md4?" in told.change
    assert told.finds("RC303")


def test_50_a_placeholder_for_the_replicator_is_no_defect(desk: Desk) -> None:
    """argo-cd#2875: what it will hold is not known, and nothing is wrong."""
    marks = {"replicator.v1.mittwald.de/replicate-from": "infra/pull"}
    told = desk.pull("quay.io/acme/app:1", secret("{}\n", annotations=marks))
    assert told.verdict == "unknown"
    assert "replicat" in told.why
    assert not told.codes


def test_52_names_copied_without_their_secrets(desk: Desk) -> None:
    """opendevstack/ods-project-quickstarts#347."""
    other = secret(auths("ghcr.io"), "unrelated")
    told = desk.ask("quay.io/acme/app:1", other, account("cd-pull"), deployment("quay.io/acme/app:1"))
    assert told.verdict == "unknown"
    assert told.answer["secrets"][0]["fate"] == "missing"
    assert told.exit_code == 1
    assert told.finds("RC303")


def test_53_the_wrong_secret(desk: Desk) -> None:
    """openshift/hypershift#2338: a cloud credential whose key is `pullSecret`."""
    cloud = {**secret(auths("quay.io"), "cloud", kind="Opaque", key="pullSecret")}
    told = desk.ask("quay.io/acme/app:1", cloud, account("cloud"), deployment("quay.io/acme/app:1"))
    assert not told.answer["works"]
    assert "no pull secret: its type is Opaque" in told.why
    assert told.finds("RC306")
