"""Inputs that are crowded in one way each: what is done once too often shows in their growth.

Every maker takes the place to write to and a size, and is seeded by what it writes. Credentials are invented.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.objects import encoded, to_yaml

_PUBLIC = ("quay.io", "ghcr.io", "docker.io", "registry.example.com")
_DOCKERCONFIGJSON = "kubernetes.io/dockerconfigjson"

Entries = dict[str, dict[str, Any]]


def _named(api: str, kind: str, name: str, space: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": space}, **more}


def secret(name: str, space: str, entries: Entries, kind: str = _DOCKERCONFIGJSON) -> dict[str, Any]:
    """A pull secret of `entries`."""
    data = {".dockerconfigjson": encoded(json.dumps({"auths": entries}))}
    return _named("v1", "Secret", name, space, type=kind, data=data)


def account(name: str, space: str, names: Iterable[str]) -> dict[str, Any]:
    """A service account that links the pull secrets `names`."""
    return _named("v1", "ServiceAccount", name, space, imagePullSecrets=[{"name": one} for one in names])


def deployment(name: str, space: str, images: Iterable[str], user: str = "default") -> dict[str, Any]:
    """A workload of `images` that runs as `user`."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    pod = {"serviceAccountName": user, "containers": containers}
    return _named("apps/v1", "Deployment", name, space, spec={"template": {"spec": pod}})


def stream(name: str, space: str, images: Iterable[str]) -> dict[str, Any]:
    """An image stream with a tag for each of `images`."""
    tags = [{"name": str(number), "from": {"kind": "DockerImage", "name": one}} for number, one in enumerate(images)]
    return _named("image.openshift.io/v1", "ImageStream", name, space, spec={"tags": tags})


def sound(number: int) -> dict[str, str]:
    """An entry in good order, another one for each number."""
    return {"auth": encoded(f"robot-{number}:pass-{number}")}


def _disagreeing(number: int) -> dict[str, str]:
    """An entry whose fields disagree with `auth`: a defect with a fix, which spares its neighbours."""
    return {"auth": encoded(f"robot-{number}:pass-{number}"), "username": f"robot-{number}", "password": "former"}


def _undecodable(number: int) -> dict[str, str]:
    """An entry that its readers refuse, with all secrets beside it."""
    return {"auth": encoded(f"robot-{number}:pass-{number}").rstrip("=") + "!", "username": "robot", "password": "pass"}


def _host(number: int) -> str:
    return f"r{number}.example.com"


def _image(number: int, registry: str = "") -> str:
    return f"{registry or _host(number)}/team-{number % 97}/app-{number}:1.{number % 7}"


