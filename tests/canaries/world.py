"""A tree with a credential in every position that people and clusters put one in."""

import json
from collections.abc import Callable
from typing import Any

from planting import Credential, Planter, b64
from shapes import NAMESPACE, Shapes, config, secret

Files = dict[str, bytes]
Bare = Callable[[Credential], str]


def _metadata(plant: Planter, bare: Bare) -> dict[str, dict[str, Any]]:
    """Annotations and labels, comments on objects, and the objects that repeat a credential."""
    applied = plant.at("last-applied-configuration")
    made = {"applied": secret("applied", config(plant.at("beside last-applied")))}
    made["applied"]["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(secret("applied", config(applied))),
        "example.com/password": plant.at("annotation").password,
        "example.com/address": f"https://{plant.at('annotation URL').url}@quay.io",
        "regcred/ignore": f"unlinked-pull-secret: password is {plant.at('ignore annotation').password}",
    }
    made["applied"]["metadata"]["labels"] = {"password": plant.at("label").password}
    made["ignored"] = secret("ignored", config(plant.at("beside bad ignore")))
    made["ignored"]["metadata"]["annotations"] = {"regcred/ignore": f"{bare(plant.at('ignore of no rule'))}: why"}
    made["map"] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": NAMESPACE},
        "data": {
            "config.json": config(plant.at("ConfigMap config")),
            ".dockerconfigjson": config(plant.at("ConfigMap dockerconfigjson")),
            "password": plant.at("ConfigMap value").password,
            "secret.yaml": json.dumps(secret("inner", config(plant.at("ConfigMap manifest")))),
        },
        "binaryData": {"x": b64(plant.at("ConfigMap binary").password)},
    }
    return made


def _pods(plant: Planter, bare: Bare) -> dict[str, dict[str, Any]]:
    failed = plant.at("waiting message")
    image = plant.at("image reference")
    spec: dict[str, Any] = {
        "serviceAccountName": "builder",
        "imagePullSecrets": [{"name": "missing-pull"}, {"name": f"https://{plant.at('pull secret URL').url}@quay.io"}],
        "containers": [
            {
                "name": "a",
                "image": "quay.io/team/app:1",
                "env": [
                    {"name": "PASSWORD", "value": plant.at("env value").password},
                    {"name": "DOCKER_AUTH_CONFIG", "value": config(plant.at("env config"))},
                ],
                "args": [
                    "--password",
                    plant.at("argument").password,
                    f"https://{plant.at('argument URL').url}@quay.io",
                ],
                "command": ["sh", "-c", f"echo {plant.at('command').auth} | base64 -d"],
                "imagePullSecrets": [{"name": "clear"}],
            },
            {"name": "b", "image": f"{image.url}@quay.io/team/app:1"},
            {"name": "c", "image": f"https://{plant.at('image URL').url}@quay.io/team/app:1"},
            {"name": "d", "image": f"quay.io/{plant.at('image path').url}@x/app"},
        ],
    }
    status = {
        "containerStatuses": [
            {
                "name": "a",
                "image": "quay.io/team/app:1",
                "state": {
                    "waiting": {
                        "reason": "ErrImagePull",
                        "message": f'failed to pull "https://{failed.url}@quay.io/team/app:1": unauthorized: '
                        f'password={plant.at("waiting message word").password} auth "{plant.at("waiting message auth").auth}"',
                    }
                },
            },
            {
                "name": "b",
                "image": f"{plant.at('status image').url}@quay.io/team/app:1",
                "state": {
                    "waiting": {"reason": f"illegal base64 data {plant.at('waiting reason').auth}", "message": ""}
                },
            },
        ]
    }
    meta = {"name": "p", "namespace": NAMESPACE, "creationTimestamp": "2020-01-01T00:00:00Z"}
    made = {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}}
    made["deployment"] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": NAMESPACE},
        "spec": {
            "imagePullSecrets": [{"name": "good"}],
            "template": {
                "metadata": {"annotations": {"password": plant.at("template annotation").password}},
                "spec": {
                    "imagePullSecrets": [
                        {"name": "good", "namespace": f"https://{plant.at('link namespace').url}@quay.io"}
                    ],
                    "containers": [{"name": "x", "image": f"{plant.at('template image').url}@harbor.example.com/x"}],
                },
            },
        },
    }
    made["account"] = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "builder", "namespace": NAMESPACE},
        "secrets": [{"name": "clear"}],
        "imagePullSecrets": [{"name": "twice"}, {"name": "twice"}, {"name": "spellings"}, {"name": "good"}],
    }
    for number, reason in enumerate(("Failed", "FailedToRetrieveImagePullSecret", "BackOff")):
        one = plant.at(f"event {reason}")
        made[f"event{number}"] = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"e{number}", "namespace": NAMESPACE},
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": NAMESPACE},
            "reason": reason,
            "message": f'Failed to pull image "https://{one.url}@quay.io/x": unauthorized: {one.user} {bare(one)} '
            f"(basic {one.auth}, token={one.password})",
        }
    return made


