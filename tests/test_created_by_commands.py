"""A Secret that a command beside the manifests creates is not called absent."""

import json
import time
from pathlib import Path

import pytest

from tests.commons import quiet
from tests.creating import COMMAND, DEPLOYMENT, OCEAN, SECRET, project, said

_STEP = "steps:\n  - kubectl create secret docker-registry ghcr-secret\n"
_TERRAFORM = """\
resource "kubernetes_secret" "pull" {
  metadata {
    name      = "%s"
    namespace = "prod"
  }
}
"""
_HEREDOC = """\
cat <<EOF | kubectl apply -f -
apiVersion: v1
kind: %s
metadata:
  labels: {a: b}
  name: %s
data: {}
EOF
"""
_AZURE = """\
variables:
  imagePullSecret: 'ghcr-secret'
steps:
- task: KubernetesManifest@0
  inputs:
    %s
    secretName: %s
"""
_LISTED = """\
variables:
- name: %s
  value: ghcr-secret
steps:
- script: kubectl create secret docker-registry $(pull) --docker-server=$(server)
"""
_ACTION = """\
jobs:
  a:
    steps:
    - name: pull secret
      uses: azure/k8s-create-secret@v4
      with:
        secret-name: %s
    - uses: acme/deploy@v1
      with:
        secret-name: %s
"""
_PLAYBOOK = """\
- hosts: all
  tasks:
    - kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: Secret
          metadata:
            name: %s
            namespace: prod
          type: kubernetes.io/dockerconfigjson
          data: {.dockerconfigjson: "{{ config }}"}
"""
_CLOUD_BUILD = """\
steps:
- name: gcr.io/cloud-builders/kubectl
  args: ['create', 'secret', 'docker-registry', '%s']
"""
_LITERAL = """\
resource "kubernetes_manifest" "a" {
  manifest = {
    kind     = "Secret"
    metadata = {
      labels = { "app.kubernetes.io/name" = "a" }
      name   = "%s"
    }
  }
}
"""
_EXTERNAL = """\
resource "kubectl_manifest" "a" {
  yaml_body = <<-YAML
    kind: ExternalSecret
    metadata:
      name: synced
    spec:
      target:
        creationPolicy: Owner
        name: %s
      data: [{name: ghcr-secret}]
  YAML
}
"""
_INPUT = """\
on:
  workflow_call:
    inputs:
      %s:
        type: string
        default: "%s"
jobs:
  a:
    steps:
    - run: kubectl create secret docker-registry ${{ inputs.pull-name }} --docker-server=ghcr.io
"""
_TASK = """\
- hosts: all
  tasks:
    - kubernetes.core.k8s:
        kind: Secret
        name: %s
        state: %s
        definition: {data: {}}
"""
_JENKINS = "kubernetesDeploy(configs: 'k8s/*', dockerCredentials: [[credentialsId: 'a']], secretName: '%s')\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k8s/create.sh", COMMAND % "ghcr-secret"),
        ("README.md", "## Install\n\n    oc create secret generic ghcr-secret --from-file=a\n"),
        ("Makefile", "SECRET ?= ghcr-secret\nsecret:\n\tkubectl create secret docker-registry $(SECRET)\n"),
        ("Jenkinsfile", "sh 'kubectl -n prod create secret docker-registry ghcr-secret'\n"),
        (".github/workflows/deploy.yml", "jobs:\n  a:\n    steps: [{run: oc create secret generic ghcr-secret}]\n"),
        (".gitlab-ci.yml", "deploy:\n  script:\n    - kubectl create secret docker-registry ghcr-secret\n"),
        ("infra/main.tf", _TERRAFORM % "ghcr-secret"),
        ("main.tf", 'locals {\n  pull = "ghcr-secret"\n}\n' + _TERRAFORM.replace('"%s"', "local.pull")),
        ("main.tf", 'resource "kubernetes_secret_v1" "a" {\n  metadata { name = "ghcr-secret" }\n}\n'),
        ("setup.sh", _HEREDOC % ("Secret", "ghcr-secret")),
        ("setup.sh", "NAME=ghcr-secret\n" + _HEREDOC % ("Secret", "$NAME")),
        ("README.md", "```yaml\nkind: SealedSecret\nmetadata: {name: ghcr-secret}\n```\n"),
        ("setup.sh", "oc secrets new-dockercfg ghcr-secret --docker-server=ghcr.io\n"),
        ("setup.sh", "kubectl get secret ghcr-secret -n a -o yaml | sed s/a/prod/ | kubectl apply -f -\n"),
        ("setup.sh", "oc get -n a secret ghcr-secret -o yaml |\n  grep -v uid |\n  oc create -n prod -f -\n"),
        ("azure-pipelines.yml", _AZURE % ("action: createSecret", "ghcr-secret")),
        ("azure-pipelines.yml", _AZURE % ("secretType: dockerRegistry", "$(imagePullSecret)")),
        ("azure-pipelines.yml", _LISTED % "pull"),
        (".github/workflows/a.yml", _ACTION % ("ghcr-secret", "a")),
        (".github/workflows/a.yml", "env:\n  PULL: ghcr-secret\n" + _ACTION % ("${{ env.PULL }}", "a")),
        ("playbook.yml", _PLAYBOOK % "ghcr-secret"),
        ("playbook.yml", _PLAYBOOK.replace("tasks:", "vars: {}\n  pull: ghcr-secret\n  tasks:") % '"{{ pull }}"'),
        ("Tiltfile", "local('kubectl create secret docker-registry ghcr-secret')\n"),
        ("cloudbuild.yaml", _CLOUD_BUILD % "ghcr-secret"),
        ("Makefile", "secret:\n\t@$(KUBECTL) create secret docker-registry ghcr-secret \\\n\t\t-n prod\n"),
        ("setup.sh", '"${KUBECTL}" -n prod create secret generic --type=a ghcr-secret\n'),
        ("README.md", "```\n# kubectl create secret docker-registry ghcr-secret\n```\n"),
        ("setup.sh", "$cli get secret ghcr-secret -n a -o yaml | sed s/a/prod/ | $cli apply -f -\n"),
        ("deploy.py", 'run([\n  "kubectl", "create", "secret", "docker-registry",\n  "ghcr-secret", "-n", "prod"])\n'),
        ("site.yml", "- hosts: all\n  tasks:\n  - shell: >\n      oc create secret generic\n      ghcr-secret\n"),
        ("README.md", "    tanzu secret registry add ghcr-secret --server ghcr.io\n"),
        ("README.md", "    kp secret create ghcr-secret --registry ghcr.io\n"),
        ("README.md", OCEAN % ("acme", "--name ghcr-secret ")),
        ("Jenkinsfile", _JENKINS % "ghcr-secret"),
        ("main.tf", _LITERAL % "ghcr-secret"),
        ("main.tf", _EXTERNAL % "ghcr-secret"),
        ("modules/a/main.tf", _TERRAFORM % "${var.registry}-secret"),
        ("setup.sh", "kubectl create secret docker-registry $REGISTRY-secret --docker-server=ghcr.io\n"),
        ("setup.sh", _HEREDOC % ("Secret", "ghcr-${SUFFIX}")),
        ("site.yml", _PLAYBOOK % '"{{ registry }}-secret"'),
        (".github/workflows/a.yml", _INPUT % ("pull-name", "ghcr-secret")),
        ("main.tf", "# By hand:\n# kubectl create secret docker-registry ghcr-secret \\\n#   -n prod\n"),
        ("setup.sh", """echo '{"kind":"Secret","metadata":{"name":"ghcr-secret"}}' | kubectl apply -f -\n"""),
        ("setup.sh", 'echo -e "data: {}\\n\\\nkind: Secret\\n\\\nmetadata:\\n\\\n  name: ghcr-secret\\n" > a\n'),
        ("site.yml", _TASK % ("ghcr-secret", "present")),
        *((f"{name}", COMMAND % "ghcr-secret") for name in ("Jenkinsfile-prod", "Makefile.k8s", "README", "a.groovy")),
        *((f"create{end}", COMMAND % "ghcr-secret") for end in (".org", ".mdx", ".py", ".go", ".sh.j2", ".sh.tpl")),
        *((f"create{end}", COMMAND % "ghcr-secret") for end in (".adoc", ".rst", ".bat", ".cmd", ".fish")),
        *((f"{folder}/config.yml", _STEP) for folder in (".circleci", ".gitlab", ".cirrus", ".azuredevops")),
        *((f"{folder}/b.sh", _STEP) for folder in (".azure-pipelines", ".buildkite", ".woodpecker")),
    ],
)
def test_a_secret_that_a_command_creates_is_listed_under_coverage(tmp_path: Path, name: str, text: str) -> None:
    found, shown = said(str(project(tmp_path, {name: text})))
    assert not found
    assert f"{name} creates" in " ".join(shown.split())
    assert said(str(tmp_path), "--jobs", "2") == (found, shown)