def _listed(path: Path, items: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as written:
        written.write('{"apiVersion":"v1","kind":"List","items":[\n')
        for number, item in enumerate(items):
            written.write((",\n" if number else "") + json.dumps(item))
        written.write("\n]}\n")


def _manifests(path: Path, items: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as written:
        written.writelines("---\n" + to_yaml(item) for item in items)


def own_registries(path: Path, size: int) -> None:
    """One namespace: as many secrets, each with a defect and a fix, as image streams and workloads that need them."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}))
        items.append(stream(f"app-{number}", "apps", [_image(number)]))
        items.append(deployment(f"app-{number}", "apps", [_image(number)]))
    _listed(path, [*items, account("default", "apps", [])])


def one_registry(path: Path, size: int) -> None:
    """One namespace whose secrets are all for one registry, a path each, and its image streams import from there."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {f"quay.io/team-{number}": _disagreeing(number)}))
        items.append(stream(f"app-{number}", "apps", [f"quay.io/team-{number}/app:1"]))
    _listed(path, items)


def one_secret(path: Path, size: int) -> None:
    """One namespace with one secret, and image streams that import from its registry."""
    items: list[dict[str, Any]] = [secret("pull", "apps", {_host(0): sound(0)})]
    items += [stream(f"app-{number}", "apps", [f"{_host(0)}/app-{number}:1"]) for number in range(size)]
    _listed(path, items)


def wildcards(path: Path, size: int) -> None:
    """One namespace with one secret of wildcards, all of one shape, and image streams that each need one of them."""
    entries = {f"*.{_host(number)}": sound(number) for number in range(size)}
    items: list[dict[str, Any]] = [secret("pull", "apps", entries)]
    items += [stream(f"app-{number}", "apps", [f"r.{_host(number)}/app:1"]) for number in range(size)]
    _listed(path, items)


def same_key(path: Path, size: int) -> None:
    """One namespace whose secrets all have the same key, all with one credential and a defect in their fields."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {"https://index.docker.io/v1/": _disagreeing(0)}))
        items.append(stream(f"app-{number}", "apps", [f"team/app-{number}:1"]))
    _listed(path, items)


def poisoned(path: Path, size: int) -> None:
    """One namespace in which a few secrets are undecodable, so that nothing of its many imports works."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        entry = _undecodable(number) if number < 8 else sound(number)
        items.append(secret(f"pull-{number}", "apps", {_host(number): entry}))
        items.append(stream(f"app-{number}", "apps", [_image(number)]))
    _listed(path, items)


def duplicate_keys(path: Path, size: int) -> None:
    """One namespace of secrets that each spell one registry twice."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        entries = {_host(number): sound(number), f"https://{_host(number)}/": sound(number)}
        items.append(secret(f"pull-{number}", "apps", entries))
        items.append(deployment(f"app-{number}", "apps", [_image(number)], f"user-{number}"))
        items.append(account(f"user-{number}", "apps", [f"pull-{number}"]))
    _listed(path, items)


def many_accounts(path: Path, size: int) -> None:
    """One namespace of `size` secrets, as many accounts that link twenty each, and as many workloads."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}))
        items.append(account(f"user-{number}", "apps", [f"pull-{(number + step * 7) % size}" for step in range(20)]))
        items.append(deployment(f"app-{number}", "apps", [_image(number), _image(number + 7)], f"user-{number}"))
    _listed(path, items)


def unlinked(path: Path, size: int) -> None:
    """One namespace of workloads whose images are covered by secrets that nobody has linked: a fix for each."""
    items: list[dict[str, Any]] = [account("default", "apps", [])]
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {_host(number): sound(number)}))
        items.append(deployment(f"app-{number}", "apps", [_image(number)]))
    _listed(path, items)


def missing(path: Path, size: int) -> None:
    """One namespace whose workloads name secrets that are not there, most of them nearly the name of one that is."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-secret-{number}", "apps", {_host(number): sound(number)}))
        items.append(account(f"user-{number}", "apps", [f"pull-secert-{number}"]))
        items.append(deployment(f"app-{number}", "apps", [_image(number)], f"user-{number}"))
    _listed(path, items)


def missing_beside(path: Path, size: int) -> None:
    """One namespace whose workloads each name a secret that is not there, beside secrets for the registry of all."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-secret-{number}", "apps", {"quay.io": sound(number)}))
        workload = deployment(f"app-{number}", "apps", [_image(number, "quay.io")])
        workload["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": f"lost-robot-{number}"}]
        items.append(workload)
    _listed(path, items)


def masked(path: Path, size: int) -> None:
    """One account whose list has a secret for every image, and workloads with a list of their own, which masks it.

    And builds, of which each gets the first secret of the account, whatever it needs.
    """
    items: list[dict[str, Any]] = [secret("other", "apps", {"quay.io/other": sound(0)})]
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {_host(number): sound(number)}))
        workload = deployment(f"app-{number}", "apps", [_image(number)], "robot")
        workload["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": "other"}]
        build = _named("build.openshift.io/v1", "BuildConfig", f"app-{number}", "apps")
        source = {"type": "Dockerfile", "dockerfile": f"FROM {_image(number)}\n"}
        strategy = {"type": "Docker", "dockerStrategy": {}}
        items += [workload, {**build, "spec": {"serviceAccount": "robot", "source": source, "strategy": strategy}}]
    _listed(path, [*items, account("robot", "apps", [f"pull-{number}" for number in range(size)])])


def other_ports(path: Path, size: int) -> None:
    """One account whose secrets are for ports of one host, and workloads that pull from other ports of it."""
    items: list[dict[str, Any]] = [account("default", "apps", [f"pull-{number}" for number in range(size)])]
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {f"r.example.com:{10_000 + number}": sound(number)}))
        items.append(deployment(f"app-{number}", "apps", [f"r.example.com:{40_000 + number}/app:1"]))
    _listed(path, items)