def _openshift(plant: Planter, bare: Bare) -> dict[str, dict[str, Any]]:
    one = plant.at("image stream condition")
    return {
        "stream": {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {
                "name": "s",
                "namespace": NAMESPACE,
                "annotations": {"openshift.io/image.dockerRepositoryCheck": f"x {plant.at('stream annotation').auth}"},
            },
            "spec": {
                "dockerImageRepository": f"{plant.at('dockerImageRepository').url}@quay.io/x/y",
                "tags": [
                    {"name": "a", "from": {"kind": "DockerImage", "name": "quay.io:80/x/y:1"}},
                    {
                        "name": "b",
                        "from": {"kind": "DockerImage", "name": f"{plant.at('stream tag').url}@quay.io/x/y:1"},
                    },
                    {
                        "name": "c",
                        "from": {"kind": "DockerImage", "name": f"https://{plant.at('tag URL').url}@q.io/y:1"},
                    },
                ],
            },
            "status": {
                "tags": [
                    {
                        "tag": "a",
                        "conditions": [
                            {
                                "type": "ImportSuccess",
                                "status": "False",
                                "reason": "Unauthorized",
                                "message": f"you may not have access: https://{one.url}@quay.io said {one.auth} {bare(one)}",
                            }
                        ],
                    }
                ]
            },
        },
        "build": {
            "apiVersion": "build.openshift.io/v1",
            "kind": "BuildConfig",
            "metadata": {"name": "b", "namespace": NAMESPACE},
            "spec": {
                "source": {"git": {"uri": f"https://{plant.at('git URL').url}@github.com/x"}},
                "strategy": {
                    "dockerStrategy": {
                        "from": {"kind": "DockerImage", "name": f"{plant.at('build from').url}@quay.io/x"},
                        "env": [{"name": "TOKEN", "value": plant.at("build env").password}],
                    }
                },
                "output": {"to": {"kind": "DockerImage", "name": f"{plant.at('build to').url}@quay.io/x"}},
            },
        },
        "template": {
            "apiVersion": "template.openshift.io/v1",
            "kind": "Template",
            "metadata": {"name": "t", "namespace": NAMESPACE},
            "parameters": [{"name": "AUTH", "value": plant.at("template parameter").auth}],
            "objects": [
                {
                    **secret("templated", ""),
                    "data": None,
                    "stringData": {".dockerconfigjson": '{"auths": {"quay.io": {"auth": "${AUTH}", "x": "${NONE}"}}}'},
                }
            ],
        },
        "images": {
            "apiVersion": "config.openshift.io/v1",
            "kind": "Image",
            "metadata": {"name": "cluster"},
            "spec": {"registrySources": {"insecureRegistries": [f"{plant.at('insecure registry').url}@quay.io"]}},
        },
        "mirror": {
            "apiVersion": "config.openshift.io/v1",
            "kind": "ImageDigestMirrorSet",
            "metadata": {"name": "m"},
            "spec": {
                "imageDigestMirrors": [
                    {"source": "quay.io/team", "mirrors": [f"{plant.at('mirror').url}@mirror.example.com/x"]}
                ]
            },
        },
        "global": {
            **secret("pull-secret", config(plant.at("global pull secret"), "*.quay.io")),
            "metadata": {"name": "pull-secret", "namespace": "openshift-config"},
        },
    }