def test_a_secret_of_another_namespace_may_be_created_in_this_one_too(tmp_path: Path) -> None:
    tree = project(tmp_path, {"k8s/other.yaml": SECRET % ("ghcr-secret", "test")})
    assert said(str(tree))[0]
    assert not said(str(project(tmp_path, {"create.sh": COMMAND % "ghcr-secret"})))[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "```\nkubectl get secret %s -n test -o yaml | kubectl apply -n prod -f -\n```\n"),
        ("copy.sh", "oc get secret %s --namespace=test -o yaml |\n  sed 's/test/prod/' |\n  oc create -f -\n"),
        ("main.tf", _TERRAFORM),
        ("setup.sh", _HEREDOC.replace("kind: %s", "kind: Secret")),
    ],
)
def test_a_secret_that_is_copied_from_another_namespace_is_listed_under_coverage(
    tmp_path: Path, name: str, text: str
) -> None:
    elsewhere = {"k8s/other.yaml": SECRET % ("ghcr-secret", "test")}
    assert "RC304" in said(str(project(tmp_path, {**elsewhere, name: text % "another-secret"})))[1]
    found, shown = said(str(project(tmp_path, {name: text % "ghcr-secret"})))
    assert not found
    assert f"{name} creates" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("create.sh", COMMAND % "another-secret"),
        ("create.sh", "# " + (COMMAND % "ghcr-secret").replace("\\\n", "")),
        ("create.sh", "kubectl delete secret ghcr-secret\n"),
        ("create.sh", COMMAND % "ghcr-secret" + "#" * 2**20),
        ("create.sh", "\0" + COMMAND % "ghcr-secret"),
        ("create.bin", COMMAND % "ghcr-secret"),
        ("node_modules/create.sh", COMMAND % "ghcr-secret"),
        (".git/create.sh", COMMAND % "ghcr-secret"),
        (".github/create.sh", COMMAND % "ghcr-secret"),
        (".gitlab/a/b/c/create.sh", COMMAND % "ghcr-secret"),
        (".gitlab/create.bin", COMMAND % "ghcr-secret"),
        ("main.tf", _TERRAFORM % "another-secret" + 'resource "a" "b" {\n  name = "ghcr-secret"\n}\n'),
        ("main.tf", 'resource "kubernetes_secret" "a" {\n}\nmodule "b" {\n  name = "ghcr-secret"\n}\n'),
        ("main.tf", 'data "kubernetes_secret" "a" {\n  metadata { name = "ghcr-secret" }\n}\n'),
        ("setup.sh", _HEREDOC % ("Secret", "another-secret")),
        ("setup.sh", _HEREDOC % ("ConfigMap", "ghcr-secret")),
        ("setup.sh", _HEREDOC % ("Secret", "a") + "kind: Pod\nmetadata: {name: ghcr-secret}\n"),
        ("setup.sh", "kind: Secret\nstringData:\n  name: ghcr-secret\nmetadata:\n  name: another-secret\n"),
        ("setup.sh", "kind: Secret\nmetadata:\n  generateName: a\n---\n  name: ghcr-secret\n"),
        ("setup.sh", "  kind: Secret\n  metadata:\n    generateName: a\nname: ghcr-secret\n"),
        ("setup.sh", "oc secrets link default ghcr-secret --for=pull\n"),
        ("setup.sh", "kubectl get secret ghcr-secret -o yaml | grep created\n"),
        ("setup.sh", "kubectl get secret ghcr-secret -o yaml > a.yaml\nkubectl apply -f b.yaml\n"),
        ("setup.sh", "# kubectl get secret ghcr-secret -o yaml | kubectl apply -f -\n"),
        ("azure-pipelines.yml", _AZURE % ("action: deploy", "ghcr-secret")),
        ("azure-pipelines.yml", _AZURE % ("action: createSecret", "another-secret")),
        ("azure-pipelines.yml", _LISTED % "another"),
        (".github/workflows/a.yml", _ACTION % ("another-secret", "ghcr-secret")),
        (".github/workflows/a.yml", "env:\n  PULL: ghcr-secret\n" + _ACTION % ("${{ env.ANOTHER }}", "a")),
        ("playbook.yml", _PLAYBOOK % "another-secret"),
        ("cloudbuild.yaml", _CLOUD_BUILD % "another-secret" + "- name: ghcr-secret\n"),
        ("Makefile", "secret:\n\t@$(KUBECTL) create secret docker-registry another-secret\n"),
        ("Makefile", "secret:\n\t@$(KUBECTL) delete secret ghcr-secret\n"),
        ("setup.sh", "$cli get secret ghcr-secret -o yaml > a.yaml\n$cli apply -f b.yaml\n"),
        ("deploy.py", 'run(["kubectl", "delete", "secret", "ghcr-secret"])\n'),
        ("README.md", "    tanzu secret registry delete ghcr-secret\n"),
        ("README.md", OCEAN % ("acme", "--name another-secret ")),
        ("Jenkinsfile", _JENKINS % "another-secret"),
        ("Jenkinsfile", "deploy(secretName: 'ghcr-secret')\n"),
        ("main.tf", _LITERAL % "another-secret"),
        ("main.tf", _EXTERNAL % "another-secret"),
        ("modules/a/main.tf", _TERRAFORM % "${var.registry}-pull"),
        ("setup.sh", "kubectl create secret docker-registry $REGISTRY-pull -n ${A}-secret --docker-server=$B-secret\n"),
        ("setup.sh", _HEREDOC % ("Secret", "another-${SUFFIX}")),
        ("site.yml", _PLAYBOOK % '"{{ a }}-{{ b }}"'),
        (".github/workflows/a.yml", _INPUT % ("another", "ghcr-secret")),
        ("main.tf", 'a = { kind = "Secret", name = "ghcr-secret" }\nb = { metadata = { name = "ghcr-secret" } }\n'),
        ("main.tf", _LITERAL.replace('"Secret"', '"ConfigMap"') % "ghcr-secret"),
        ("site.yml", _TASK % ("ghcr-secret", "absent")),
        ("site.yml", "- kind: Secret\n  name: ghcr-secret\n"),
        (".circleci/scripts/a.sh", COMMAND % "ghcr-secret"),
        ("setup.sh", "kubectl get secret ghcr-secret >/dev/null || exit 1; kubectl apply -f k8s/\n"),
        ("setup.sh", "kubectl get secret ghcr-secret -o json | jq . ; kubectl apply -f k8s/web.yaml\n"),
        ("README.md", "| `kubectl get secret ghcr-secret` | looks |\n| `kubectl apply -f k8s/` | applies |\n"),
        ("setup.sh", _HEREDOC.replace("{a: b}", "\n    app.kubernetes.io/name: ghcr-secret") % ("Secret", "a")),
    ],
)
def test_what_creates_no_such_secret_changes_nothing(tmp_path: Path, name: str, text: str) -> None:
    assert said(str(project(tmp_path, {name: text})))[0]