def named_elsewhere(path: Path, size: int) -> None:
    """As many namespaces that hold a secret of one name as there are others whose account names it."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret("pull", f"space-{number}", {"quay.io": sound(number)}))
        items.append(account("default", f"other-{number}", ["pull"]))
    _listed(path, items)


def beside_of_another(path: Path, size: int) -> None:
    """Secrets for one registry that one account lists, and workloads of another that pull from there without any."""
    items = [secret(f"pull-{number}", "apps", {"r.example.com": sound(number)}) for number in range(size)]
    items.append(account("robot", "apps", [f"pull-{number}" for number in range(size)]))
    items.append(account("default", "apps", []))
    items += [deployment(f"app-{number}", "apps", [_image(number, "r.example.com")]) for number in range(size)]
    _listed(path, items)


def mounted(path: Path, size: int) -> None:
    """One account that lists the secret for each of its workloads for mounts only: a fix for each."""
    items = [secret(f"pull-{number}", "apps", {_host(number): sound(number)}) for number in range(size)]
    items += [deployment(f"app-{number}", "apps", [_image(number)], "robot") for number in range(size)]
    robot = {**account("robot", "apps", []), "secrets": [{"name": f"pull-{number}"} for number in range(size)]}
    _listed(path, [*items, robot])


def strangers(path: Path, size: int) -> None:
    """One namespace whose pulls and imports are all of registries and paths for which none of its secrets is."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        entries = {_host(number): sound(number), f"quay.io/team-{number}": sound(number)}
        items.append(secret(f"pull-{number}", "apps", entries))
        images = [f"mirror-{number}.example.net/app:1", f"quay.io/unit-{number}/app:1"]
        items.append(deployment(f"app-{number}", "apps", images))
        items.append(stream(f"app-{number}", "apps", images))
    _listed(path, [*items, account("default", "apps", [f"pull-{number}" for number in range(size)])])


def long_secret(path: Path, size: int) -> None:
    """One secret of `size` entries, and pods of many images that they serve."""
    entries = {f"quay.io/team-{number}": sound(number) for number in range(size)}
    items = [secret("pull", "apps", entries), account("default", "apps", ["pull"])]
    for first in range(0, size, 10):
        images = [f"quay.io/team-{number}/app:1" for number in range(first, first + 10)]
        items.append(deployment(f"app-{first}", "apps", images))
    _listed(path, items)


def long_secret_of_defects(path: Path, size: int) -> None:
    """One secret of `size` entries of which every tenth has a defect with a fix."""
    entries = {_host(number): _disagreeing(number) if number % 10 == 0 else sound(number) for number in range(size)}
    items = [secret("pull", "apps", entries), account("default", "apps", ["pull"])]
    items += [deployment(f"app-{number}", "apps", [_image(number)]) for number in range(0, size, 10)]
    _listed(path, items)


def long_secret_of_rubbish(path: Path, size: int) -> None:
    """One secret of `size` entries that cannot be decoded, nor be repaired."""
    entries = {_host(number): {"auth": encoded(f"robot-{number}")} for number in range(size)}
    _listed(path, [secret("pull", "apps", entries)])


def mirrored(path: Path, size: int) -> None:
    """`size` workloads, each of a repository that has a mirror, and one secret for all mirrors."""
    mirrors = [{"source": f"quay.io/team-{number}", "mirrors": ["mirror.example.com/a"]} for number in range(size)]
    items = [_named("config.openshift.io/v1", "ImageDigestMirrorSet", "all", "", spec={"imageDigestMirrors": mirrors})]
    items += [secret("pull", "apps", {"mirror.example.com": sound(0)}), account("default", "apps", ["pull"])]
    digest = "sha256:" + "0" * 64
    items += [deployment(f"app-{number}", "apps", [f"quay.io/team-{number}/app@{digest}"]) for number in range(size)]
    _listed(path, items)


