"""One cluster to files, in the layout of each tool: shapes as the tools write them, invented contents only."""

import base64
import copy
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import yaml

Object = dict[str, Any]
Files = dict[str, bytes]

PLURALS = {
    "Namespace": "namespaces",
    "Pod": "pods",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "Deployment": "deployments",
    "Event": "events",
    "ImageStream": "imagestreams",
}


def as_yaml(data: Any) -> bytes:
    return b"---\n" + yaml.safe_dump(data, sort_keys=True).encode()


def as_json(data: Any) -> bytes:
    return json.dumps(data, indent=2).encode()


def names(item: Object) -> tuple[str, str, str, str]:
    """Group, plural, namespace and name of an object."""
    group = item["apiVersion"].rpartition("/")[0]
    return group, PLURALS[item["kind"]], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def by_resource(objects: Iterable[Object]) -> Mapping[tuple[str, str, str], list[Object]]:
    """Objects by namespace, group and plural."""
    table: dict[tuple[str, str, str], list[Object]] = defaultdict(list)
    for item in objects:
        group, plural, namespace, _ = names(item)
        table[namespace, group, plural].append(item)
    return table


def without(item: Object, *fields: str) -> Object:
    return {key: value for key, value in item.items() if key not in fields}


def kubectl_json(objects: list[Object]) -> Files:
    return {"all.json": as_json({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}})}


def kubectl_yaml(objects: list[Object]) -> Files:
    return {"all.yaml": as_yaml({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}})[4:]}


def must_gather(objects: list[Object]) -> Files:
    """Lists and single files, secrets redacted, service accounts missing."""
    root = "must-gather.local.55/quay-io-openshift-sha256-0123456789abcdef"
    files: Files = {f"{root}/version": b"v", f"{root}/timestamp": b"t"}
    kept = [copy.deepcopy(item) for item in objects if item["kind"] != "ServiceAccount"]
    for item in kept:
        for key, value in item.get("data", {}).items():
            size = len(base64.b64decode(value))
            item["data"][key] = base64.b64encode(f"{size} bytes long".encode()).decode()
    for (namespace, group, plural), found in by_resource(kept).items():
        if not namespace:
            continue
        place = f"{root}/namespaces/{namespace}"
        listed = {"apiVersion": found[0]["apiVersion"], "items": found, "kind": f"{found[0]['kind']}List"}
        files[f"{place}/{group or 'core'}/{plural}.yaml"] = as_yaml(listed)
        for item in found if plural == "pods" else []:
            files[f"{place}/pods/{item['metadata']['name']}/{item['metadata']['name']}.yaml"] = as_yaml(item)
        for item in found[:1] if plural == "secrets" else []:
            files[f"{place}/core/secrets/{item['metadata']['name']}.yaml"] = as_yaml(item)
    spaces = [item for item in objects if item["kind"] == "Namespace"]
    for item in spaces:
        name = item["metadata"]["name"]
        files[f"{root}/namespaces/{name}/{name}.yaml"] = as_yaml(item)
        if f"{root}/namespaces/{name}/core/secrets.yaml" not in files:
            empty = {"apiVersion": "v1", "items": [], "kind": "SecretList"}
            files[f"{root}/namespaces/{name}/core/secrets.yaml"] = as_yaml(empty)
        account = next(one for one in objects if one["kind"] == "ServiceAccount")
        # A single account that some operator relates to: it proves nothing about the others.
        files[f"{root}/namespaces/clean/core/serviceaccounts/default.yaml"] = as_yaml(account)
    return files


def velero(objects: list[Object]) -> Files:
    files: Files = {"metadata/version": b"1.1.0\n"}
    for item in objects:
        group, plural, namespace, name = names(item)
        resource = f"{plural}.{group}" if group else plural
        inner = f"namespaces/{namespace}/{name}.json" if namespace else f"cluster/{name}.json"
        for version in ("", "v1-preferredversion/"):
            files[f"resources/{resource}/{version}{inner}"] = json.dumps(item).encode()
    return files


CLUSTER_INFO = ("events", "replication-controllers", "services", "daemonsets", "deployments", "replicasets", "pods")


