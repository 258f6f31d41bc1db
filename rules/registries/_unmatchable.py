"""Which registry keys can be read and serve nothing, and what they were meant to be."""

import re
from typing import Final

from linter.rule import Consumer, Context, NamedTuple, PullSecret, Use, credentials, lazy
from rules.payload._shared import LEFTOVERS
from rules.registries._needs import Targets
from rules.registries._readings import HUB_LOOKALIKES, PROBE, Reading, images, quoted, wider
from rules.registries._shared import HUB, HUB_KEY

_BEGINS_A_REPOSITORY: Final = lazy(r"^(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(/|[._-]+)?$")

_LABEL: Final = "[A-Za-z0-9]++(?:-++[A-Za-z0-9]++)*+"
_HOST: Final = lazy(rf"^(?:{_LABEL}(?:\.{_LABEL})*+|\[[^\]]++\])(?::[0-9]*+)?$")
"""A host as image names have it (github.com/distribution/reference): no underscore, no hyphen at the end of a label."""
_SIGNS: Final = lazy(r"^[A-Za-z0-9.:\[\]-]+$")
_QUOTES: Final = "\"'"
_STEPS: Final = 8
"""At most so many things are wrong with one key, one behind the other."""


class Verdict(NamedTuple):
    """Why a key serves nothing, and what it was meant to be ("" when that is not plain).

    `cut`: the kubelet cuts something off and serves with the rest. `wide` is the registry that CRI-O, podman and builds
    take the key for as a whole, "" when they find no more in it than the kubelet does.
    """

    why: str
    better: str
    cut: bool = False
    wide: str = ""


def unmatchable(context: Context, secret: PullSecret, key: str, registry: credentials.RegistryKey) -> Verdict | None:
    """Return why a key of `secret` serves nothing, None where it serves or the scan proves it right."""
    found = _judged(key, registry)
    if found is None or not (found.cut or not _serves_after_all(context, secret, registry)):
        return None
    legacy = secret.payload is not None and secret.payload.form == "dockercfg"
    if found.cut and _alike(key, legacy=legacy):
        return None
    if context.inventory.is_global(secret) and found.better.endswith("/") and found.better != HUB_KEY:
        # Of the two readers of this Secret only the kubelet knows a key with a slash at its end.
        found = found._replace(better=found.better[:-1])
    return found._replace(wide=wider(key, legacy=legacy))


def _alike(key: str, *, legacy: bool) -> bool:
    """Whether CRI-O, podman and builds find the key for the images for which the kubelet finds it."""
    read = Reading([(quoted(key), PROBE)], "dockercfg" if legacy else "dockerconfigjson")
    return all(
        read.found(image, Consumer.KUBELET).found == read.found(image, Consumer.CONTAINERS).found
        for image in images(key, legacy=legacy)
    )


def _serves_after_all(context: Context, secret: PullSecret, registry: credentials.RegistryKey) -> bool:
    """Whether the scan proves the key right, or its port is what is wrong with it (RC208)."""
    if context.once(Targets).any_at_its_port(secret, registry):
        return True
    lookalike = registry.host in HUB_LOOKALIKES
    return lookalike and any(one.use is Use.CONTROLLER for one in context.inventory.references_to(secret))


def _judged(key: str, registry: credentials.RegistryKey) -> Verdict | None:
    """Return what is wrong with a key, with a better one that nothing more is wrong with."""
    found = step = _verdict(key, registry)
    for _ in range(_STEPS):
        if found is None or step is None or not step.better:
            break
        better = credentials.normalise_key(step.better)
        following = _verdict(step.better, better) if better.error is None else Verdict(found.why, "")
        if following is None:
            return found._replace(better=step.better)
        step = following
    return found._replace(better="") if found is not None else None


def _verdict(key: str, registry: credentials.RegistryKey) -> Verdict | None:
    host, path = registry.host, registry.path
    bare = key.strip(_QUOTES)
    if bare != key and ((host[:1] or "-") in _QUOTES or ((path or host)[-1:] or "-") in _QUOTES):
        return Verdict("no image has a quote in its name", bare)
    if path.startswith("//") and (not host or host.endswith(":")):
        return Verdict("only http:// and https:// in lower case are taken for a scheme", path.lstrip("/"))
    if not host:
        return Verdict("it names no host", "")
    host = host.removesuffix(":")
    return _hub(host, path) or _path(host, path) or _host(host, path, glob=registry.glob) or _cut_off(key, registry)


def _hub(host: str, path: str) -> Verdict | None:
    why = "Docker Hub's images are looked up as docker.io"
    if host.lower() in HUB_LOOKALIKES:
        deeper = host.lower() == "registry-1.docker.io" and path not in ("", "/v1", "/v2")
        return Verdict(why, HUB + path if deeper else HUB_KEY)
    if host == "index.docker.io" and path and not LEFTOVERS.match(path):
        return Verdict(why, HUB_KEY if path in ("/v1", "/v2") else HUB + path)
    return None


def _path(host: str, path: str) -> Verdict | None:
    if path in ("/v1", "/v2"):
        return Verdict(f"without a closing slash {path} is a path, and no repository begins with it", host)
    if path.endswith("/*") and "*" not in path[:-1]:
        return Verdict("a * in the path is not a wildcard", host + (path[:-1] if path != "/*" else ""))
    head, slash, last = path.rpartition("/")
    tag = re.search(r"[:@]", last)
    if tag:
        what = "digest" if "@" in last else "tag"
        why = f"images are looked up without tag and digest, and it ends in a {what}"
        return Verdict(why, host + head + slash + last[: tag.start()])
    if path != path.lower():
        return Verdict("repositories are written in lower case", host + path.lower())
    if LEFTOVERS.match(path) or _BEGINS_A_REPOSITORY.match(path):
        return None
    return Verdict("no repository can begin with that path", "")


def _host(host: str, path: str, *, glob: bool) -> Verdict | None:
    if host != host.lower():
        return Verdict("images write the host in lower case", host.lower() + path)
    if "." not in host and ":" not in host and host != "localhost" and not glob:
        why = "the first part of an image name is a host only with a dot or a port: else it is a folder of Docker Hub"
        return Verdict(why, "")
    if glob or _HOST.match(host):
        return None
    name, colon, port = host.partition(":")
    if name.endswith(".") and _HOST.match(name[:-1]):
        return Verdict("no image names a host with a dot at its end", name[:-1] + colon + port + path)
    what = "like that" if _SIGNS.match(host) else "with such characters"
    return Verdict(f"no image names a host {what}", "")


def _cut_off(key: str, registry: credentials.RegistryKey) -> Verdict | None:
    rest = re.sub(r"^https?://", "", key)
    parts = {
        "user information": "@" in re.split(r"[/?#]", rest, maxsplit=1)[0],
        "a query": "?" in rest,
        "a fragment": "#" in rest,
    }
    found = next((part for part, there in parts.items() if there), None)
    return Verdict(f"the kubelet cuts off {found}", registry.text, cut=True) if found else None