def same_host_everywhere(path: Path, size: int) -> None:
    """`size` namespaces, each with a secret for the one host that its workload pulls from without it."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(account("default", f"space-{number}", []))
        items.append(secret("pull", f"space-{number}", {"quay.io": sound(number)}))
        items.append(deployment("app", f"space-{number}", [_image(number, "quay.io")]))
    _listed(path, items)


def long_account(path: Path, size: int) -> None:
    """One account that links `size` secrets, and workloads that run as it."""
    items = [secret(f"pull-{number}", "apps", {_host(number): sound(number)}) for number in range(size)]
    items.append(account("default", "apps", [f"pull-{number}" for number in range(size)]))
    items += [deployment(f"app-{number}", "apps", [_image(number)]) for number in range(size)]
    _listed(path, items)


def repeated_links(path: Path, size: int) -> None:
    """One account that links every secret of `size` twice: a fix for each."""
    names = [f"pull-{number}" for number in range(size)]
    items = [secret(name, "apps", {_host(number): sound(number)}) for number, name in enumerate(names)]
    items.append(account("default", "apps", [*names, *names]))
    items += [deployment(f"app-{number}", "apps", [_image(number)]) for number in range(size)]
    _listed(path, items)


def repeated_links_of_workloads(path: Path, size: int) -> None:
    """One workload whose own list names every secret of `size` twice: a fix for each; others run as its account."""
    names = [f"pull-{number}" for number in range(size)]
    items = [secret(name, "apps", {_host(number): sound(number)}) for number, name in enumerate(names)]
    crowded = deployment("crowded", "apps", [_image(number) for number in range(10)])
    crowded["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": name} for name in [*names, *names]]
    items += [crowded, account("default", "apps", names)]
    items += [deployment(f"app-{number}", "apps", [_image(number)]) for number in range(size)]
    _listed(path, items)


def same_payload(path: Path, size: int) -> None:
    """The same credential in a secret of every namespace, linked there and used."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret("pull", f"space-{number}", {"quay.io": sound(1)}))
        items.append(account("default", f"space-{number}", ["pull"]))
        items.append(deployment("app", f"space-{number}", [_image(number, "quay.io")]))
    _listed(path, items)


def same_payload_beside(path: Path, size: int) -> None:
    """The same credential in `size` secrets of one namespace."""
    items = [secret(f"pull-{number}", "apps", {"quay.io": sound(1)}) for number in range(size)]
    items.append(account("default", "apps", [f"pull-{number}" for number in range(size)]))
    items += [deployment(f"app-{number}", "apps", [_image(number, "quay.io")]) for number in range(size)]
    _listed(path, items)