def test_doctl_names_a_secret_after_the_registry(tmp_path: Path) -> None:
    web = DEPLOYMENT.replace("ghcr-secret", "registry-acme")
    assert said(str(project(tmp_path, {"k8s/web.yaml": web, "README.md": OCEAN % ("other", "")})))[0]
    assert not said(str(project(tmp_path, {"k8s/web.yaml": web, "README.md": OCEAN % ("acme", "")})))[0]


def test_a_long_line_of_doctl_costs_no_more_than_its_length(tmp_path: Path) -> None:
    tree = project(tmp_path, {"k8s/web.yaml": DEPLOYMENT, "README.md": "doctl registry kubernetes-manifest " * 15_000})
    started = time.process_time()
    assert said(str(tree))[0]
    assert time.process_time() - started < 20  # it is 1, and would be a minute if the rest were searched each time


def test_so_many_names_with_open_parts_are_compared_and_no_more(tmp_path: Path) -> None:
    others = [f"kubectl create secret generic $A-other{number}\n" for number in range(300)]
    last = "kubectl create secret generic $A-secret\n"
    assert not said(str(project(tmp_path, {"create.sh": "".join([*others[:200], last])})))[0]
    assert said(str(project(tmp_path, {"create.sh": "".join([*others, last])})))[0]


