"""The byte filter never drops a document that can matter, whatever its spelling."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.documents.build import build
from linter.documents.kinds import FIELD_WORDS, KINDS, matters, may_make_secrets, names_kind
from linter.sources import Limits

KEYS = st.sampled_from(
    [
        "kind",
        "'kind'",
        '"kind"',
        '"k\\u0069nd"',
        '"\\x6bind"',
        "kind ",
        "? kind\n",
        "? &k kind\n",
        "? |-\n  kind\n",
        "? !!str kind\n",
        "*k ",
        "&k kind",
        "!!str kind",
        "? # note\n  kind\n",
        "name",
        "kindness",
        '"ki\\\n  nd"',
        "? >-\n  kind\n",
        "? *k\n",
        "!!binary a2luZA== ",
    ]
)
VALUES = st.sampled_from(
    [
        "Secret",
        "'Secret'",
        '"Secret"',
        '"\\u0053ecret"',
        "&s Secret",
        "*s",
        "!!str Secret",
        ">-\n  Secret",
        "|-\n  Secret",
        "\n  Secret",
        "ConfigMap",
        "BitwardenSecret",
        "'OnePasswordItem'",
        "XVault1",
        ">-\n  GeneratingPolicy",
        "NetworkPolicy",
        "SecretList",
        "List",
        "Service",
        "{{ .kind }}",
        '"Sec\\\n  ret"',
        "# note\n  Pod",
        "!!binary U2VjcmV0",
        "kind",
        "&k kind",
        "!x Secret",
        "[Secret]",
        "\n  kind: Job",
        "*k",
        "''",
        '"Sec\\\r\n  ret"',
    ]
)
PAIRS = st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=4)


def kinds_in(data: Any) -> set[str]:
    """Every kind that the data hold anywhere."""
    if isinstance(data, dict):
        own = {data["kind"]} if isinstance(data.get("kind"), str) else set()
        return own.union(*(kinds_in(value) for value in data.values()))
    return set().union(*(kinds_in(item) for item in data)) if isinstance(data, list) else set()


def wanted_kind(kind: str) -> bool:
    named = names_kind(kind)
    return may_make_secrets(named) or (named in KINDS and not KINDS[named])


@settings(max_examples=1000, deadline=None)
@given(PAIRS, st.sampled_from(["\n", "\r\n"]))
def test_a_dropped_document_holds_no_kind_that_matters(pairs: list[tuple[str, str]], newline: str) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in pairs).replace("\n", newline)
    try:
        data = build(text, Limits())
    except yaml.YAMLError:
        return
    wanted = any(wanted_kind(kind) for kind in kinds_in(data))
    assert matters(text) or not wanted


FLOW = st.lists(
    st.tuples(st.sampled_from(['"kind"', "kind", '"kind"\n', "? kind", "'kind'", '"k\\u0069nd"']), VALUES), max_size=3
)


@settings(max_examples=1000, deadline=None)
@given(FLOW)
def test_the_same_in_flow_style(pairs: list[tuple[str, str]]) -> None:
    text = "{" + ",".join(f"{key}: {value}" for key, value in pairs) + "}"
    try:
        data = build(text, Limits())
    except yaml.YAMLError:
        return
    wanted = any(wanted_kind(kind) for kind in kinds_in(data))
    assert matters(text) or not wanted


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "kind: ConfigMap\ndata: {note: this is about a Secret}\n",
        "kind: Service\napiVersion: v1\n",
        "kind: List\nitems: []\n",
        "kind: ConfigMapList\nitems: []\n",
        "kind: ConfigMap\ndata:\n  run: |\n    docker run \\\n      --rm x\n",
        '{"kind": "ConfigMap", "data": {"a": "b\\n"}}',
        "description: some kind of thing\n",
        "apiVersion: image.openshift.io/v1\nkind: Image\n",
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n",
        "kind: ClusterSecretStore\n",
        "kind: Infrastructure\napiVersion: example.com/v1\n",
    ],
)
def test_what_cannot_matter_is_dropped(text: str) -> None:
    assert not matters(text)


@pytest.mark.parametrize(
    "text",
    [
        "kind: Secret",
        '{"kind":"SecretList","items":[]}',
        '{"kind"\n:\n"Secret"}',
        "kind: Service\napiVersion: serving.knative.dev/v1\n",
        "apiVersion: config.openshift.io/v1\nkind: Image\n",
        "image:\n  pullSecrets: [a]\n",
        "- op: add\n  path: /spec/template/spec/imagePullSecrets\n",
        "x: .DOCKERCONFIGJSON",
        "packagePullSecrets: []",
        "argocd-image-updater.argoproj.io/web.pull-secret: secret:ci/quay#creds",
        "image_pull_secrets: [quay]",
        "kind: {{ .Values.kind }} # Deployment",
        "apiVersion: config.openshift.io/v1\nkind: Infrastructure\n",
        "kind: SecretImport",
        "kind: BitwardenSecretList",
        "kind: K8sSecret",
        "kind: >-\n  OnePasswordItem\n",
        "kind: GeneratingPolicy",
    ],
)
def test_what_can_matter_stays(text: str) -> None:
    assert matters(text)


def test_the_table_needs_no_upper_case_field_words() -> None:
    assert all(word == word.lower() for word in FIELD_WORDS)
    assert {"Secret", "ServiceAccount", "Pod", "ImageStream", "BuildConfig", "Kustomization"} <= KINDS.keys()
