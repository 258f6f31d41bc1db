"""Which Secret is taken for the one that was meant, where none has the name that is written."""

import json
import re
from pathlib import Path

from tests.commons import quiet

_NEAR = [
    ("my-registry-key-2", ["my-registry-key-1"], "my-registry-key-1"),
    ("registry-secret", ["kubedb-monitor-registry-secret"], "kubedb-monitor-registry-secret"),
    ("acme-pull", ["acme-pull-7f4hkd2b9m"], "acme-pull-7f4hkd2b9m"),
    ("docker-hub", ["dockerhub"], "dockerhub"),
    ("registry-harbor", ["harbor.registry"], "harbor.registry"),
    ("quay-creds", ["quay-credentials"], "quay-credentials"),
    ("Quay_Pull", ["quay-pull"], "quay-pull"),
    ("nexsu", ["nexus"], "nexus"),
    ("harbr", ["harbor"], "harbor"),
    ("arborx", ["arbor"], "arbor"),
    ("artifcats", ["artifacts"], "artifacts"),
    ("artifaktz", ["artifacts"], "artifacts"),
    ("ratifacst", ["artifacts"], "artifacts"),
    ("quay", ["quay-pull"], "quay-pull"),
    ("acme-team-gitea", ["gitea"], "gitea"),
    ("pull-secret", ["acme-pull-secret"], "acme-pull-secret"),
    ("acme1", ["acme-1-pull"], "acme-1-pull"),
    ("quay-key-1", ["acme-quay-key-1", "quay-key-2"], "quay-key-2"),
    ("acme-quay", ["acme-quay-of-team-b", "acme-quay-team"], "acme-quay-team"),
    ("harbors", ["harbor-s", "harbort"], "harbor-s"),
    ("acme-hub", ["acme-hubs", "acme-hub-7f4hkd2b9m"], "acme-hub-7f4hkd2b9m"),
    ("nexus-team", ["nexus-teal", "team-nexus"], "team-nexus"),
    ("sonatype-a", ["sonatyke-b", "sonatype-b"], "sonatype-b"),
    ("b-c-d-e-f", ["bcdef"], "bcdef"),
    ("acme-reg", ["acme-registry"], "acme-registry"),
    ("zot-dockercfg", ["zot-dockerconfigjson"], "zot-dockerconfigjson"),
    ("a-b-c-d-e-f-g-h-i-j-k-zot", ["zot-k-j-i-h-g-f-e-d-c"], "zot-k-j-i-h-g-f-e-d-c"),
]
_FAR = [
    ("quai", ["quay"]),
    ("hrbro", ["harbor"]),
    ("gitlabxy", ["gitlabzw"]),
    ("artefaktz", ["artifacts"]),
    ("registry", ["quay-registry"]),
    ("my-secret", ["quay-secret"]),
    ("acme-quay", ["acme-harbor"]),
    ("2024", ["backup-2024"]),
    ("acme", ["harbor"]),
    ("nexus", ["nexau"]),
    ("pulps", ["pulsa"]),
    ("artifats", ["artifaktz"]),
    *((word, [f"acme-{word}"]) for word in ("auth", "config", "credential", "docker", "dockerconfig", "image", "key")),
    *((word, [f"acme-{word}"]) for word in ("my", "pull", "secret", "creds", "images", "keys", "registries")),
]


def _meant(folder: Path, cases: list[tuple[str, list[str]]]) -> list[str]:
    """For each case, a namespace with one pod and some Secrets, the Secret that is guessed to be meant."""
    text = ""
    for number, (wanted, known) in enumerate(cases):
        space = f"{{name: %s, namespace: n{number}}}"
        pod = f'spec: {{imagePullSecrets: [{{name: "{wanted}"}}], containers: [{{name: a, image: "ghcr.io/a/a:1"}}]}}'
        text += f"apiVersion: v1\nkind: Pod\nmetadata: {space % 'web'}\n{pod}\n---\n"
        for name in known:
            kind = "type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{\"auths\": {}}'}"
            text += f"apiVersion: v1\nkind: Secret\nmetadata: {space % name}\n{kind}\n---\n"
    (folder / "all.yaml").write_text(text)
    _, out, _ = quiet("check", str(folder), "--select", "RC303", "--format", "json")
    said = {one["object"]["namespace"]: one["remedy"] for one in json.loads(out)["findings"]}
    found = [re.match(r"Name (\S+)", said[f"n{number}"]) for number in range(len(cases))]
    return [one[1] if one is not None else "" for one in found]


def test_a_name_that_is_nearly_that_of_a_secret_is_taken_for_it(tmp_path: Path) -> None:
    found = _meant(tmp_path, [(wanted, known) for wanted, known, _ in _NEAR])
    assert dict(zip([wanted for wanted, _, _ in _NEAR], found, strict=True)) == {one: meant for one, _, meant in _NEAR}


def test_names_that_have_less_in_common_are_not(tmp_path: Path) -> None:
    assert dict(zip([wanted for wanted, _ in _FAR], _meant(tmp_path, _FAR), strict=True)) == {
        wanted: "" for wanted, _ in _FAR
    }