def _gitops(plant: Planter, bare: Bare) -> dict[str, dict[str, Any]]:
    values = f"password: {plant.at('Argo values').password}\nimagePullSecrets: [{{name: x}}]\n"
    return {
        "argo": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "a",
                "namespace": "argocd",
                "annotations": {
                    "argocd-image-updater.argoproj.io/image-list": f"app={plant.at('updater image').url}@quay.io/x",
                    "argocd-image-updater.argoproj.io/app.pull-secret": f"pullsecret:{bare(plant.at('updater secret'))}",
                },
            },
            "spec": {
                "source": {
                    "repoURL": f"https://{plant.at('Argo repoURL').url}@git.example.com/x",
                    "helm": {
                        "values": values,
                        "parameters": [{"name": "password", "value": plant.at("Argo parameter").password}],
                    },
                }
            },
        },
        "flux": {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": {"name": "o", "namespace": "flux-system"},
            "spec": {
                "url": f"oci://{plant.at('Flux URL').url}@ghcr.io/x/y",
                "secretRef": {"name": "missing"},
                "ref": {"tag": bare(plant.at("Flux tag"))},
            },
        },
        "release": {
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": "h", "namespace": "flux-system"},
            "spec": {"values": {"imageCredentials": {"password": plant.at("HelmRelease values").password}}},
        },
        "external": {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "x", "namespace": NAMESPACE},
            "spec": {
                "target": {
                    "name": "made",
                    "template": {
                        "type": "kubernetes.io/dockerconfigjson",
                        "data": {".dockerconfigjson": config(plant.at("ExternalSecret template"))},
                    },
                }
            },
        },
    }


def objects(plant: Planter, *, bare: bool = True) -> dict[str, dict[str, Any]]:
    """Objects of a cluster, whole as an API server would give them, but for the damage that is meant.

    With `bare` some texts hold a password as one word among others, with nothing beside it that says what it is.
    """

    def word(one: Credential) -> str:
        return one.password if bare else "word"

    parts = (Shapes(plant).made, *(make(plant, word) for make in (_metadata, _pods, _openshift, _gitops)))
    return {name: item for part in parts for name, item in part.items()}