_WAYS = {
    "a.sh": "kubectl apply -f pull.yaml  # the secret NAME\n",
    "b.sh": "kubectl replace --force -f pull.yaml  # the secret NAME\n",
    "c.sh": "oc secret new NAME .dockerconfigjson=config.json\n",
    "d.sh": "oc export secret NAME | oc replace --filename=-\n",
    "e.sh": "kubectl get secret NAME -o yaml |\n  sed 1d |\n\n  sed 2d |\n  sed 3d |\n  kubectl apply -n prod -f -\n",
    "f.sh": "oc get secret NAME -o yaml |\n  sed 1d |\n  oc create \\\n  -f -\n",
    "g.yml": "vars:\n  PULL: NAME\ntasks:\n  a: {cmds: ['kubectl create secret docker-registry {{.PULL}}']}\n",
    "h.yml": "parameters:\n- name: pull\n  value: NAME\nscript: oc create secret generic {{inputs.parameters.pull}}\n",
    "i.yml": 'env:\n  "PULL": "NAME"\nsteps:\n- kubectl create secret docker-registry ${{env.PULL}}\n',
    "j.yml": "env:\n  PULL: NAME\nsteps:\n- kubectl create secret docker-registry ${PULL} --docker-password=$(cat a)\n",
    "k.yml": "env:\n- name: PULL\n  value: NAME\nsteps:\n- kubectl create secret docker-registry $PULL\n",
    "l.yml": "variables:\n- name: 'PULL'\n  value: 'NAME'\nsteps:\n- script: oc create secret generic $(PULL)\n",
    "m.tf": '  resource  "kubernetes_secret"  "a" {\n    metadata {\nname="NAME"\n    }\n  }\n',
    "n.yml": "- hosts: all\n  vars:\n    pull: NAME\n  tasks:\n  - k8s:\n      definition:\n        kind: Secret\n"
    "        metadata:\n          name: {{ pull }}\n",
    "o.sh": f"kind: Secret\nmetadata:\n  labels:\n    a: {'a' * 60}\n    b: {'b' * 60}\n  name: 'NAME'\n",
    "p.md": "```yaml\nitems:\n- kind: ExternalSecret\n  metadata:\n    name: NAME\n```\n",
    "q.yml": "- task: KubernetesManifest@0\n  displayName: a pull - secret\n  inputs:\n    action: createSecret\n"
    "    secretName: NAME\n",
}
"""Files, each with one way to make a Secret that only it has; `NAME` stands for the name."""