def _cluster_info(objects: list[Object], listed: Callable[[str, list[Object]], Any]) -> dict[str, Any]:
    table = by_resource(objects)
    found: dict[str, Any] = {"nodes.json": listed("Node", [])}
    for space in (item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"):
        for plural in CLUSTER_INFO:
            group = "apps" if plural in ("daemonsets", "deployments", "replicasets") else ""
            items = table.get((space, group, plural), [])
            kind = "".join(part.capitalize() for part in plural[:-1].split("-"))
            found[f"{space}/{plural}.json"] = listed(kind, items)
    return found


def _typed(kind: str, items: list[Object]) -> Object:
    version = "apps/v1" if kind in ("Deployment", "DaemonSet", "ReplicaSet") else "v1"
    bare = [without(item, "kind", "apiVersion") for item in items]
    return {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": "7"}, "items": bare}


def _go(kind: str, items: list[Object]) -> Object:
    def upper(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[:1].upper() + key[1:]: upper(inner) for key, inner in value.items()}
        return [upper(inner) for inner in value] if isinstance(value, list) else value

    made = []
    for item in items:
        rest = upper(without(item, "kind", "apiVersion", "metadata"))
        if "Spec" in rest:
            rest["Spec"].setdefault("ImagePullSecrets", None)
        made.append({**item["metadata"], **rest})
    return {"selfLink": "/api/v1", "resourceVersion": "7", "Items": made}


def _logs(files: dict[str, Any], dump: Callable[[Any], bytes]) -> bytes:
    """Standard output: documents behind each other, the logs of every pod after those of its namespace."""
    parts = []
    for path, data in files.items():
        parts.append(dump(data))
        if path.endswith("/pods.json"):
            for mark in ("a", "b"):
                head = f"container {mark} of pod x/y ===="
                # A log may look like anything, and need not end with a line end.
                log = f'==== START logs for {head}\n{{"kind": "Secret"}}\nkind: [\n tail==== END logs for {head}\n'
                parts.append(log.encode())
    return b"".join(parts)


def cluster_info(objects: list[Object]) -> Files:
    files = {path: as_json(data) for path, data in _cluster_info(objects, _typed).items()}
    return {**files, "shop/cart-5d4f9-x2x7p/logs.txt": b"no: [yaml"}


def cluster_info_go(objects: list[Object]) -> Files:
    return {path: as_json(data) for path, data in _cluster_info(objects, _go).items()}


def cluster_info_stdout(objects: list[Object]) -> Files:
    return {"dump.txt.json": _logs(_cluster_info(objects, _typed), as_json)}


def cluster_info_stdout_go(objects: list[Object]) -> Files:
    return {"dump.txt.json": _logs(_cluster_info(objects, _go), as_json)}


def cluster_info_stdout_yaml(objects: list[Object]) -> Files:
    return {"dump.yaml": _logs(_cluster_info(objects, _typed), as_yaml)}


def _bundle(objects: list[Object], frame: Callable[[str, str, list[Object]], Any]) -> Files:
    """The root folder, a file a kind and namespace; of pull secrets one registry and user, or an error."""
    root = "support-bundle-2026-11-02/cluster-resources"
    version = b"apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n"
    files: Files = {"support-bundle-2026-11-02/version.yaml": version}
    errors: dict[str, str] = {}
    spaces = [item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"]
    table = by_resource(objects)
    for space in spaces:
        for plural, group, kind, api in (
            ("pods", "", "Pod", "v1"),
            ("events", "", "Event", "v1"),
            ("serviceaccounts", "", "ServiceAccount", "v1"),
            ("deployments", "apps", "Deployment", "apps/v1"),
        ):
            found = table.get((space, group, plural), [])
            files[f"{root}/{plural}/{space}.json"] = as_json(frame(kind, api, found))
    for item in objects:
        if item["kind"] == "Secret" and item["type"].endswith("dockerconfigjson"):
            _, _, space, name = names(item)
            for key, entry in json.loads(base64.b64decode(item["data"][".dockerconfigjson"]))["auths"].items():
                wrong = re.search(r"[^A-Za-z0-9+/=]", entry["auth"])
                if wrong:
                    errors[f"{space}/{name}/{key}"] = f"illegal base64 data at input byte {wrong.start()}"
                    continue
                user = base64.b64decode(entry["auth"]).decode().partition(":")[0]
                files[f"{root}/image-pull-secrets/{space}/{name}.json"] = as_json({key: user})
    files[f"{root}/image-pull-secrets-errors.json"] = as_json(errors)
    files[f"{root}/namespaces.json"] = as_json(frame("Namespace", "v1", table["", "", "namespaces"]))
    return files


def support_bundle(objects: list[Object]) -> Files:
    return _bundle(objects, lambda kind, version, items: {"kind": f"{kind}List", "apiVersion": version, "items": items})


def support_bundle_bare(objects: list[Object]) -> Files:
    return _bundle(objects, lambda _kind, _version, items: [without(item, "kind", "apiVersion") for item in items])


def insights(objects: list[Object]) -> Files:
    """Pods without kind, accounts as counts, secrets blanked."""
    files: Files = {
        "config/serviceaccounts.json": as_json({"serviceAccounts": {"TOTAL_COUNT": 9, "namespaces": {}}}),
        "config/version.json": as_json({"metadata": {"name": "version"}, "spec": {}}),
        "config/secrets/team/importer/data.json": as_json({".dockerconfigjson": "xxxxxxxx"}),
    }
    for item in objects:
        if item["kind"] == "Pod":
            _, _, namespace, name = names(item)
            files[f"config/pod/{namespace}/{name}.json"] = as_json(without(item, "kind", "apiVersion"))
    return files


def _stripped(item: Object) -> Object:
    made = copy.deepcopy(without(item, "status"))
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        del made["metadata"][field]
    return made


def kube_dump(objects: list[Object]) -> Files:
    files: Files = {}
    for item in objects:
        group, plural, namespace, name = names(item)
        resource = f"{plural}.{group}" if group else plural
        files[f"{namespace or 'cluster'}/{name}_{resource}.yaml"] = as_yaml(_stripped(item))
    return files


def kube_dump_folders(objects: list[Object]) -> Files:
    files: Files = {}
    for item in objects:
        group, plural, namespace, name = names(item)
        resource = f"{plural}.{group}" if group else plural
        files[f"data/{namespace or 'cluster'}/{resource}/{name}.yaml"] = as_yaml(_stripped(item))
    return files


def dumpall(objects: list[Object]) -> Files:
    files: Files = {}
    for item in objects:
        _, _, namespace, name = names(item)
        kind = f"{item['apiVersion'].replace('/', '-')}.{item['kind']}"
        if item["kind"] != "Event":
            files[f"out/{namespace or '_cluster'}/{kind}/{name}.yaml"] = as_yaml(item)
    return files


def dumpall_redacted(objects: list[Object]) -> Files:
    """As its later releases write it: groups before kinds, and secrets only when asked for."""
    files: Files = {}
    for item in objects:
        group, _, namespace, name = names(item)
        made = copy.deepcopy(item)
        for key in made.get("data", {}):
            made["data"][key] = "REDCATED-BY-DUMPALL"
        kind = f"{group}_{item['kind']}" if group else item["kind"]
        if item["kind"] != "Event":
            files[f"out/{namespace or '_cluster'}/{kind}/{name}.yaml"] = b"# dumpall\n" + as_yaml(made)[4:]
    return files


class Layout(NamedTuple):
    """How a tool writes a cluster, the name it is recognised by, and what of the cluster it holds.

    `holds` are kinds, and these words: `content` (of Secrets), `undecodable` (which Secret Go refuses), `every Secret`
    (and where there is none), `status`.
    """

    write: Callable[[list[Object]], Files]
    name: str
    holds: frozenset[str]


_CONTENT = frozenset({"content", "undecodable"})
_ALL = frozenset({"Pod", "Deployment", "Secret", "ServiceAccount", "ImageStream", "Event", "every Secret"}) | _CONTENT
_PODS = frozenset({"Pod", "Deployment", "Event", "status"})
_BUNDLE = _PODS | {"ServiceAccount", "Secret", "undecodable"}

LAYOUTS: Mapping[str, Layout] = {
    "kubectl-json": Layout(kubectl_json, "kubectl-get", _ALL | {"status"}),
    "kubectl-yaml": Layout(kubectl_yaml, "kubectl-get", _ALL | {"status"}),
    "must-gather": Layout(must_gather, "must-gather", (_ALL | {"status"}) - {"ServiceAccount"} - _CONTENT),
    "velero": Layout(velero, "velero", _ALL | {"status"}),
    "cluster-info": Layout(cluster_info, "cluster-info-dump", _PODS),
    "cluster-info-go": Layout(cluster_info_go, "cluster-info-dump", _PODS),
    "cluster-info-stdout": Layout(cluster_info_stdout, "cluster-info-dump", _PODS),
    "cluster-info-stdout-go": Layout(cluster_info_stdout_go, "cluster-info-dump", _PODS),
    "cluster-info-stdout-yaml": Layout(cluster_info_stdout_yaml, "cluster-info-dump", _PODS),
    "support-bundle": Layout(support_bundle, "support-bundle", _BUNDLE),
    "support-bundle-bare": Layout(support_bundle_bare, "support-bundle", _BUNDLE),
    "insights": Layout(insights, "insights", frozenset({"Pod", "status"})),
    "kube-dump": Layout(kube_dump, "kube-dump", _ALL),
    "kube-dump-folders": Layout(kube_dump_folders, "kube-dump", _ALL),
    "dumpall": Layout(dumpall, "dumpall", _ALL | {"status"}),
    "dumpall-redacted": Layout(dumpall_redacted, "dumpall", (_ALL | {"status"}) - _CONTENT),
}