def _texts(plant: Planter) -> dict[str, str]:
    """Files that no serialiser would write: comments, layouts, broken places."""
    head = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n  namespace: team\ntype: kubernetes.io/dockerconfigjson\n"
    )
    one, other = plant.at("pasted"), plant.at("wrapped")
    pasted, wrapped = b64(config(one)), b64(config(other))
    beside = plant.at("template file").password
    return {
        "comments.yaml": f"# docker login -p {plant.at('comment').password} quay.io\n"
        + head.format("comments")
        + f"# auth: {plant.at('comment auth').auth}\ndata: # {plant.at('comment trailing').password}\n"
        + f"  .dockerconfigjson: {b64(config(plant.at('beside comments')))} # {plant.at('comment behind').auth}\n"
        + f"  # regcred: ignore[unlinked-pull-secret] password {plant.at('suppression reason').password}\n"
        + f"# regcred: ignore[{plant.at('suppression of no rule').password}] why\n",
        "pasted.yaml": head.format("pasted") + f"data:\n  .dockerconfigjson: |\n{pasted[:40]}\n{pasted[40:]}\n",
        "wrapped.yaml": head.format("wrapped") + f"data:\n  .dockerconfigjson: |\n    {wrapped[:40]}\n    {wrapped[40:]}\n",
        "flow.yaml": "{apiVersion: v1, kind: Secret, metadata: {name: flow, namespace: team}, type: Opaque, data: "
        f"{{.dockerconfigjson: {b64(config(plant.at('flow')))}}}}}\n",
        "anchors.yaml": head.format("anchors")
        + f"x: &a {b64(config(plant.at('anchor')))}\ndata:\n  .dockerconfigjson: *a\n",
        "undefined.yaml": head.format("u") + f"data:\n  .dockerconfigjson: *{plant.at('undefined alias').password}\n",
        "tagged.yaml": head.format("t") + f"data:\n  .dockerconfigjson: !{plant.at('tag').password} x\n",
        "unclosed.yaml": head.format("c") + f'data:\n  .dockerconfigjson: "{plant.at("unclosed quote").password}\n',
        "colon.yaml": head.format("o") + f"data:\n  x: y: {plant.at('second colon').password}\n",
        "unclosed-flow.yaml": head.format("f") + f"data: {{x: [{plant.at('unclosed flow').password}\nz: {beside}\n",
        "directive.yaml": f"%{plant.at('directive').password} x\n---\n" + head.format("d"),
        "key.yaml": head.format("k") + f"data:\n  ? {plant.at('complex key').password}\n  ? [a, b\n",
        "number.yaml": head.format("n") + f"x: !!int {plant.at('no number').password}\n",
        "stamp.yaml": head.format("s") + f"x: !!timestamp {plant.at('no time').password}\n",
        "repeated.yaml": head.format("r") + f"{plant.at('repeated key').password}: 1\n" * 2,
        "tab.yaml": head.format("b") + f"data:\n\tx: {plant.at('tab').password}\n",
        "cut.json": json.dumps(secret("j", config(plant.at("broken JSON"))))[:-30],
        "word.json": '{"apiVersion": "v1", "kind": "Secret", "data": ' + plant.at("bare JSON word").password + "}",
        "escape.json": '{"apiVersion": "v1", "kind": "Secret", "data": "\\q' + plant.at("JSON escape").password + '"}',
        "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
        "chart/values.yaml": f"imageCredentials:\n  password: {plant.at('Helm values').password}\n"
        f"  registry: https://{plant.at('Helm values URL').url}@quay.io\n",
        "chart/templates/secret.yaml": head.format("{{ .Release.Name }}")
        + f"data:\n  .dockerconfigjson: {{{{ printf \"{plant.at('Helm template').password}\" | b64enc }}}}\n",
        "kustomize/kustomization.yaml": "secretGenerator:\n- name: made\n  type: kubernetes.io/dockerconfigjson\n  literals:\n"
        f"  - .dockerconfigjson={config(plant.at('generator literal'))}\n- name: other\n"
        f"  files: [.dockerconfigjson=config.json]\nresources: [https://{plant.at('remote base').url}@git.example.com/x]\n",
        "kustomize/config.json": config(plant.at("generator file")),
        "sops.yaml": head.format("sops")
        + f"stringData:\n  .dockerconfigjson: {json.dumps(config(plant.at('beside SOPS')))}\nsops:\n  mac: x\n",
    }  # fmt: skip


def tree(plant: Planter) -> Files:
    """The files of the world, by path."""
    files: Files = {}
    for name, item in objects(plant).items():
        files[f"objects/{name}.json"] = json.dumps(item, indent=1).encode()
    for name, text in _texts(plant).items():
        files[f"texts/{name}"] = text.encode()
    files["texts/latin.yaml"] = f"kind: Secret\n# {plant.at('invalid UTF-8').password} \xe9\n".encode("latin-1")
    files["texts/nul.yaml"] = f"kind: Secret\nx: {plant.at('NUL').password}\0\n".encode()
    return files