def conflicts(path: Path, size: int) -> None:
    """One namespace whose secrets have keys in common by twos, with different credentials."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        items.append(secret(f"pull-{number}", "apps", {_host(number // 2): sound(number)}))
        items.append(stream(f"app-{number}", "apps", [_image(number // 2, _host(number // 2))]))
    items.append(account("default", "apps", [f"pull-{number}" for number in range(size)]))
    _listed(path, items)


def few_causes(path: Path, size: int) -> None:
    """One cause with many effects: an undecodable secret that breaks every workload of its namespace, and the rest."""
    items = [secret("pull", "apps", {"quay.io": _undecodable(1)}), account("default", "apps", ["pull"])]
    items += [deployment(f"app-{number}", "apps", [_image(number, "quay.io")]) for number in range(size)]
    for number in range(size):
        items.append(account(f"user-{number}", "apps", ["gone"]))
    _listed(path, items)


def many_spaces(path: Path, size: int) -> None:
    """`size` namespaces of a few accounts, secrets, streams and workloads each, one secret in ten with a defect."""
    dice = random.Random(size)

    def items() -> Iterator[dict[str, Any]]:
        for number in range(size):
            space = f"space-{number:05d}"
            entry = _disagreeing(number) if number % 10 == 0 else sound(number)
            yield secret("pull", space, {"quay.io": entry, _host(number): sound(number)})
            yield account("default", space, ["pull"])
            yield account("builder", space, ["pull"])
            yield deployment("app", space, [_image(number), _image(number, dice.choice(_PUBLIC))])
            yield deployment("job", space, [_image(number, "quay.io")], "builder")
            yield stream("app", space, [_image(number)])

    _listed(path, items())


def streams(path: Path, size: int) -> None:
    """Image streams without end in few namespaces, each with secrets for a registry or two."""
    items: list[dict[str, Any]] = []
    for number in range(size):
        space = f"space-{number % 20}"
        if number < 60:
            items.append(secret(f"pull-{number}", space, {f"quay.io/team-{number % 97}": sound(number)}))
        items.append(
            stream(f"app-{number}", space, [_image(number, _PUBLIC[number % 4]), _image(number + 1, "quay.io")])
        )
    _listed(path, items)


def manifests_of_defects(path: Path, size: int) -> None:
    """One file of `size` documents, each with a defect that a fix repairs: what `--fix` edits at once."""
    _manifests(
        path, (secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}) for number in range(size))
    )


def list_of_defects(path: Path, size: int) -> None:
    """One document of YAML that is a List of `size` secrets, each with a defect that a fix repairs."""
    items = [secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}) for number in range(size)]
    path.write_text(to_yaml({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")


def line_of_defects(path: Path, size: int) -> None:
    """One line of JSON: a List of `size` secrets, each with a defect that a fix repairs, as a program writes it."""
    items = [secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}) for number in range(size)]
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")


def long_stream(path: Path, size: int) -> None:
    """One image stream of `size` tags, each from a registry of its own, and one secret with an entry for each."""
    entries = {_host(number): sound(number) for number in range(size)}
    _listed(path, [secret("pull", "apps", entries), stream("app", "apps", map(_image, range(size)))])


def long_pod(path: Path, size: int) -> None:
    """One workload of `size` containers, each from a registry of its own, and one secret that nobody has linked."""
    entries = {_host(number): sound(number) for number in range(size)}
    items = [secret("pull", "apps", entries), account("default", "apps", [])]
    _listed(path, [*items, deployment("app", "apps", map(_image, range(size)))])


def files_of_defects(folder: Path, size: int) -> None:
    """`size` files, a secret with a defect in each."""
    for number in range(size):
        place = folder / f"team-{number // 50}"
        place.mkdir(parents=True, exist_ok=True)
        made = secret(f"pull-{number}", f"space-{number // 50}", {_host(number): _disagreeing(number)})
        (place / f"pull-{number}.yaml").write_text(to_yaml(made), encoding="utf-8")


def overlays(folder: Path, size: int) -> None:
    """`size` kustomize overlays of one base: patches of its workload, and a secret of each."""
    base = folder / "base"
    base.mkdir(parents=True)
    workload = {**deployment("app", "", ["quay.io/team/app:1"])}
    del workload["metadata"]["namespace"]
    (base / "app.yaml").write_text(to_yaml(workload), encoding="utf-8")
    (base / "kustomization.yaml").write_text(to_yaml({"resources": ["app.yaml"]}), encoding="utf-8")
    for number in range(size):
        place = folder / "overlays" / f"site-{number}"
        place.mkdir(parents=True)
        made = secret("pull", f"site-{number}", {"quay.io": _disagreeing(number)})
        patch = _named("apps/v1", "Deployment", "app", f"site-{number}")
        patch["spec"] = {"template": {"spec": {"imagePullSecrets": [{"name": "pull"}]}}}
        stated = {
            "namespace": f"site-{number}",
            "resources": ["../../base", "pull.yaml"],
            "patches": [{"path": "p.yaml"}],
        }
        for name, body in (("kustomization", stated), ("pull", made), ("p", patch)):
            (place / f"{name}.yaml").write_text(to_yaml(body), encoding="utf-8")


def dumps(folder: Path, size: int) -> None:
    """`size` clusters, a dump each."""
    folder.mkdir(parents=True)
    for number in range(size):
        many_spaces(folder / f"cluster-{number}.json", 40)


def suppressed(folder: Path, size: int) -> None:
    """Secrets with a defect, each accepted by an entry of the settings of its own."""
    folder.mkdir(parents=True)
    manifests_of_defects(folder / "all.yaml", size)
    entries = [{"rule": "auth-disagrees", "name": f"pull-{number}", "reason": "known"} for number in range(size)]
    (folder / ".regcred.yaml").write_text(to_yaml({"ignore": entries}), encoding="utf-8")


def suppressed_elsewhere(folder: Path, size: int) -> None:
    """As `suppressed`, each secret in a file and a namespace of its own; the entries speak of these and of patterns."""
    folder.mkdir(parents=True)
    entries = []
    for number in range(size):
        space = f"space-{number}"
        made = secret(f"pull-{number}", space, {_host(number): _disagreeing(number)})
        (folder / f"{number}.yaml").write_text(to_yaml(made), encoding="utf-8")
        ways = (
            {"path": f"**/{number}.yaml"},
            {"namespace": space},
            {"name": f"p*-{number}"},
            {"path": f"gone/{number}"},
        )
        entries.append({"rule": "auth-disagrees", **ways[number % len(ways)], "reason": "known"})
    (folder / ".regcred.yaml").write_text(to_yaml({"ignore": entries}), encoding="utf-8")


def commented(path: Path, size: int) -> None:
    """Secrets with a defect, each accepted by a comment, in one file."""
    with path.open("w", encoding="utf-8") as written:
        for number in range(size):
            text = to_yaml(secret(f"pull-{number}", "apps", {_host(number): _disagreeing(number)}))
            written.write("---\n# regcred: ignore[auth-disagrees] known\n" + text)


Maker = Callable[[Path, int], None]