_NO_WAYS = {
    "a.sh": "kubectl create configmap NAME; kubectl get secrets\n",
    "b.sh": "kubectl recreate secret NAME; kubectl create topsecrets NAME\n",
    "c.sh": "    # kubectl create secret generic NAME\n",
    "d.sh": "kubectl get secret NAME | tee a && kubectl apply -f b.yaml\n",
    "e.md": "  | `kubectl get secret NAME` | `kubectl apply -f k8s/` |\n",
    "f.sh": "kubectl get secret NAME |\n  grep auth\nkubectl apply -f b.yaml\n",
    "g.sh": "kubectl apply -f a.yaml\nkubectl get secret NAME |\n  grep auth\n",
    "h.tf": '# resource "kubernetes_secret" "a" {\nmetadata {\n    name = "NAME"\n  }\n',
    "i.tf": 'resource "kubernetes_secret" "a" {\n  metadata { generate_name = "NAME" }\n}\n',
    "j.tf": 'resource "kubernetes_secret" "a" {}\nresource "b" "c" {\n  name = "NAME"\n}\n',
    "k.tf": 'resource "kubernetes_secret" "a" { }\n  resource "b" "c" {\n  name = "NAME"\n}\n',
    "l.sh": "  kind: Secret\n  metadata:\n    generateName: a\nother:\n    name: NAME\n",
    "m.sh": "kind: Secret\nmetadata:\n  generateName: a\n---\nmetadata:\n  name: NAME\nkind: ConfigMap\n",
    "n.sh": "kind: Secret\nmetadata: {generateName: a}\nEOF\ncat <<EOF\nkind: Pod\nmetadata:\n  name: NAME\n",
    "o.sh": "kind: Secret\nmetadata:\n  ownerReferences:\n  - kind: Job\n    name: NAME\n",
    "p.yml": "- task: KubernetesManifest@0\n  inputs:\n    action: createSecret\n    # secretName: NAME\n",
    "q.yaml": "steps:\n- name: gcr.io/cloud-builders/kubectl\n  args: [create, secret, generic, 'a']\n- id: NAME\n",
    "r.yml": "pull: NAME\nsteps: [kubectl create secret generic prefix-a]\n",
}
"""Files that look much like those, and make no Secret of that name."""


def _absent(folder: Path, files: dict[str, str]) -> set[str]:
    """Of the names that the files give, those that are called absent."""
    names = {f"pull-{name.partition('.')[0]}": name for name in files}
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: prod}\nspec:\n  imagePullSecrets:\n"
    pod += "".join(f"  - name: {name}\n" for name in names)
    pod += "  containers: [{name: web, image: 'ghcr.io/acme/web:1'}]\n"
    written = {f"d/{name}": text.replace("NAME", f"pull-{name.partition('.')[0]}") for name, text in files.items()}
    _, out, _ = quiet("check", str(project(folder, {"k8s/pod.yaml": pod, **written})), "--format", "json")
    said = [one["message"] for one in json.loads(out)["findings"] if one["code"] == "RC303"]
    return {file for name, file in names.items() if any(f"Secret {name}," in each for each in said)}


def test_each_way_to_make_a_secret_is_known(tmp_path: Path) -> None:
    assert _absent(tmp_path, _WAYS) == set()


def test_what_looks_like_one_of_them_makes_none(tmp_path: Path) -> None:
    assert _absent(tmp_path, _NO_WAYS) == {*_NO_WAYS}
